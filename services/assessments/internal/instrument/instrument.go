// Package instrument is the domain of questionnaires: items with options in
// several languages, each item speaking to a standard of one framework version.
//
// Drafting and publishing is package edition; the rules of a whole questionnaire
// are in check.go. Campaigns ask a published version, package response checks
// answers against it and package result counts them by it.
package instrument

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// defaultMaxLength bounds the answer to a text item that sets no bound.
const defaultMaxLength = 2000

// Kind is the vocabulary of instruments.
func Kind() edition.Kind {
	return edition.Kind{Collection: "instruments", Field: "instrument", VersionOf: "instrument_version"}
}

// Type is how an item is answered.
type Type string

// Types of items.
const (
	Scale        Type = "scale"
	SingleChoice Type = "single_choice"
	Text         Type = "text"
)

// Body is the content of an instrument version.
type Body struct {
	FrameworkVersion string   `json:"framework_version"`
	Languages        []string `json:"languages"` // the first is the fallback
	Items            []Item   `json:"items"`
}

// Item is one question.
type Item struct {
	ID        string            `json:"id"`
	Type      Type              `json:"type"`
	Text      map[string]string `json:"text"`
	Standard  string            `json:"standard,omitempty"`
	Indicator string            `json:"indicator,omitempty"`
	Options   []Option          `json:"options,omitempty"`
	Required  bool              `json:"required,omitempty"`
	MaxLength int               `json:"max_length,omitempty"`
}

// Option is an answer to choose.
type Option struct {
	ID            string            `json:"id"`
	Text          map[string]string `json:"text"`
	Score         int               `json:"score,omitempty"`
	Favorable     bool              `json:"favorable,omitempty"`
	NotApplicable bool              `json:"not_applicable,omitempty"`
}

// Version is one version of an instrument.
type Version = edition.Edition[Body]

// Service keeps instruments.
type Service = edition.Service[Body]

// Store keeps instruments.
type Store = edition.Store[Body]

// NewService returns the service that keeps instruments, whose items speak to
// standards of the frameworks given.
func NewService(store Store, frameworks framework.Source, c clock.Clock) *Service {
	return edition.NewService(Kind(), store, c, func(ctx context.Context, prefix string, b Body) (check.List, error) {
		return b.Check(ctx, prefix, frameworks)
	})
}

// Source reads instrument versions for other nouns.
type Source interface {
	Edition(ctx context.Context, family, id string) (Version, error)
}

// Published reads the published version of a name such as
// instruments/family-survey/versions/1; a draft is "not found".
func Published(ctx context.Context, src Source, name string) (Version, error) {
	family, id, ok := edition.ParseName(Kind(), name)
	if !ok {
		return Version{}, problem.NotFound(name)
	}
	v, err := src.Edition(ctx, family, id)
	if err != nil {
		return Version{}, err
	}
	if v.State != edition.Published {
		return Version{}, problem.NotFound(name)
	}
	return v, nil
}

// Item finds an item by its id.
func (b Body) Item(id string) (Item, bool) {
	for _, it := range b.Items {
		if it.ID == id {
			return it, true
		}
	}
	return Item{}, false
}

// Language is the one to speak: the one asked for, its base language, or the
// fallback of the instrument.
func (b Body) Language(asked string) string {
	base := baseOf(asked)
	for _, l := range b.Languages {
		if l == asked {
			return l
		}
	}
	for _, l := range b.Languages {
		if base != "" && baseOf(l) == base {
			return l
		}
	}
	if len(b.Languages) == 0 {
		return ""
	}
	return b.Languages[0]
}

// Option finds an option by its id.
func (i Item) Option(id string) (Option, bool) {
	for _, o := range i.Options {
		if o.ID == id {
			return o, true
		}
	}
	return Option{}, false
}

// Limit is the longest text, in characters.
func (i Item) Limit() int {
	if i.MaxLength > 0 {
		return i.MaxLength
	}
	return defaultMaxLength
}

// Range is the lowest and highest score of a scale item.
func (i Item) Range() (low, high int) {
	for _, o := range i.Options {
		if o.NotApplicable {
			continue
		}
		if low == 0 || o.Score < low {
			low = o.Score
		}
		high = max(high, o.Score)
	}
	return low, high
}

// MayAbstain tells whether a respondent may leave the item unscored.
func (i Item) MayAbstain() bool {
	for _, o := range i.Options {
		if o.NotApplicable {
			return true
		}
	}
	return !i.Required
}

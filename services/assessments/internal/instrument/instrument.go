// Package instrument is the domain of questionnaires: sections of items in several
// languages, each item speaking to a standard of one framework version, asked and
// checked by expressions that are data.
//
// Drafting and publishing is package edition; the rules of a whole questionnaire are
// in check.go. Campaigns ask a published version; package response checks answers
// against it (Validate) and keeps those to items that were asked (Relevant);
// package result counts them by it; the gateway's pages show a Form.
//
// # Expressions
//
// An item or section is asked where its Relevant holds, and an answer is good where
// the item's Constraint holds. Both are CEL, kept to the part that package expression
// defines and documents, so that a page decides as the server does. An item that is
// not asked counts as not answered, for the items after it too. An item may look at
// items before it only.
package instrument

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// Kind is the vocabulary of instruments.
func Kind() edition.Kind {
	return edition.Kind{Collection: "instruments", Field: "instrument", VersionOf: "instrument_version"}
}

// Audience is who is asked.
type Audience string

// Audiences. None given means families.
const (
	Families     Audience = "family"
	Staff        Audience = "staff"
	Students     Audience = "student"
	Team         Audience = "team"
	District     Audience = "district"
	Participants Audience = "participant"
)

// Body is the content of an instrument version.
type Body struct {
	FrameworkVersion string    `json:"framework_version"`
	Languages        []string  `json:"languages"` // the first is the fallback
	Audience         Audience  `json:"audience,omitempty"`
	Parallel         string    `json:"parallel_instrument,omitempty"` // asks another audience the same: equal ids are compared
	Sections         []Section `json:"sections,omitempty"`
	Items            []Item    `json:"items"`
	Scales           []Measure `json:"scales,omitempty"`

	logic *logic // the compiled expressions, after Prepared
}

// Section is a part of a questionnaire, a page on a screen. Its items stand together,
// and sections follow each other as they are listed.
type Section struct {
	ID       string            `json:"id"`
	Title    map[string]string `json:"title"`
	Text     map[string]string `json:"text,omitempty"`
	Relevant string            `json:"relevant,omitempty"`
}

// MeasureKind is how the items of a scale relate.
type MeasureKind string

// Kinds of scales.
const (
	Reflective MeasureKind = "reflective" // items that show one thing: reliability can be computed
	Composite  MeasureKind = "composite"  // items that add up to something: reliability has no meaning
)

// Measure is a score made of several items: what the API calls a scale.
type Measure struct {
	ID       string            `json:"id"`
	Title    map[string]string `json:"title"`
	Kind     MeasureKind       `json:"kind"`
	Items    []string          `json:"items"` // ids of scale items, or item/row of a matrix
	Standard string            `json:"standard,omitempty"`
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

// Section finds a section by its id.
func (b Body) Section(id string) (Section, bool) {
	for _, s := range b.Sections {
		if s.ID == id {
			return s, true
		}
	}
	return Section{}, false
}

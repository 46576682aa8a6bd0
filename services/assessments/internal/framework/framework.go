// Package framework is the domain of sets of standards: standards with goals,
// goals with indicators, indicators with rubric levels from 0, "not yet", up.
//
// Frameworks are data. The built-in one comes from package builtin; a state may
// draft its own. Drafting and publishing is package edition; the rules of a
// whole framework are here. Instruments, self-assessments and results name
// standards by their ids in one published version.
package framework

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
)

// Kind is the vocabulary of frameworks.
func Kind() edition.Kind {
	return edition.Kind{Collection: "frameworks", Field: "framework", VersionOf: "framework_version"}
}

// Body is the content of a framework version.
type Body struct {
	Standards []Standard `json:"standards"`
}

// Standard is one of the standards.
type Standard struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Goals       []Goal `json:"goals"`
}

// Goal is a goal of a standard.
type Goal struct {
	ID         string      `json:"id"`
	Title      string      `json:"title"`
	Indicators []Indicator `json:"indicators"`
}

// Indicator is an observable sign of a goal.
type Indicator struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Levels []Level `json:"levels"`
}

// Level is a step of an indicator's rubric; it includes the ones below.
type Level struct {
	Level      int    `json:"level"`
	Title      string `json:"title"`
	Descriptor string `json:"descriptor,omitempty"`
}

// Version is one version of a framework.
type Version = edition.Edition[Body]

// Service keeps frameworks.
type Service = edition.Service[Body]

// Store keeps frameworks.
type Store = edition.Store[Body]

// NewService returns the service that keeps frameworks.
func NewService(store Store, c clock.Clock) *Service {
	return edition.NewService(Kind(), store, c, func(_ context.Context, prefix string, b Body) (check.List, error) {
		return b.Check(prefix), nil
	})
}

// Standard finds a standard by its id.
func (b Body) Standard(id string) (Standard, bool) {
	for _, s := range b.Standards {
		if s.ID == id {
			return s, true
		}
	}
	return Standard{}, false
}

// HasIndicator tells whether the standard has the indicator.
func (s Standard) HasIndicator(id string) bool {
	for _, g := range s.Goals {
		for _, i := range g.Indicators {
			if i.ID == id {
				return true
			}
		}
	}
	return false
}

// IndicatorMax is the highest rubric level of an indicator of the standard.
func (s Standard) IndicatorMax(id string) (level int, ok bool) {
	for _, g := range s.Goals {
		for _, i := range g.Indicators {
			if i.ID != id {
				continue
			}
			for _, l := range i.Levels {
				level = max(level, l.Level)
			}
			return level, true
		}
	}
	return 0, false
}

// MaxLevel is the highest rubric level of the standard: what a team may give it.
func (s Standard) MaxLevel() int {
	highest := 0
	for _, g := range s.Goals {
		for _, i := range g.Indicators {
			for _, l := range i.Levels {
				highest = max(highest, l.Level)
			}
		}
	}
	return highest
}

// Source reads framework versions for other nouns.
type Source interface {
	Edition(ctx context.Context, family, id string) (Version, error)
}

// Published reads the published version of a name such as
// frameworks/national-standards/versions/2022. It fails with "not found" for a
// draft, which nothing may be bound to.
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

// Check lists all that keeps the content from being published.
func (b Body) Check(prefix string) check.List {
	c := checker{seen: map[string]string{}}
	c.bad.Need(len(b.Standards) > 0, prefix+".standards", "required", "Give at least one standard.")
	for i, s := range b.Standards {
		c.standard(fmt.Sprintf("%s.standards[%d]", prefix, i), s)
	}
	return c.bad
}

// checker walks a framework; seen maps each id to where it was used first.
type checker struct {
	bad  check.List
	seen map[string]string
}

func (c *checker) id(sort, path, id string) {
	c.bad.PartID(path+".id", id)
	if first, taken := c.seen[sort+"/"+id]; taken {
		c.bad.Add(path+".id", "id_unique", fmt.Sprintf("Choose another id: %s has %q already.", first, id))
		return
	}
	c.seen[sort+"/"+id] = path
}

func (c *checker) title(path, title string) {
	c.bad.Need(strings.TrimSpace(title) != "", path+".title", "required", "Give a title.")
}

func (c *checker) standard(path string, s Standard) {
	c.id("standard", path, s.ID)
	c.title(path, s.Title)
	c.bad.Need(len(s.Goals) > 0, path+".goals", "required", "Give the standard at least one goal.")
	for i, g := range s.Goals {
		c.goal(fmt.Sprintf("%s.goals[%d]", path, i), g)
	}
}

func (c *checker) goal(path string, g Goal) {
	c.id("goal", path, g.ID)
	c.title(path, g.Title)
	c.bad.Need(len(g.Indicators) > 0, path+".indicators", "required", "Give the goal at least one indicator.")
	for i, ind := range g.Indicators {
		at := fmt.Sprintf("%s.indicators[%d]", path, i)
		c.id("indicator", at, ind.ID)
		c.title(at, ind.Title)
		c.levels(at, ind.Levels)
	}
}

func (c *checker) levels(path string, levels []Level) {
	c.bad.Need(len(levels) >= 2, path+".levels", "two_levels", "Give at least the levels 0 and 1.")
	for i, l := range levels {
		at := fmt.Sprintf("%s.levels[%d]", path, i)
		c.bad.Need(l.Level == i, at+".level", "levels_rise_from_zero", fmt.Sprintf("Number the levels 0, 1, 2 and so on: this one is %d.", i))
		c.title(at, l.Title)
	}
}

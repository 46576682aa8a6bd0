package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/filter"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
)

// InsertDefinition adds a badge.
func (s *Store) InsertDefinition(_ context.Context, d definition.Definition) error {
	return s.insert("definitions", d.Name, d)
}

// UpdateDefinition replaces a badge.
func (s *Store) UpdateDefinition(_ context.Context, d definition.Definition) error {
	return s.update("definitions", d.Name, func(r any) int64 { return r.(definition.Definition).Version }, d.Version, d)
}

// Definition reads a badge.
func (s *Store) Definition(_ context.Context, name string) (definition.Definition, error) {
	return get[definition.Definition](s, "definitions", name)
}

// Definitions lists all badges.
func (s *Store) Definitions(context.Context, definition.Slice) ([]definition.Definition, error) {
	return all(s, func(definition.Definition) bool { return true }), nil
}

// InsertEdition adds an edition.
func (s *Store) InsertEdition(_ context.Context, e definition.Edition) error {
	return s.insert("editions", e.Name, e)
}

// UpdateEdition replaces an edition.
func (s *Store) UpdateEdition(_ context.Context, e definition.Edition) error {
	return s.update("editions", e.Name, func(r any) int64 { return r.(definition.Edition).Version }, e.Version, e)
}

// Edition reads an edition.
func (s *Store) Edition(_ context.Context, name string) (definition.Edition, error) {
	return get[definition.Edition](s, "editions", name)
}

// Editions lists the editions of a badge.
func (s *Store) Editions(_ context.Context, badge string, _ definition.Slice) ([]definition.Edition, error) {
	return all(s, func(e definition.Edition) bool { return strings.HasPrefix(e.Name, badge+"/") }), nil
}

// InsertRubric adds a rubric.
func (s *Store) InsertRubric(_ context.Context, r definition.Rubric) error {
	return s.insert("rubrics", r.Name, r)
}

// Rubric reads a rubric.
func (s *Store) Rubric(_ context.Context, name string) (definition.Rubric, error) {
	return get[definition.Rubric](s, "rubrics", name)
}

// Rubrics lists all rubrics.
func (s *Store) Rubrics(context.Context, definition.Slice) ([]definition.Rubric, error) {
	return all(s, func(definition.Rubric) bool { return true }), nil
}

// InsertGuide adds a version of a rubric.
func (s *Store) InsertGuide(_ context.Context, g definition.Guide) error {
	return s.insert("guides", g.Name, g)
}

// UpdateGuide replaces a version of a rubric.
func (s *Store) UpdateGuide(_ context.Context, g definition.Guide) error {
	return s.update("guides", g.Name, func(r any) int64 { return r.(definition.Guide).Version }, g.Version, g)
}

// Guide reads a version of a rubric.
func (s *Store) Guide(_ context.Context, name string) (definition.Guide, error) {
	return get[definition.Guide](s, "guides", name)
}

// Guides lists the versions of a rubric.
func (s *Store) Guides(_ context.Context, rubric string, _ definition.Slice) ([]definition.Guide, error) {
	return all(s, func(g definition.Guide) bool { return strings.HasPrefix(g.Name, rubric+"/") }), nil
}

// Standards are those that have a published badge under a framework version.
func (s *Store) Standards(_ context.Context, version string) (string, []string, error) {
	var out []string
	for _, e := range all(s, func(e definition.Edition) bool { return e.State == definition.Published }) {
		if version == "" {
			version = e.Asks.FrameworkVersion
		}
		d, err := get[definition.Definition](s, "definitions", names.Parent(e.Name))
		if err != nil {
			return "", nil, err
		}
		if e.Asks.FrameworkVersion == version && !slices.Contains(out, d.Standard) {
			out = append(out, d.Standard)
		}
	}
	return version, out, nil
}

// Applications lists all applications: who may see which is tested on the real store.
func (s *Store) Applications(context.Context, caller.Scope, *filter.Expr, application.Slice) ([]application.Application, error) {
	return all(s, func(application.Application) bool { return true }), nil
}

// Reviews lists all reviews.
func (s *Store) Reviews(context.Context, caller.Scope, review.Slice) ([]review.Review, error) {
	return all(s, func(review.Review) bool { return true }), nil
}

// Awards lists all awards.
func (s *Store) Awards(context.Context, caller.Scope, award.Slice) ([]award.Award, error) {
	return all(s, func(award.Award) bool { return true }), nil
}

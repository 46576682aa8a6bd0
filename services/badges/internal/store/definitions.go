package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
)

const (
	definitionColumns = "name, title, framework, standard, current_edition, created_at, updated_at, version"
	editionColumns    = "name, definition, framework_version, state, asks, published_at, created_at, updated_at, version"
	rubricColumns     = "name, title, created_at, updated_at, version"
	guideColumns      = "name, rubric, state, criteria, published_at, created_at, updated_at, version"
)

// InsertDefinition adds a badge.
func (s *Store) InsertDefinition(ctx context.Context, d definition.Definition) error {
	return s.insert(ctx, d.Name, "badge_definitions", definitionColumns, d.Name, d.Title, d.Framework, d.Standard,
		d.CurrentEdition, micros(d.CreateTime), micros(d.UpdateTime), d.Version)
}

// UpdateDefinition changes what may change of a badge.
func (s *Store) UpdateDefinition(ctx context.Context, d definition.Definition) error {
	return s.update(ctx, d.Name, "badge_definitions", "title, current_edition, updated_at", d.Version,
		d.Title, d.CurrentEdition, micros(d.UpdateTime))
}

func scanDefinition(r row) (d definition.Definition, err error) {
	var created, updated int64
	err = r.Scan(&d.Name, &d.Title, &d.Framework, &d.Standard, &d.CurrentEdition, &created, &updated, &d.Version)
	d.CreateTime, d.UpdateTime = moment(created), moment(updated)
	return d, err
}

// Definition reads one badge.
func (s *Store) Definition(ctx context.Context, name string) (definition.Definition, error) {
	return one(ctx, s, name, scanDefinition, "SELECT "+definitionColumns+
		" FROM badge_definitions WHERE district_id = $1 AND name = $2", names.State, name)
}

// Definitions lists badges by name.
func (s *Store) Definitions(ctx context.Context, p definition.Slice) ([]definition.Definition, error) {
	return all(ctx, s, scanDefinition, "SELECT "+definitionColumns+
		" FROM badge_definitions WHERE district_id = $1 AND name > $2 ORDER BY name LIMIT $3", names.State, p.After, limit(p.Limit))
}

// InsertEdition adds an edition of a badge.
func (s *Store) InsertEdition(ctx context.Context, e definition.Edition) error {
	asks, err := encode(e.Asks)
	if err != nil {
		return err
	}
	return s.insert(ctx, e.Name, "editions", editionColumns, e.Name, names.Parent(e.Name), e.Asks.FrameworkVersion,
		string(e.State), asks, micros(e.PublishTime), micros(e.CreateTime), micros(e.UpdateTime), e.Version)
}

// UpdateEdition changes an edition.
func (s *Store) UpdateEdition(ctx context.Context, e definition.Edition) error {
	asks, err := encode(e.Asks)
	if err != nil {
		return err
	}
	return s.update(ctx, e.Name, "editions", "framework_version, state, asks, published_at, updated_at", e.Version,
		e.Asks.FrameworkVersion, string(e.State), asks, micros(e.PublishTime), micros(e.UpdateTime))
}

func scanEdition(r row) (e definition.Edition, err error) {
	var parent, framework, asks string
	var published, created, updated int64
	if err = r.Scan(&e.Name, &parent, &framework, &e.State, &asks, &published, &created, &updated, &e.Version); err != nil {
		return e, err
	}
	e.PublishTime, e.CreateTime, e.UpdateTime = moment(published), moment(created), moment(updated)
	return e, decode(asks, &e.Asks)
}

// Edition reads one edition.
func (s *Store) Edition(ctx context.Context, name string) (definition.Edition, error) {
	return one(ctx, s, name, scanEdition, "SELECT "+editionColumns+
		" FROM editions WHERE district_id = $1 AND name = $2", names.State, name)
}

// Editions lists the editions of a badge by name.
func (s *Store) Editions(ctx context.Context, parent string, p definition.Slice) ([]definition.Edition, error) {
	return all(ctx, s, scanEdition, "SELECT "+editionColumns+
		" FROM editions WHERE district_id = $1 AND definition = $2 AND name > $3 ORDER BY name LIMIT $4",
		names.State, parent, p.After, limit(p.Limit))
}

// InsertRubric adds a rubric.
func (s *Store) InsertRubric(ctx context.Context, r definition.Rubric) error {
	return s.insert(ctx, r.Name, "rubrics", rubricColumns, r.Name, r.Title, micros(r.CreateTime), micros(r.UpdateTime), r.Version)
}

func scanRubric(r row) (u definition.Rubric, err error) {
	var created, updated int64
	err = r.Scan(&u.Name, &u.Title, &created, &updated, &u.Version)
	u.CreateTime, u.UpdateTime = moment(created), moment(updated)
	return u, err
}

// Rubric reads one rubric.
func (s *Store) Rubric(ctx context.Context, name string) (definition.Rubric, error) {
	return one(ctx, s, name, scanRubric, "SELECT "+rubricColumns+
		" FROM rubrics WHERE district_id = $1 AND name = $2", names.State, name)
}

// Rubrics lists rubrics by name.
func (s *Store) Rubrics(ctx context.Context, p definition.Slice) ([]definition.Rubric, error) {
	return all(ctx, s, scanRubric, "SELECT "+rubricColumns+
		" FROM rubrics WHERE district_id = $1 AND name > $2 ORDER BY name LIMIT $3", names.State, p.After, limit(p.Limit))
}

// InsertGuide adds a version of a rubric.
func (s *Store) InsertGuide(ctx context.Context, g definition.Guide) error {
	criteria, err := encode(g.Criteria)
	if err != nil {
		return err
	}
	return s.insert(ctx, g.Name, "rubric_editions", guideColumns, g.Name, names.Parent(g.Name), string(g.State), criteria,
		micros(g.PublishTime), micros(g.CreateTime), micros(g.UpdateTime), g.Version)
}

// UpdateGuide changes a version of a rubric.
func (s *Store) UpdateGuide(ctx context.Context, g definition.Guide) error {
	criteria, err := encode(g.Criteria)
	if err != nil {
		return err
	}
	return s.update(ctx, g.Name, "rubric_editions", "state, criteria, published_at, updated_at", g.Version,
		string(g.State), criteria, micros(g.PublishTime), micros(g.UpdateTime))
}

func scanGuide(r row) (g definition.Guide, err error) {
	var parent, criteria string
	var published, created, updated int64
	if err = r.Scan(&g.Name, &parent, &g.State, &criteria, &published, &created, &updated, &g.Version); err != nil {
		return g, err
	}
	g.PublishTime, g.CreateTime, g.UpdateTime = moment(published), moment(created), moment(updated)
	return g, decode(criteria, &g.Criteria)
}

// Guide reads one version of a rubric.
func (s *Store) Guide(ctx context.Context, name string) (definition.Guide, error) {
	return one(ctx, s, name, scanGuide, "SELECT "+guideColumns+
		" FROM rubric_editions WHERE district_id = $1 AND name = $2", names.State, name)
}

// Guides lists the versions of a rubric by name.
func (s *Store) Guides(ctx context.Context, parent string, p definition.Slice) ([]definition.Guide, error) {
	return all(ctx, s, scanGuide, "SELECT "+guideColumns+
		" FROM rubric_editions WHERE district_id = $1 AND rubric = $2 AND name > $3 ORDER BY name LIMIT $4",
		names.State, parent, p.After, limit(p.Limit))
}

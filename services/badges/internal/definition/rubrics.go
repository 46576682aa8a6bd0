package definition

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// CreateRubric creates a family of scoring guides.
func (c *Catalog) CreateRubric(ctx context.Context, title, id string) (Rubric, error) {
	if strings.TrimSpace(title) == "" {
		return Rubric{}, problem.Invalid(problem.Violation{
			Field: "rubric.title", Rule: "required", Fix: "Give the name of the rubric.",
		})
	}
	now := c.now()
	r := Rubric{Name: names.Child("", "rubrics", c.id(id)), Title: title, CreateTime: now, UpdateTime: now, Version: 1}
	return r, c.store.Tx(ctx, func(ctx context.Context) error { return c.store.InsertRubric(ctx, r) })
}

// Rubric reads one rubric.
func (c *Catalog) Rubric(ctx context.Context, name string) (Rubric, error) {
	return c.store.Rubric(ctx, name)
}

// Rubrics lists rubrics in the order of their names.
func (c *Catalog) Rubrics(ctx context.Context, s Slice) ([]Rubric, error) {
	return c.store.Rubrics(ctx, s)
}

// DraftGuide drafts a version of a rubric.
func (c *Catalog) DraftGuide(ctx context.Context, parent, id string, criteria []Criterion) (Guide, error) {
	if err := checkCriteria(criteria).err(); err != nil {
		return Guide{}, err
	}
	now := c.now()
	g := Guide{
		Name: names.Child(parent, "versions", c.id(id)), Criteria: criteria, State: Draft,
		CreateTime: now, UpdateTime: now, Version: 1,
	}
	return g, c.store.Tx(ctx, func(ctx context.Context) error {
		if _, err := c.store.Rubric(ctx, parent); err != nil {
			return err
		}
		return c.store.InsertGuide(ctx, g)
	})
}

// Guide reads one version of a rubric.
func (c *Catalog) Guide(ctx context.Context, name string) (Guide, error) {
	return c.store.Guide(ctx, name)
}

// Guides lists the versions of a rubric.
func (c *Catalog) Guides(ctx context.Context, rubric string, s Slice) ([]Guide, error) {
	if _, err := c.store.Rubric(ctx, rubric); err != nil {
		return nil, err
	}
	return c.store.Guides(ctx, rubric, s)
}

// ChangeGuide replaces the criteria of a draft.
func (c *Catalog) ChangeGuide(ctx context.Context, name, tag string, criteria []Criterion) (Guide, error) {
	return c.guide(ctx, name, tag, func(g *Guide) error {
		g.Criteria = criteria
		return checkCriteria(criteria).err()
	})
}

// PublishGuide makes a draft usable, and unchangeable.
func (c *Catalog) PublishGuide(ctx context.Context, name, tag string) (Guide, error) {
	return c.guide(ctx, name, tag, func(g *Guide) error {
		g.State, g.PublishTime = Published, c.now()
		return checkCriteria(g.Criteria).err()
	})
}

func (c *Catalog) guide(ctx context.Context, name, tag string, change func(*Guide) error) (g Guide, err error) {
	err = c.store.Tx(ctx, func(ctx context.Context) error {
		if g, err = c.store.Guide(ctx, name); err != nil {
			return err
		}
		if err := mayChange(g.Name, g.State, g.Version, tag); err != nil {
			return err
		}
		if err := change(&g); err != nil {
			return err
		}
		g.UpdateTime, g.Version = c.now(), g.Version+1
		return c.store.UpdateGuide(ctx, g)
	})
	return g, err
}

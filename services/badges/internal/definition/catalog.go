package definition

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Catalog is the use of definitions and rubrics.
type Catalog struct {
	store Store
	now   func() time.Time
	newID func() string
}

// NewCatalog returns the catalog over a store.
func NewCatalog(store Store, now func() time.Time, newID func() string) *Catalog {
	return &Catalog{store: store, now: now, newID: newID}
}

func (c *Catalog) id(given string) string {
	if given == "" {
		return c.newID()
	}
	return given
}

// CreateDefinition creates a badge that has no edition yet.
func (c *Catalog) CreateDefinition(ctx context.Context, d Definition, id string) (Definition, error) {
	if err := checkDefinition(d); err != nil {
		return Definition{}, err
	}
	now := c.now()
	d.Name, d.CurrentEdition = names.Child("", "badgeDefinitions", c.id(id)), ""
	d.CreateTime, d.UpdateTime, d.Version = now, now, 1
	return d, c.store.Tx(ctx, func(ctx context.Context) error { return c.store.InsertDefinition(ctx, d) })
}

// Definition reads one badge.
func (c *Catalog) Definition(ctx context.Context, name string) (Definition, error) {
	return c.store.Definition(ctx, name)
}

// Definitions lists badges in the order of their names.
func (c *Catalog) Definitions(ctx context.Context, s Slice) ([]Definition, error) {
	return c.store.Definitions(ctx, s)
}

// DraftEdition drafts an edition of a badge.
func (c *Catalog) DraftEdition(ctx context.Context, parent, id string, a Asks) (Edition, error) {
	if err := checkAsks(a).err(); err != nil {
		return Edition{}, err
	}
	now := c.now()
	e := Edition{
		Name: names.Child(parent, "versions", c.id(id)), Asks: a.withDefaults(), State: Draft,
		CreateTime: now, UpdateTime: now, Version: 1,
	}
	return e, c.store.Tx(ctx, func(ctx context.Context) error {
		if _, err := c.store.Definition(ctx, parent); err != nil {
			return err
		}
		return c.store.InsertEdition(ctx, e)
	})
}

// Edition reads one edition.
func (c *Catalog) Edition(ctx context.Context, name string) (Edition, error) {
	return c.store.Edition(ctx, name)
}

// Editions lists the editions of a badge.
func (c *Catalog) Editions(ctx context.Context, definition string, s Slice) ([]Edition, error) {
	if _, err := c.store.Definition(ctx, definition); err != nil {
		return nil, err
	}
	return c.store.Editions(ctx, definition, s)
}

// ChangeEdition changes a draft.
func (c *Catalog) ChangeEdition(ctx context.Context, name, tag string, change func(*Asks)) (e Edition, err error) {
	err = c.store.Tx(ctx, func(ctx context.Context) error {
		if e, err = c.store.Edition(ctx, name); err != nil {
			return err
		}
		if err := mayChange(e.Name, e.State, e.Version, tag); err != nil {
			return err
		}
		change(&e.Asks)
		if err := checkAsks(e.Asks).err(); err != nil {
			return err
		}
		e.Asks, e.UpdateTime, e.Version = e.Asks.withDefaults(), c.now(), e.Version+1
		return c.store.UpdateEdition(ctx, e)
	})
	return e, err
}

// PublishEdition makes a draft the edition in force, and says so.
func (c *Catalog) PublishEdition(ctx context.Context, name, tag string) (e Edition, err error) {
	err = c.store.Tx(ctx, func(ctx context.Context) error {
		if e, err = c.store.Edition(ctx, name); err != nil {
			return err
		}
		if err := mayChange(e.Name, e.State, e.Version, tag); err != nil {
			return err
		}
		if err := c.checkPublish(ctx, e.Asks); err != nil {
			return err
		}
		return c.publish(ctx, &e)
	})
	return e, err
}

func (c *Catalog) checkPublish(ctx context.Context, a Asks) error {
	v := checkAsks(a)
	if len(a.EligibilityRules) == 0 {
		v.add("eligibility_rules", "required", "Give at least one rule: a badge stands for a process that can be shown.")
	}
	guide, err := c.store.Guide(ctx, a.RubricVersion)
	switch {
	case problem.Is(err, problem.KindNotFound):
		v.add("rubric_version", "exists", "Name a rubric version that exists.")
	case err != nil:
		return err
	case guide.State != Published:
		v.add("rubric_version", "published", "Publish the rubric version first.")
	}
	return v.err()
}

func (c *Catalog) publish(ctx context.Context, e *Edition) error {
	d, err := c.store.Definition(ctx, names.Parent(e.Name))
	if err != nil {
		return err
	}
	now := c.now()
	e.State, e.PublishTime, e.UpdateTime, e.Version = Published, now, now, e.Version+1
	d.CurrentEdition, d.UpdateTime, d.Version = e.Name, now, d.Version+1
	if err := c.store.UpdateEdition(ctx, *e); err != nil {
		return err
	}
	if err := c.store.UpdateDefinition(ctx, d); err != nil {
		return err
	}
	return c.store.Record(ctx, now, Defined{Edition: *e, Definition: d})
}

func mayChange(name string, state PublishState, version int64, tag string) error {
	if err := etag.Check(tag, version, name); err != nil {
		return err
	}
	if state == Published {
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: name, Rule: "published_never_changes", Fix: "Draft a new version; a published one never changes.",
		})
	}
	return nil
}

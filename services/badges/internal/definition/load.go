package definition

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

//go:embed builtin/*.yaml
var builtin embed.FS

type rubricFile struct {
	ID       string      `yaml:"id"`
	Title    string      `yaml:"title"`
	Version  string      `yaml:"version"`
	Criteria []Criterion `yaml:"criteria"`
}

type badgeFile struct {
	Version   string `yaml:"version"`
	Framework string `yaml:"framework"`
	Common    Asks   `yaml:"common"`
	Badges    []struct {
		Standard    string `yaml:"standard"`
		Title       string `yaml:"title"`
		Description string `yaml:"description"`
		Criteria    string `yaml:"criteria"`
	} `yaml:"badges"`
}

// Load brings the built-in rubric and badges into the store. What is there already stays as
// it is, so that Load may run at every start and in every replica.
func (c *Catalog) Load(ctx context.Context) error {
	var rubric rubricFile
	var badges badgeFile
	if err := errors.Join(read("builtin/rubric.yaml", &rubric), read("builtin/badges.yaml", &badges)); err != nil {
		return err
	}
	return c.store.Tx(ctx, func(ctx context.Context) error {
		if err := c.loadRubric(ctx, rubric); err != nil {
			return fmt.Errorf("built-in rubric: %w", err)
		}
		for i := range badges.Badges {
			if err := c.loadBadge(ctx, badges, i); err != nil {
				return fmt.Errorf("built-in badge %s: %w", badges.Badges[i].Standard, err)
			}
		}
		return nil
	})
}

func (c *Catalog) loadRubric(ctx context.Context, f rubricFile) error {
	name := names.Child("", "rubrics", f.ID)
	if known, err := exists(c.store.Guide(ctx, names.Child(name, "versions", f.Version))); known || err != nil {
		return err
	}
	if known, err := exists(c.store.Rubric(ctx, name)); err != nil {
		return err
	} else if !known {
		if _, err := c.CreateRubric(ctx, f.Title, f.ID); err != nil {
			return err
		}
	}
	g, err := c.DraftGuide(ctx, name, f.Version, f.Criteria)
	if err != nil {
		return err
	}
	_, err = c.PublishGuide(ctx, g.Name, "")
	return err
}

func (c *Catalog) loadBadge(ctx context.Context, f badgeFile, i int) error {
	b := f.Badges[i]
	name := names.Child("", "badgeDefinitions", b.Standard)
	if known, err := exists(c.store.Edition(ctx, names.Child(name, "versions", f.Version))); known || err != nil {
		return err
	}
	if known, err := exists(c.store.Definition(ctx, name)); err != nil {
		return err
	} else if !known {
		d := Definition{Title: b.Title, Framework: f.Framework, Standard: b.Standard}
		if _, err := c.CreateDefinition(ctx, d, b.Standard); err != nil {
			return err
		}
	}
	asks := f.Common
	asks.Description, asks.Criteria = b.Description, b.Criteria
	e, err := c.DraftEdition(ctx, name, f.Version, asks)
	if err != nil {
		return err
	}
	_, err = c.PublishEdition(ctx, e.Name, "")
	return err
}

func exists[T any](_ T, err error) (bool, error) {
	if problem.Is(err, problem.KindNotFound) {
		return false, nil
	}
	return err == nil, err
}

func read(file string, into any) error {
	raw, err := builtin.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

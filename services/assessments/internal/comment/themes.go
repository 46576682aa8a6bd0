package comment

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// AddTheme adds a theme to a campaign; an empty id is chosen here.
func (s *Service) AddTheme(ctx context.Context, t Theme) (Theme, error) {
	c, err := s.store.Campaign(ctx, t.District, t.Campaign)
	if err != nil {
		return t, err
	}
	var bad check.List
	t.ID = bad.ResourceID("theme_id", t.ID)
	bad.Need(strings.TrimSpace(t.Title) != "", "theme.title", "required", "Say what the comments are about.")
	if t.Standard != "" {
		f, err := framework.Published(ctx, s.frameworks, c.FrameworkVersion)
		if err != nil {
			return t, err
		}
		_, known := f.Body.Standard(t.Standard)
		bad.Need(known, "theme.standard", "standard_of_framework", "Name a standard of the campaign's framework version, or none.")
	}
	if err := bad.Err(); err != nil {
		return t, err
	}
	t.CreateTime = s.clock.Now()
	return t, s.store.Tx(ctx, func(ctx context.Context) error { return s.store.AddTheme(ctx, t) })
}

// Themes lists the themes of a campaign in the order of their ids, with how many
// comments have them, and the smallest count that is shown.
func (s *Service) Themes(ctx context.Context, district, id, after string, limit int) ([]Theme, int, error) {
	if _, err := s.store.Campaign(ctx, district, id); err != nil {
		return nil, 0, err
	}
	p, err := s.policies.Policy(ctx)
	if err != nil {
		return nil, 0, err
	}
	list, err := s.store.Themes(ctx, district, id, after, limit)
	if err != nil {
		return nil, 0, err
	}
	marks, err := s.store.Marks(ctx, district, id)
	if err != nil {
		return nil, 0, err
	}
	for i := range list {
		for _, m := range marks {
			if slices.Contains(m.Themes, list[i].ID) {
				list[i].Comments++
			}
		}
	}
	return list, p.MinimumCell, nil
}

// DeleteTheme takes a theme away from the campaign and its comments.
func (s *Service) DeleteTheme(ctx context.Context, district, id, theme string) error {
	return s.store.Tx(ctx, func(ctx context.Context) error {
		known, err := s.store.HasTheme(ctx, district, id, theme)
		if err != nil {
			return err
		}
		if !known {
			return problem.NotFound(Theme{District: district, Campaign: id, ID: theme}.Name())
		}
		marks, err := s.store.Marks(ctx, district, id)
		if err != nil {
			return err
		}
		for commentID, m := range marks {
			if i := slices.Index(m.Themes, theme); i >= 0 {
				m.Themes = slices.Delete(slices.Clone(m.Themes), i, i+1)
				m.Version++
				if err := s.store.SaveMark(ctx, Comment{District: district, Campaign: id, ID: commentID, Mark: m}); err != nil {
					return err
				}
			}
		}
		return s.store.DeleteTheme(ctx, district, id, theme)
	})
}

package comment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// Service lets people read comments.
type Service struct {
	store       Store
	instruments instrument.Source
	frameworks  framework.Source
	policies    policy.Source
	clock       clock.Clock
}

// NewService returns the service that lets people read comments.
func NewService(store Store, instruments instrument.Source, frameworks framework.Source, policies policy.Source, c clock.Clock) *Service {
	return &Service{store: store, instruments: instruments, frameworks: frameworks, policies: policies, clock: c}
}

// Filter chooses comments.
type Filter struct {
	School string // empty: of all schools that the viewer may read and where enough answered
	Item   string // empty: of any
	Theme  string // empty: with any or none
}

// List lists comments in the order of their names, which tells nothing. A viewer
// reads those of their schools.
func (s *Service) List(ctx context.Context, district, id string, v campaign.Viewer, f Filter, after string, limit int) ([]Comment, error) {
	c, err := s.readable(ctx, district, id, v)
	if err != nil {
		return nil, err
	}
	schools, err := s.schools(ctx, c, v, f.School)
	if err != nil {
		return nil, err
	}
	marks, err := s.store.Marks(ctx, district, id)
	if err != nil {
		return nil, err
	}
	var out []Comment
	err = s.each(ctx, c, f.School, func(found Comment, _ string) error {
		found.Mark = marks[found.ID]
		if schools[found.School] && found.ID > after && (f.Item == "" || f.Item == found.Item) && (f.Theme == "" || slices.Contains(found.Themes, f.Theme)) {
			out = append(out, found)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Comment) int { return strings.Compare(a.ID, b.ID) })
	return out[:min(limit, len(out))], err
}

// schools are those whose comments are read: the one asked for, or all that the
// viewer may read and where enough families answered.
func (s *Service) schools(ctx context.Context, c campaign.Campaign, v campaign.Viewer, asked string) (map[string]bool, error) {
	if asked != "" {
		if !c.Asks(asked) || !v.All && !slices.Contains(v.Schools, asked) {
			return nil, problem.NotFound(campaign.SchoolName(c.District, asked))
		}
		return map[string]bool{asked: true}, s.enough(ctx, c, asked)
	}
	out := map[string]bool{}
	for _, school := range c.Schools {
		if !v.All && !slices.Contains(v.Schools, school.ID) {
			continue
		}
		err := s.enough(ctx, c, school.ID)
		if err != nil && !problem.Is(err, problem.KindPrecondition) {
			return nil, err
		}
		out[school.ID] = err == nil
	}
	return out, nil
}

// readable is a campaign whose comments may be read: it takes no answers any more.
func (s *Service) readable(ctx context.Context, district, id string, v campaign.Viewer) (campaign.Campaign, error) {
	c, err := s.store.Campaign(ctx, district, id)
	if err != nil {
		return c, err
	}
	if !v.Sees(c) {
		return c, problem.NotFound(campaign.Name(district, id))
	}
	if c.State == campaign.Closed || c.State == campaign.Published {
		return c, nil
	}
	return c, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: c.Name(), Rule: "comments_after_closing", Fix: "Close the campaign first. Nobody reads along while families answer.",
	})
}

// enough wants as many answers of the school as the state's smallest count.
func (s *Service) enough(ctx context.Context, c campaign.Campaign, school string) error {
	p, err := s.policies.Policy(ctx)
	if err != nil {
		return err
	}
	n, err := s.store.CountAnswers(ctx, c.District, c.ID, school)
	if err != nil || n >= p.MinimumCell {
		return err
	}
	return problem.Precondition(problem.ReasonNotEligible, problem.Violation{
		Field: campaign.SchoolName(c.District, school), Rule: "enough_families",
		Fix: fmt.Sprintf("Comments can be read where at least %d families answered; here fewer did.", p.MinimumCell),
	})
}

// each calls fn with every comment of a campaign, or of one school, and the id of
// the answer it is part of. Only items of free text have comments.
func (s *Service) each(ctx context.Context, c campaign.Campaign, school string, fn func(found Comment, response string) error) error {
	v, err := instrument.Published(ctx, s.instruments, c.InstrumentVersion)
	if err != nil {
		return err
	}
	free := map[string]bool{}
	for _, item := range v.Body.Items {
		free[item.ID] = item.Type == instrument.Text || item.Type == instrument.LongText
	}
	return s.store.Written(ctx, c.District, c.ID, school, func(w Written) error {
		for item, text := range w.Texts {
			if !free[item] || strings.TrimSpace(text) == "" {
				continue
			}
			found := Comment{
				District: c.District, Campaign: c.ID, ID: idOf(w.Response, item), School: w.School, Item: item, Language: w.Language, Text: text,
			}
			if err := fn(found, w.Response); err != nil {
				return err
			}
		}
		return nil
	})
}

// Update gives a comment themes, or replaces its words.
func (s *Service) Update(ctx context.Context, district, id, commentID, tag string, change func(*Comment) error) (Comment, error) {
	var out Comment
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.readable(ctx, district, id, campaign.Viewer{All: true})
		if err != nil {
			return err
		}
		was, response, err := s.find(ctx, c, commentID)
		if err != nil {
			return err
		}
		if err := s.enough(ctx, c, was.School); err != nil {
			return err
		}
		if err := etag.Check(tag, was.Version, was.Name()); err != nil {
			return err
		}
		now := was
		if err := change(&now); err != nil {
			return err
		}
		if err := s.checkChange(ctx, now); err != nil {
			return err
		}
		now.Version++
		if now.Text != was.Text {
			now.Redacted = true
			if err := s.store.ReplaceText(ctx, now, response); err != nil {
				return err
			}
		}
		out = now
		return s.store.SaveMark(ctx, now)
	})
	return out, err
}

// errFound ends a search.
var errFound = errors.New("found")

// find reads the campaign's answers until one has the comment. A name does not
// lead to an answer, so there is no quicker way; a campaign has some thousands.
func (s *Service) find(ctx context.Context, c campaign.Campaign, commentID string) (found Comment, response string, err error) {
	err = s.each(ctx, c, "", func(one Comment, of string) error {
		if one.ID != commentID {
			return nil
		}
		found, response = one, of
		return errFound
	})
	if !errors.Is(err, errFound) {
		if err == nil {
			err = problem.NotFound(Name(c.District, c.ID, commentID))
		}
		return found, "", err
	}
	marks, err := s.store.Marks(ctx, c.District, c.ID)
	found.Mark = marks[commentID]
	return found, response, err
}

func (s *Service) checkChange(ctx context.Context, c Comment) error {
	var bad check.List
	bad.Need(strings.TrimSpace(c.Text) != "", "comment.text", "required", "Leave some words, e.g. [removed] in the place of all.")
	seen := map[string]bool{}
	for i, theme := range c.Themes {
		at := fmt.Sprintf("comment.themes[%d]", i)
		known, err := s.store.HasTheme(ctx, c.District, c.Campaign, theme)
		if err != nil {
			return err
		}
		bad.Need(known, at, "theme_of_campaign", "Name a theme of the campaign by its id; create it first.")
		bad.Need(!seen[theme], at, "theme_once", "Name each theme once.")
		seen[theme] = true
	}
	return bad.Err()
}

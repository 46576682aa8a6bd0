package campaign

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

// MaxInvitations is how many codes one call makes.
const MaxInvitations = 1000

// CreateLink makes an open link for the families of one school; an empty id is
// chosen here.
func (s *Service) CreateLink(ctx context.Context, l Link) (Link, error) {
	var bad check.List
	l.ID = bad.ResourceID("link_id", l.ID)
	l.Kind, l.Code, l.CreateTime = max(l.Kind, Web), code.New(), s.clock.Now()
	bad.Need(l.Kind <= Kiosk, "link.kind", "web_or_kiosk", "Choose a link for people's own devices or for a kiosk.")
	bad.Need(!strings.ContainsFunc(l.Title, control), "link.title", "one_line", "Give a title of one line.")
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.Campaign(ctx, l.District, l.Campaign)
		if err != nil {
			return err
		}
		if err := s.checkDoor(ctx, c, OpenLink, l.School, "link.school", bad); err != nil {
			return err
		}
		return s.store.AddLink(ctx, l)
	})
	return l, err
}

// Link reads a link.
func (s *Service) Link(ctx context.Context, district, campaign, id string) (Link, error) {
	return s.store.Link(ctx, district, campaign, id)
}

// Links lists the links of a campaign in the order of their ids.
func (s *Service) Links(ctx context.Context, district, campaign, after string, limit int) ([]Link, error) {
	if _, err := s.store.Campaign(ctx, district, campaign); err != nil {
		return nil, err
	}
	return s.store.Links(ctx, district, campaign, after, limit)
}

// Invite makes single-use codes for the families of one school. Only their
// digests are kept: what is returned cannot be read again.
func (s *Service) Invite(ctx context.Context, district, campaign, school string, count int) ([]string, error) {
	var bad check.List
	bad.Need(count >= 1 && count <= MaxInvitations, "count", "one_to_thousand", "Ask for 1 to 1000 invitations.")
	var codes []string
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.Campaign(ctx, district, campaign)
		if err != nil {
			return err
		}
		if err := s.checkDoor(ctx, c, Token, school, "school", bad); err != nil {
			return err
		}
		codes = make([]string, count) // anew in each attempt of the transaction
		digests := make([]string, count)
		for i := range codes {
			codes[i] = code.New()
			digests[i] = code.Digest(codes[i])
		}
		return s.store.AddInvitations(ctx, district, campaign, school, digests)
	})
	return codes, err
}

// checkDoor refuses ways in of the other mode, to a school that is not asked, or
// to a campaign that is over.
func (s *Service) checkDoor(ctx context.Context, c Campaign, mode Mode, school, field string, bad check.List) error {
	asked := c.Asks(school)
	if c.AllSchools {
		all, err := s.directory.Schools(ctx, c.District)
		if err != nil {
			return err
		}
		asked = Campaign{Schools: all}.Asks(school)
	}
	bad.Need(asked, field, "school_of_campaign", "Name a school that the campaign asks.")
	if err := bad.Err(); err != nil {
		return err
	}
	var wrong []problem.Violation
	if c.Mode != mode {
		wrong = append(wrong, problem.Violation{Field: c.Name(), Rule: "mode_of_campaign", Fix: modeFix(c.Mode)})
	}
	if c.State != Draft && c.State != Open {
		wrong = append(wrong, problem.Violation{Field: c.Name(), Rule: "not_closed", Fix: "Make links and invitations before the campaign is closed."})
	}
	if len(wrong) > 0 {
		return problem.Precondition(problem.ReasonStateWrong, wrong...)
	}
	return nil
}

func modeFix(m Mode) string {
	switch m {
	case OpenLink:
		return "This campaign takes open links: create links instead."
	case Token:
		return "This campaign takes single-use tokens: create invitations instead."
	default:
		return "This campaign asks named recipients: create recipients instead."
	}
}

package campaign

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Service runs campaigns.
type Service struct {
	store       Store
	instruments instrument.Source
	directory   Directory
	clock       clock.Clock
}

// NewService returns the service that runs campaigns.
func NewService(store Store, instruments instrument.Source, directory Directory, c clock.Clock) *Service {
	return &Service{store: store, instruments: instruments, directory: directory, clock: c}
}

// Create plans a campaign. Of c it reads district, id, title, instrument version,
// cycle, wave, mode, schools, window, unit, groups and texts.
func (s *Service) Create(ctx context.Context, c Campaign) (Campaign, error) {
	var bad check.List
	c.ID = bad.ResourceID("campaign_id", c.ID)
	now := s.clock.Now()
	c.State, c.CreateTime, c.UpdateTime, c.Version = Draft, now, now, 1
	c.AllSchools = len(c.Schools) == 0
	if err := s.plan(ctx, &c, bad); err != nil {
		return Campaign{}, err
	}
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		if err := s.onlyWave(ctx, c); err != nil {
			return err
		}
		return s.store.AddCampaign(ctx, c)
	})
	return c, err
}

// Get reads a campaign that the viewer sees.
func (s *Service) Get(ctx context.Context, district, id string, v Viewer) (Campaign, error) {
	c, err := s.store.Campaign(ctx, district, id)
	if err != nil {
		return Campaign{}, err
	}
	if !v.Sees(c) {
		return Campaign{}, problem.NotFound(Name(district, id))
	}
	return c, nil
}

// List lists the campaigns that the viewer sees.
func (s *Service) List(ctx context.Context, district string, v Viewer, after string, limit int) ([]Campaign, error) {
	if !v.All && len(v.Schools) == 0 {
		return nil, nil
	}
	list, err := s.store.Campaigns(ctx, district, v, after, limit)
	if err != nil {
		return nil, err
	}
	return list, check.Parent(ctx, DistrictName(district), len(list), s.directory.HasDistrict)
}

// Update changes a draft, or the title of any campaign.
func (s *Service) Update(ctx context.Context, district, id, tag string, change func(*Campaign) error) (Campaign, error) {
	return s.edit(ctx, district, id, tag, func(ctx context.Context, c *Campaign) error {
		before := *c
		if err := change(c); err != nil {
			return err
		}
		if before.State != Draft {
			return s.changeOpened(before, c)
		}
		c.AllSchools = len(c.Schools) == 0
		if err := s.plan(ctx, c, nil); err != nil {
			return err
		}
		return s.onlyWave(ctx, *c)
	})
}

// Open lets answers in.
func (s *Service) Open(ctx context.Context, district, id, tag string) (Campaign, error) {
	return s.edit(ctx, district, id, tag, func(ctx context.Context, c *Campaign) error {
		if err := c.must(Draft, "open_from_draft", "Only a draft can be opened, and only once."); err != nil {
			return err
		}
		if err := s.freezeSchools(ctx, c); err != nil {
			return err
		}
		return s.opening(ctx, c)
	})
}

// opening lets answers in to a campaign whose schools are named.
func (s *Service) opening(ctx context.Context, c *Campaign) error {
	if err := c.notOver(s.clock.Now()); err != nil {
		return err
	}
	c.State, c.OpenTime = Open, s.clock.Now()
	return s.onlyWave(ctx, *c)
}

// Close ends the collection.
func (s *Service) Close(ctx context.Context, district, id, tag string) (Campaign, error) {
	return s.edit(ctx, district, id, tag, func(_ context.Context, c *Campaign) error {
		if err := c.must(Open, "close_from_open", "Only an open campaign can be closed."); err != nil {
			return err
		}
		c.State, c.CloseTime = Closed, s.clock.Now()
		return nil
	})
}

// edit changes a campaign in one transaction, with the event of a change of state.
func (s *Service) edit(ctx context.Context, district, id, tag string, change func(context.Context, *Campaign) error) (Campaign, error) {
	var out Campaign
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.Campaign(ctx, district, id)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, c.Version, c.Name()); err != nil {
			return err
		}
		was := c.State
		if err := change(ctx, &c); err != nil {
			return err
		}
		c.UpdateTime, c.Version = s.clock.Now(), c.Version+1
		if err := s.store.SaveCampaign(ctx, c); err != nil {
			return err
		}
		out = c
		switch {
		case was != Open && c.State == Open:
			return s.store.Opened(ctx, c)
		case was != Closed && c.State == Closed:
			return s.store.Closed(ctx, c)
		}
		return nil
	})
	return out, err
}

// must refuses when the campaign is in another state.
func (c Campaign) must(state State, rule, fix string) error {
	if c.State == state {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{Field: c.Name(), Rule: rule, Fix: fix})
}

// changeOpened changes what may change after opening: the title, and while the
// campaign is open when it ends, its texts and whom to ask for help.
func (s *Service) changeOpened(before Campaign, c *Campaign) error {
	var bad check.List
	bad.Need(strings.TrimSpace(c.Title) != "", "campaign.title", "required", "Give a title.")
	changed := *c
	*c = before
	c.Title = changed.Title
	if before.State == Open {
		c.EndLocal, c.Messages, c.ReplyTo = changed.EndLocal, changed.Messages, changed.ReplyTo
		if before.TimeZone == "" {
			c.TimeZone = changed.TimeZone
		}
		c.checkWindow(&bad)
		c.checkTexts(&bad)
		end := c.EndsAt()
		bad.Need(c.EndLocal == before.EndLocal || end.IsZero() || end.After(s.clock.Now()), "campaign.end_local", "end_ahead",
			"Give a time that is still to come, or close the campaign.")
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if c.asked() == changed.asked() {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: before.Name(), Rule: "frozen_at_opening",
		Fix: "Change only the title, and while it is open its end, messages and reply-to address: all else is frozen since the campaign opened.",
	})
}

// asked is all that a caller may set, as one text to compare.
func (c Campaign) asked() string {
	schools := make([]string, len(c.Schools))
	for i, school := range c.Schools {
		schools[i] = school.ID
	}
	raw, _ := json.Marshal([]any{
		c.InstrumentVersion, c.Cycle, c.Wave, c.Mode, schools, c.StartLocal, c.EndLocal, c.TimeZone, c.Unit, c.GroupVariables, c.Messages, c.ReplyTo,
	}) // plain texts and numbers
	return string(raw)
}

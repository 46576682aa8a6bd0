package campaign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
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
// cycle, wave, mode and schools.
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
			title, err := c.Title, onlyTitle(before, *c)
			*c = before
			c.Title = title
			return err
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
		c.State, c.OpenTime = Open, s.clock.Now()
		return s.onlyWave(ctx, *c)
	})
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

// onlyTitle refuses changes of what opening froze.
func onlyTitle(before, after Campaign) error {
	var bad check.List
	bad.Need(strings.TrimSpace(after.Title) != "", "campaign.title", "required", "Give a title.")
	if err := bad.Err(); err != nil {
		return err
	}
	same := before.InstrumentVersion == after.InstrumentVersion && before.Cycle == after.Cycle && before.Wave == after.Wave &&
		before.Mode == after.Mode && slices.EqualFunc(before.Schools, after.Schools, func(a, b School) bool { return a.ID == b.ID })
	if same {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: before.Name(), Rule: "frozen_at_opening", Fix: "Change only the title: instrument, cycle, wave, mode and schools are frozen since the campaign opened.",
	})
}

// plan checks a draft whole and fills in what follows from its instrument.
func (s *Service) plan(ctx context.Context, c *Campaign, bad check.List) error {
	bad.Need(strings.TrimSpace(c.Title) != "", "campaign.title", "required", "Give a title.")
	bad.Need(c.Wave >= 1, "campaign.wave", "wave_from_one", "Number the waves of a cycle from 1.")
	bad.Need(c.Mode == OpenLink || c.Mode == Token, "campaign.mode", "known_mode", "Choose open links or single-use tokens.")
	v, err := instrument.Published(ctx, s.instruments, c.InstrumentVersion)
	switch {
	case problem.Is(err, problem.KindNotFound):
		bad.Add("campaign.instrument_version", "published_instrument_version", "Name a published instrument version, e.g. instruments/family-survey/versions/1.")
	case err != nil:
		return err
	}
	c.FrameworkVersion = v.Body.FrameworkVersion
	known, err := s.directory.HasCycle(ctx, c.Cycle)
	if err != nil {
		return err
	}
	bad.Need(known, "campaign.cycle", "cycle_exists", "Name a cycle that exists, e.g. cycles/2026-27.")
	if err := s.checkSchools(ctx, c, &bad); err != nil {
		return err
	}
	return bad.Err()
}

func (s *Service) checkSchools(ctx context.Context, c *Campaign, bad *check.List) error {
	all, err := s.directory.Schools(ctx, c.District)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, school := range c.Schools {
		at := fmt.Sprintf("campaign.schools[%d]", i)
		bad.Need(slices.ContainsFunc(all, func(k School) bool { return k.ID == school.ID }), at,
			"school_of_district", "Name an open school of the district, or leave schools out to ask all of them.")
		bad.Need(!seen[school.ID], at, "school_once", "Name each school once.")
		seen[school.ID] = true
	}
	return nil
}

// freezeSchools fixes which schools are asked and remembers their titles.
func (s *Service) freezeSchools(ctx context.Context, c *Campaign) error {
	all, err := s.directory.Schools(ctx, c.District)
	if err != nil {
		return err
	}
	frozen := make([]School, 0, len(all))
	for _, school := range all {
		if c.Asks(school.ID) {
			frozen = append(frozen, school)
		}
	}
	if len(frozen) == 0 || !c.AllSchools && len(frozen) != len(c.Schools) {
		return problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: c.Name(), Rule: "schools_are_open", Fix: "Ask only schools of the district that are open, and at least one.",
		})
	}
	c.Schools, c.AllSchools = frozen, false
	return nil
}

// onlyWave refuses a second campaign with the same instrument, cycle and wave in
// one school: its families would be asked twice and counted as one wave.
func (s *Service) onlyWave(ctx context.Context, c Campaign) error {
	family, _, _ := edition.ParseName(instrument.Kind(), c.InstrumentVersion)
	rivals, err := s.store.Waves(ctx, c.District, family, c.Cycle, c.Wave)
	if err != nil {
		return err
	}
	for _, r := range rivals {
		if r.ID != c.ID && r.Overlaps(c) {
			return problem.Invalid(problem.Violation{
				Field: "campaign.wave", Rule: "wave_unique",
				Fix: fmt.Sprintf("Choose another wave or other schools: %s is this wave of the instrument in this cycle.", r.Name()),
			})
		}
	}
	return nil
}

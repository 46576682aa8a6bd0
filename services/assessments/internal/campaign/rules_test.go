package campaign_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// office is a memory with doors, that knows one cycle and one published instrument.
type office struct {
	*memory
	links   []campaign.Link
	digests []string
	asked   []campaign.Viewer
	away    error
}

func (o *office) HasCycle(_ context.Context, name string) (bool, error) {
	return name == "cycles/2026", o.away
}

func (o *office) Edition(_ context.Context, family, id string) (instrument.Version, error) {
	if family != "i" {
		return instrument.Version{}, problem.NotFound("instruments/" + family)
	}
	v := instrument.Version{State: edition.Published, Body: instrument.Body{FrameworkVersion: "frameworks/f/versions/1"}}
	if id == "2" {
		v.State = edition.Draft
	}
	return v, nil
}

func (o *office) Campaigns(_ context.Context, _ string, v campaign.Viewer, _ string, _ int) (out []campaign.Campaign, _ error) {
	o.asked = append(o.asked, v)
	for _, c := range o.campaigns {
		if v.Sees(c) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (o *office) AddLink(_ context.Context, l campaign.Link) error {
	o.links = append(o.links, l)
	return nil
}

func (o *office) Links(context.Context, string, string, string, int) ([]campaign.Link, error) {
	return o.links, nil
}

func (o *office) AddInvitations(_ context.Context, _, _, _ string, digests []string) error {
	o.digests = append(o.digests, digests...)
	return nil
}

func staffed() (*office, *campaign.Service) {
	o := &office{memory: newMemory()}
	return o, campaign.NewService(o, o, o, clock.NewFake(moment()))
}

func rules(t *testing.T, err error, kind problem.Kind) []string {
	t.Helper()
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, p.Kind, "%v", err)
	var out []string
	for _, v := range p.Violations {
		require.NotEmpty(t, v.Fix)
		out = append(out, v.Field+" "+v.Rule)
	}
	return out
}

func TestEveryRuleOfAPlan(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *campaign.Campaign)
		want   []string
	}{
		"nothing is wrong":                  {func(*campaign.Campaign) {}, nil},
		"all schools by naming none":        {func(c *campaign.Campaign) { c.Schools = nil }, nil},
		"a blank title":                     {func(c *campaign.Campaign) { c.Title = "  " }, []string{"campaign.title required"}},
		"wave 0":                            {func(c *campaign.Campaign) { c.Wave = 0 }, []string{"campaign.wave wave_from_one"}},
		"no mode":                           {func(c *campaign.Campaign) { c.Mode = 0 }, []string{"campaign.mode known_mode"}},
		"a mode that is none":               {func(c *campaign.Campaign) { c.Mode = 4 }, []string{"campaign.mode known_mode"}},
		"a cycle that does not exist":       {func(c *campaign.Campaign) { c.Cycle = "cycles/1" }, []string{"campaign.cycle cycle_exists"}},
		"an instrument that is a draft":     {func(c *campaign.Campaign) { c.InstrumentVersion = "instruments/i/versions/2" }, []string{"campaign.instrument_version published_instrument_version"}},
		"an instrument that does not exist": {func(c *campaign.Campaign) { c.InstrumentVersion = "instruments/x/versions/1" }, []string{"campaign.instrument_version published_instrument_version"}},
		"what is no name of an instrument":  {func(c *campaign.Campaign) { c.InstrumentVersion = "x" }, []string{"campaign.instrument_version published_instrument_version"}},
		"a school of another district":      {func(c *campaign.Campaign) { c.Schools[0].ID = "ash" }, []string{"campaign.schools[0] school_of_district"}},
		"a school twice":                    {func(c *campaign.Campaign) { c.Schools = append(c.Schools, c.Schools[0]) }, []string{"campaign.schools[1] school_once"}},
		"everything at once": {
			func(c *campaign.Campaign) {
				*c = campaign.Campaign{District: "d1", Schools: []campaign.School{{ID: "x"}, {ID: "x"}}}
			},
			[]string{
				"campaign.title required", "campaign.wave wave_from_one", "campaign.mode known_mode",
				"campaign.instrument_version published_instrument_version", "campaign.cycle cycle_exists",
				"campaign.schools[0] school_of_district", "campaign.schools[1] school_of_district", "campaign.schools[1] school_once",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, s := staffed()
			c := plan("", 1, "oak")
			tt.change(&c)
			got, err := s.Create(t.Context(), c)
			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, campaign.Draft, got.State)
				require.Equal(t, len(c.Schools) == 0, got.AllSchools)
				require.Equal(t, "frameworks/f/versions/1", got.FrameworkVersion, "it follows from the instrument")
				return
			}
			require.Equal(t, tt.want, rules(t, err, problem.KindInvalid))
			require.Empty(t, o.campaigns)
		})
	}
	_, s := staffed()
	c := plan("No!", 0)
	_, err := s.Create(t.Context(), c)
	require.Equal(t, []string{"campaign_id id_form", "campaign.wave wave_from_one"}, rules(t, err, problem.KindInvalid))
	o, s := staffed()
	o.away = errors.New("away")
	_, err = s.Create(t.Context(), plan("a", 1))
	require.EqualError(t, err, "away", "a service that is away is no fault of the plan")
}

func TestStepsOutOfOrderAreRefusedAndChangeNothing(t *testing.T) {
	type step = func(s *campaign.Service) error
	openIt := func(s *campaign.Service) error { _, err := s.Open(context.Background(), "d1", "a", ""); return err }
	closeIt := func(s *campaign.Service) error { _, err := s.Close(context.Background(), "d1", "a", ""); return err }
	for state, want := range map[campaign.State]map[string]step{
		campaign.Draft:     {"close_from_open": closeIt},
		campaign.Open:      {"open_from_draft": openIt},
		campaign.Closed:    {"open_from_draft": openIt, "close_from_open": closeIt},
		campaign.Published: {"open_from_draft": openIt, "close_from_open": closeIt},
	} {
		for rule, take := range want {
			o, s := staffed()
			c := plan("a", 1, "oak")
			c.State, c.Version = state, 1
			o.campaigns["a"] = c
			require.Equal(t, []string{"districts/d1/campaigns/a " + rule}, rules(t, take(s), problem.KindPrecondition), "state %d", state)
			require.Equal(t, c, o.campaigns["a"])
			require.Empty(t, o.events)
		}
	}
	_, s := staffed()
	c, err := s.Create(t.Context(), plan("a", 1, "oak"))
	require.NoError(t, err)
	_, err = s.Open(t.Context(), "d1", "a", etag.Of(c.Version+1))
	require.True(t, problem.Is(err, problem.KindAborted))
}

func TestAfterOpeningOnlyTheTitleChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *campaign.Campaign)
		rule   string
	}{
		"the title":      {func(c *campaign.Campaign) { c.Title = "New" }, ""},
		"no title":       {func(c *campaign.Campaign) { c.Title = "" }, "campaign.title required"},
		"the instrument": {func(c *campaign.Campaign) { c.InstrumentVersion = "instruments/i/versions/9" }, "districts/d1/campaigns/a frozen_at_opening"},
		"the cycle":      {func(c *campaign.Campaign) { c.Cycle = "cycles/2027" }, "districts/d1/campaigns/a frozen_at_opening"},
		"the wave":       {func(c *campaign.Campaign) { c.Wave = 2 }, "districts/d1/campaigns/a frozen_at_opening"},
		"the mode":       {func(c *campaign.Campaign) { c.Mode = campaign.OpenLink }, "districts/d1/campaigns/a frozen_at_opening"},
		"the schools":    {func(c *campaign.Campaign) { c.Schools = []campaign.School{{ID: "elm"}} }, "districts/d1/campaigns/a frozen_at_opening"},
		"all schools":    {func(c *campaign.Campaign) { c.Schools = nil }, "districts/d1/campaigns/a frozen_at_opening"},
	} {
		for _, state := range []campaign.State{campaign.Open, campaign.Closed, campaign.Published} {
			o, s := staffed()
			c := plan("a", 1, "oak")
			c.State, c.Version = state, 1
			o.campaigns["a"] = c
			got, err := s.Update(t.Context(), "d1", "a", "", func(c *campaign.Campaign) error { tt.change(c); return nil })
			if tt.rule == "" {
				require.NoError(t, err)
				require.Equal(t, "New", got.Title)
				continue
			}
			kind := problem.KindPrecondition
			if strings.HasSuffix(tt.rule, "required") {
				kind = problem.KindInvalid
			}
			require.Equal(t, []string{tt.rule}, rules(t, err, kind), name)
			require.Equal(t, c, o.campaigns["a"], name)
		}
	}
}

func TestAWaveAsksTheFamiliesOfASchoolOnceHoweverItIsMade(t *testing.T) {
	_, s := staffed()
	_, err := s.Create(t.Context(), plan("oak", 1, "oak"))
	require.NoError(t, err)
	_, err = s.Create(t.Context(), plan("elm", 1, "elm"))
	require.NoError(t, err, "other schools may be asked apart")
	want := []string{"campaign.wave wave_unique"}
	_, err = s.Create(t.Context(), plan("both", 1, "fir", "oak"))
	require.Equal(t, want, rules(t, err, problem.KindInvalid))
	_, err = s.Create(t.Context(), plan("all", 1))
	require.Equal(t, want, rules(t, err, problem.KindInvalid), "all schools are also that one")
	_, err = s.Update(t.Context(), "d1", "elm", "", func(c *campaign.Campaign) error { c.Schools = nil; return nil })
	require.Equal(t, want, rules(t, err, problem.KindInvalid))
	_, err = s.Update(t.Context(), "d1", "elm", "", func(c *campaign.Campaign) error { c.Title = "Mine"; return nil })
	require.NoError(t, err, "a campaign is no rival of its own")
	_, err = s.Create(t.Context(), plan("second", 2))
	require.NoError(t, err)
}

func TestPeopleOfASchoolSeeOnlyWhatAsksTheirFamilies(t *testing.T) {
	o, s := staffed()
	for id, schools := range map[string][]string{"oak": {"oak"}, "elm": {"elm"}, "two": {"elm", "oak"}, "all": nil} {
		c := plan(id, 1, schools...)
		c.AllSchools = schools == nil
		o.campaigns[id] = c
	}
	for name, tt := range map[string]struct {
		viewer campaign.Viewer
		want   []string
	}{
		"the district":                 {campaign.Viewer{All: true}, []string{"all", "elm", "oak", "two"}},
		"one school":                   {campaign.Viewer{Schools: []string{"oak"}}, []string{"all", "oak", "two"}},
		"a school nobody names":        {campaign.Viewer{Schools: []string{"fir"}}, []string{"all"}},
		"two schools":                  {campaign.Viewer{Schools: []string{"elm", "oak"}}, []string{"all", "elm", "oak", "two"}},
		"nobody's school":              {campaign.Viewer{}, nil},
		"a school that is named alike": {campaign.Viewer{Schools: []string{"oa"}}, []string{"all"}},
	} {
		t.Run(name, func(t *testing.T) {
			o.asked = nil
			list, err := s.List(t.Context(), "d1", tt.viewer, "", 10)
			require.NoError(t, err)
			var listed, got []string
			for _, c := range list {
				listed = append(listed, c.ID)
			}
			slices.Sort(listed)
			require.Equal(t, tt.want, listed)
			for _, id := range []string{"all", "elm", "oak", "two"} {
				if _, err := s.Get(t.Context(), "d1", id, tt.viewer); err == nil {
					got = append(got, id)
				} else {
					require.Equal(t, problem.NotFound(campaign.Name("d1", id)).Error(), err.Error(), "as if it were not there")
				}
			}
			require.Equal(t, tt.want, got, "what a list shows is what Get shows")
			require.Equal(t, tt.want == nil, len(o.asked) == 0, "nothing is read for those who see nothing")
		})
	}
}

func TestADraftForSomeSchoolsIsHiddenFromThoseItNoLongerAsks(t *testing.T) {
	_, s := staffed()
	_, err := s.Create(t.Context(), plan("a", 1, "oak"))
	require.NoError(t, err)
	oak := campaign.Viewer{Schools: []string{"oak"}}
	_, err = s.Get(t.Context(), "d1", "a", oak)
	require.NoError(t, err)
	_, err = s.Update(t.Context(), "d1", "a", "", func(c *campaign.Campaign) error { c.Schools = []campaign.School{{ID: "elm"}}; return nil })
	require.NoError(t, err)
	_, err = s.Get(t.Context(), "d1", "a", oak)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestDoorsFitTheModeTheSchoolsAndTheTime(t *testing.T) {
	const name = "districts/d1/campaigns/a"
	for what, tt := range map[string]struct {
		mode       campaign.Mode
		state      campaign.State
		school     string
		link, call []string // refusals of a link and of invitations
	}{
		"a draft with links":         {campaign.OpenLink, campaign.Draft, "oak", nil, []string{name + " mode_of_campaign"}},
		"an open one with tokens":    {campaign.Token, campaign.Open, "oak", []string{name + " mode_of_campaign"}, nil},
		"a closed one":               {campaign.Token, campaign.Closed, "oak", []string{name + " mode_of_campaign", name + " not_closed"}, []string{name + " not_closed"}},
		"a published one":            {campaign.OpenLink, campaign.Published, "oak", []string{name + " not_closed"}, []string{name + " mode_of_campaign", name + " not_closed"}},
		"a school that is not asked": {campaign.OpenLink, campaign.Open, "elm", []string{"link.school school_of_campaign"}, []string{"school school_of_campaign"}},
	} {
		t.Run(what, func(t *testing.T) {
			o, s := staffed()
			c := plan("a", 1, "oak")
			c.Mode, c.State, c.Version = tt.mode, tt.state, 1
			o.campaigns["a"] = c
			link, linkErr := s.CreateLink(t.Context(), campaign.Link{District: "d1", Campaign: "a", School: tt.school})
			codes, inviteErr := s.Invite(t.Context(), "d1", "a", tt.school, 3)
			for _, try := range []struct {
				err  error
				want []string
			}{{linkErr, tt.link}, {inviteErr, tt.call}} {
				if try.want == nil {
					require.NoError(t, try.err)
					continue
				}
				kind := problem.KindPrecondition
				if strings.Contains(try.want[0], "school_of_campaign") {
					kind = problem.KindInvalid
				}
				require.Equal(t, try.want, rules(t, try.err, kind))
			}
			if tt.link == nil {
				require.Equal(t, []campaign.Link{link}, o.links)
				require.Len(t, link.Code, 26)
			}
			if tt.call == nil {
				require.Len(t, o.digests, 3)
				for _, code := range codes {
					require.NotContains(t, o.digests, code, "codes themselves are not kept")
				}
			}
		})
	}
}

func TestHowManyInvitationsOneCallMakes(t *testing.T) {
	for count, want := range map[int][]string{
		-1: {"count one_to_thousand"}, 0: {"count one_to_thousand"}, 1: nil, 1000: nil, 1001: {"count one_to_thousand"},
	} {
		o, s := staffed()
		_, err := s.Create(t.Context(), plan("a", 1))
		require.NoError(t, err)
		codes, err := s.Invite(t.Context(), "d1", "a", "oak", count)
		if want != nil {
			require.Equal(t, want, rules(t, err, problem.KindInvalid))
			require.Empty(t, o.digests)
			continue
		}
		require.NoError(t, err)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(codes))), count, "no code twice")
	}
	_, s := staffed()
	_, err := s.Create(t.Context(), plan("a", 1))
	require.NoError(t, err)
	_, err = s.Invite(t.Context(), "d1", "a", "ash", 0)
	require.Equal(t, []string{"count one_to_thousand", "school school_of_campaign"}, rules(t, err, problem.KindInvalid), "a closed school is asked by no campaign for all")
}

package campaign_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

func TestLocalTimesAsMoments(t *testing.T) {
	const denver = "America/Denver"
	for name, tt := range map[string]struct {
		local, zone string
		start, end  string
	}{
		"in summer":                         {"2026-10-05T08:00", denver, "2026-10-05T14:00:00Z", "2026-10-05T14:00:00Z"},
		"in winter":                         {"2026-12-05T08:00", denver, "2026-12-05T15:00:00Z", "2026-12-05T15:00:00Z"},
		"before clocks leap":                {"2026-03-08T01:59", denver, "2026-03-08T08:59:00Z", "2026-03-08T08:59:00Z"},
		"leapt over: when they leap":        {"2026-03-08T02:30", denver, "2026-03-08T09:00:00Z", "2026-03-08T09:00:00Z"},
		"first that clocks leap over":       {"2026-03-08T02:00", denver, "2026-03-08T09:00:00Z", "2026-03-08T09:00:00Z"},
		"after the leap":                    {"2026-03-08T03:00", denver, "2026-03-08T09:00:00Z", "2026-03-08T09:00:00Z"},
		"twice: starts first, ends second":  {"2026-11-01T01:30", denver, "2026-11-01T07:30:00Z", "2026-11-01T08:30:00Z"},
		"the first that comes twice":        {"2026-11-01T01:00", denver, "2026-11-01T07:00:00Z", "2026-11-01T08:00:00Z"},
		"after it came twice":               {"2026-11-01T02:00", denver, "2026-11-01T09:00:00Z", "2026-11-01T09:00:00Z"},
		"no summer time":                    {"2026-03-08T02:30", "America/Phoenix", "2026-03-08T09:30:00Z", "2026-03-08T09:30:00Z"},
		"half an hour of summer time: leap": {"2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z"},
		"a day that never was":              {"2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		"east of everything":                {"2026-07-01T00:00", "Pacific/Kiritimati", "2026-06-30T10:00:00Z", "2026-06-30T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			for edge, want := range map[campaign.Edge]string{campaign.Start: tt.start, campaign.End: tt.end} {
				got, err := campaign.Instant(tt.local, tt.zone, edge)
				require.NoError(t, err)
				require.Equal(t, want, got.Format(time.RFC3339), edge)
			}
		})
	}
	_, err := campaign.Instant("2026-10-05 08:00", denver, campaign.Start)
	require.Error(t, err)
	_, err = campaign.Instant("2026-10-05T08:00", "Mars/Olympus", campaign.Start)
	require.Error(t, err)
}

// Whatever the zone: the moment shows the local time on a clock there, unless
// clocks skip it, and a window never ends before a later local time starts.
func TestMomentsKeepTheOrderOfLocalTimes(t *testing.T) {
	zones := []string{"America/Denver", "America/Phoenix", "Australia/Lord_Howe", "Europe/Madrid", "Asia/Kathmandu", "America/St_Johns", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minute")) * time.Minute)
		next := wall.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "later")) * time.Minute)
		start, err := campaign.Instant(wall.Format(campaign.LocalLayout), zone, campaign.Start)
		require.NoError(t, err)
		end, err := campaign.Instant(wall.Format(campaign.LocalLayout), zone, campaign.End)
		require.NoError(t, err)
		require.False(t, end.Before(start))
		after, err := campaign.Instant(next.Format(campaign.LocalLayout), zone, campaign.End)
		require.NoError(t, err)
		require.False(t, after.Before(end))
		shown := start.In(location).Format(campaign.LocalLayout)
		require.GreaterOrEqual(t, shown, wall.Format(campaign.LocalLayout))
	})
}

// due makes the memory a store of the schedule.
type timed struct {
	*memory
	now *clock.Fake
}

func (m timed) find(match func(c campaign.Campaign, now time.Time) bool) func(context.Context, time.Time) ([]campaign.Due, error) {
	return func(_ context.Context, now time.Time) (out []campaign.Due, err error) {
		for _, c := range m.campaigns {
			if match(c, now) {
				out = append(out, campaign.Due{District: c.District, ID: c.ID})
			}
		}
		return out, nil
	}
}

func (m timed) DueToOpen(ctx context.Context, now time.Time) ([]campaign.Due, error) {
	return m.find(func(c campaign.Campaign, now time.Time) bool {
		return c.State == campaign.Draft && c.StartLocal != "" && !c.StartsAt().After(now)
	})(ctx, now)
}

func (m timed) DueToClose(ctx context.Context, now time.Time) ([]campaign.Due, error) {
	return m.find(func(c campaign.Campaign, now time.Time) bool {
		return c.State == campaign.Open && c.EndLocal != "" && !c.EndsAt().After(now)
	})(ctx, now)
}

func TestWindowsOpenAndCloseCampaigns(t *testing.T) {
	m, now := newMemory(), clock.NewFake(moment())
	s := campaign.NewService(m, m, m, now)
	schedule := campaign.NewSchedule(s, timed{m, now}, kittest.Log(t))
	plan := campaign.Campaign{
		District: "d1", ID: "w", Title: "Fall", InstrumentVersion: "instruments/i/versions/1", Cycle: "cycles/2026", Wave: 1, Mode: campaign.OpenLink,
		StartLocal: "2026-10-05T08:00", EndLocal: "2026-10-06T08:00", TimeZone: "America/Denver",
	}
	c, err := s.Create(t.Context(), plan)
	require.NoError(t, err)
	require.NotEmpty(t, c.Schools, "a campaign that opens by itself names its schools")
	require.NotEmpty(t, c.Schools[0].Title)
	require.Equal(t, "Pine County Schools", c.DistrictTitle)
	state := func() campaign.State {
		require.NoError(t, schedule.Pass(t.Context()))
		c, err := s.Get(t.Context(), "d1", "w", campaign.Viewer{All: true})
		require.NoError(t, err)
		return c.State
	}
	now.Set(c.StartsAt().Add(-time.Second))
	require.Equal(t, campaign.Draft, state())
	now.Set(c.StartsAt())
	require.Equal(t, campaign.Open, state())
	_, err = s.Update(t.Context(), "d1", "w", "", func(c *campaign.Campaign) error { c.EndLocal = "2026-10-07T08:00"; return nil })
	require.NoError(t, err, "an open campaign may end later")
	now.Set(c.EndsAt())
	require.Equal(t, campaign.Open, state())
	now.Set(c.EndsAt().Add(24 * time.Hour))
	require.Equal(t, campaign.Closed, state())
	require.Equal(t, campaign.Closed, state())
}

func TestWhatMayChangeAfterOpening(t *testing.T) {
	message := []campaign.Message{{Kind: campaign.Reminder, Language: "en", Subject: "S", Body: "{{link}} {{opt_out}}"}}
	for name, tt := range map[string]struct {
		change func(c *campaign.Campaign)
		rule   string
	}{
		"texts":               {func(c *campaign.Campaign) { c.Messages = message }, ""},
		"whom to ask":         {func(c *campaign.Campaign) { c.ReplyTo = "office@example.org" }, ""},
		"an end":              {func(c *campaign.Campaign) { c.EndLocal, c.TimeZone = "2026-10-09T08:00", "America/Denver" }, ""},
		"an end that is over": {func(c *campaign.Campaign) { c.EndLocal, c.TimeZone = "2026-08-09T08:00", "America/Denver" }, "end_ahead"},
		"an end of no zone":   {func(c *campaign.Campaign) { c.EndLocal = "2026-10-09T08:00" }, "time_zone_known"},
		"texts that lead nowhere": {func(c *campaign.Campaign) {
			c.Messages = []campaign.Message{{Kind: 1, Language: "en", Subject: "S", Body: "Hi"}}
		}, "placeholder_needed"},
		"groups":                {func(c *campaign.Campaign) { c.GroupVariables = []string{"grade"} }, "frozen_at_opening"},
		"the unit":              {func(c *campaign.Campaign) { c.Unit = campaign.Child }, "frozen_at_opening"},
		"a start that has been": {func(c *campaign.Campaign) { c.StartLocal = "2026-10-01T08:00" }, "frozen_at_opening"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			s := campaign.NewService(m, m, m, clock.NewFake(moment()))
			_, err := s.Create(t.Context(), campaign.Campaign{
				District: "d1", ID: "w", Title: "Fall", InstrumentVersion: "instruments/i/versions/1", Cycle: "cycles/2026", Wave: 1, Mode: campaign.Confidential,
			})
			require.NoError(t, err)
			_, err = s.Open(t.Context(), "d1", "w", "")
			require.NoError(t, err)
			_, err = s.Update(t.Context(), "d1", "w", "", func(c *campaign.Campaign) error { tt.change(c); return nil })
			if tt.rule == "" {
				require.NoError(t, err)
				return
			}
			p, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.rule, p.Violations[0].Rule, p.Violations)
		})
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	text := func(subject, body string) func(c *campaign.Campaign) {
		return func(c *campaign.Campaign) {
			c.Messages = []campaign.Message{{Kind: campaign.Invitation, Language: "en", Subject: subject, Body: body}}
		}
	}
	for name, tt := range map[string]struct {
		change func(c *campaign.Campaign)
		rule   string
	}{
		"a window without a zone": {func(c *campaign.Campaign) { c.EndLocal = "2026-10-05T08:00" }, "time_zone_known"},
		"the machine's zone":      {func(c *campaign.Campaign) { c.EndLocal, c.TimeZone = "2026-10-05T08:00", "Local" }, "time_zone_known"},
		"no zone there is":        {func(c *campaign.Campaign) { c.TimeZone = "Mars/Olympus" }, "time_zone_known"},
		"no local time":           {func(c *campaign.Campaign) { c.EndLocal, c.TimeZone = "Monday", "America/Denver" }, "local_time"},
		"the end first": {func(c *campaign.Campaign) {
			c.StartLocal, c.EndLocal, c.TimeZone = "2026-10-05T08:00", "2026-10-05T08:00", "UTC"
		}, "after_start"},
		"groups without recipients": {func(c *campaign.Campaign) { c.Mode, c.GroupVariables = campaign.Token, []string{"grade"} }, "recipients_have_groups"},
		"a group that is a column":  {func(c *campaign.Campaign) { c.GroupVariables = []string{"email"} }, "group_is_no_column"},
		"a group twice":             {func(c *campaign.Campaign) { c.GroupVariables = []string{"grade", "grade"} }, "group_once"},
		"a group with a space":      {func(c *campaign.Campaign) { c.GroupVariables = []string{"grade band"} }, "group_form"},
		"an unknown place":          {text("S", "{{link}} {{opt_out}} {{name}}"), "known_placeholder"},
		"no link":                   {text("S", "{{opt_out}}"), "placeholder_needed"},
		"no way out":                {text("S", "{{link}}"), "placeholder_needed"},
		"a code in the subject":     {text("{{link}}", "{{link}} {{opt_out}}"), "no_code_in_subject"},
		"two lines of subject":      {text("S\r\nBcc: x@example.org", "{{link}} {{opt_out}}"), "one_line"},
		"no plain text":             {text("S", "{{link}} {{opt_out}}\x1b[2J"), "plain_text"},
		"a person's name and mail":  {func(c *campaign.Campaign) { c.ReplyTo = "Office <office@example.org>" }, "mail_address"},
		"two addresses":             {func(c *campaign.Campaign) { c.ReplyTo = "a@example.org, b@example.org" }, "mail_address"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			s := campaign.NewService(m, m, m, clock.NewFake(moment()))
			c := campaign.Campaign{
				District: "d1", ID: "w", Title: "Fall", InstrumentVersion: "instruments/i/versions/1", Cycle: "cycles/2026", Wave: 1, Mode: campaign.Confidential,
			}
			tt.change(&c)
			_, err := s.Create(t.Context(), c)
			p, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.rule, p.Violations[0].Rule, p.Violations)
		})
	}
}

func TestACampaignWhoseWindowIsOverDoesNotOpen(t *testing.T) {
	m := newMemory()
	s := campaign.NewService(m, m, m, clock.NewFake(moment()))
	_, err := s.Create(t.Context(), campaign.Campaign{
		District: "d1", ID: "w", Title: "Fall", InstrumentVersion: "instruments/i/versions/1", Cycle: "cycles/2026", Wave: 1, Mode: campaign.OpenLink,
		EndLocal: "2026-08-01T08:00", TimeZone: "America/Denver",
	})
	require.NoError(t, err)
	_, err = s.Open(t.Context(), "d1", "w", "")
	require.True(t, problem.Is(err, problem.KindPrecondition), "%v", err)
}

// linked takes links.
type linked struct{ *memory }

func (linked) AddLink(context.Context, campaign.Link) error { return nil }

func TestLinksForDevicesAndKiosks(t *testing.T) {
	m := newMemory()
	s := campaign.NewService(linked{m}, m, m, clock.NewFake(moment()))
	_, err := s.Create(t.Context(), campaign.Campaign{
		District: "d1", ID: "w", Title: "Fall", InstrumentVersion: "instruments/i/versions/1", Cycle: "cycles/2026", Wave: 1, Mode: campaign.OpenLink,
	})
	require.NoError(t, err)
	school := m.schools[0].ID
	web, err := s.CreateLink(t.Context(), campaign.Link{District: "d1", Campaign: "w", School: school})
	require.NoError(t, err)
	require.Equal(t, campaign.Web, web.Kind)
	kiosk, err := s.CreateLink(t.Context(), campaign.Link{District: "d1", Campaign: "w", School: school, Kind: campaign.Kiosk, Title: "tablet in the office"})
	require.NoError(t, err, "a school may have several")
	require.Equal(t, campaign.Kiosk, kiosk.Kind)
	_, err = s.CreateLink(t.Context(), campaign.Link{District: "d1", Campaign: "w", School: school, Kind: 3})
	require.True(t, problem.Is(err, problem.KindInvalid), "%v", err)
}

package campaign

import (
	"context"
	"log/slog"
	"time"
	_ "time/tzdata" // time zones must be known in images without them

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// LocalLayout is how local times are written.
const LocalLayout = "2006-01-02T15:04"

// Edge is which end of a window a local time is.
type Edge int

// The ends. They differ where clocks are set back: a window holds the hour that
// comes twice both times, so that nobody comes too early or too late by their own
// clock.
const (
	Start Edge = iota
	End
)

// Instant is the moment of a local time. A time that clocks skip is the moment at
// which they skip it; of a time that comes twice a window begins at the first and
// ends at the second.
func Instant(local, zone string, edge Edge) (time.Time, error) {
	wall, err := time.Parse(LocalLayout, local)
	if err != nil {
		return time.Time{}, err
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, err
	}
	var found []time.Time
	for _, near := range []time.Duration{-day, day} { // the offsets before and after a change of clocks
		_, offset := wall.Add(near).In(location).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(location)
		if at.Format(LocalLayout) == local {
			found = append(found, at.UTC())
		}
	}
	switch {
	case len(found) == 0:
		return skipped(wall, location), nil
	case edge == End:
		return later(found[0], found[len(found)-1]), nil
	default:
		return earlier(found[0], found[len(found)-1]), nil
	}
}

const day = 24 * time.Hour

// skipped is when clocks leap over a local time.
func skipped(wall time.Time, location *time.Location) time.Time {
	_, before := wall.Add(-day).In(location).Zone()
	leap, _ := wall.Add(-time.Duration(before) * time.Second).In(location).ZoneBounds()
	return leap.UTC()
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// StartsAt is when it opens by itself; zero: by hand.
func (c Campaign) StartsAt() time.Time { return c.at(c.StartLocal, Start) }

// EndsAt is when it closes by itself; zero: by hand.
func (c Campaign) EndsAt() time.Time { return c.at(c.EndLocal, End) }

func (c Campaign) at(local string, edge Edge) time.Time {
	if local == "" {
		return time.Time{}
	}
	t, err := Instant(local, c.TimeZone, edge)
	if err != nil { // refused when it was set
		return time.Time{}
	}
	return t
}

// checkWindow refuses windows that cannot be.
func (c Campaign) checkWindow(bad *check.List) {
	if c.StartLocal == "" && c.EndLocal == "" {
		bad.Need(c.TimeZone == "" || knownZone(c.TimeZone), "campaign.time_zone", "time_zone_known", zoneFix)
		return
	}
	if !knownZone(c.TimeZone) {
		bad.Add("campaign.time_zone", "time_zone_known", zoneFix)
		return
	}
	for field, local := range map[string]string{"campaign.start_local": c.StartLocal, "campaign.end_local": c.EndLocal} {
		_, err := time.Parse(LocalLayout, local)
		bad.Need(local == "" || err == nil, field, "local_time", "Give a local time such as 2026-10-05T08:00.")
	}
	if start, end := c.StartsAt(), c.EndsAt(); !start.IsZero() && !end.IsZero() {
		bad.Need(start.Before(end), "campaign.end_local", "after_start", "Let the survey end after it starts.")
	}
}

const zoneFix = "Name the time zone of the window, e.g. America/Denver."

func knownZone(zone string) bool {
	if zone == "" || zone == "Local" {
		return false
	}
	_, err := time.LoadLocation(zone)
	return err == nil
}

// notOver refuses to open a campaign whose window is over.
func (c Campaign) notOver(now time.Time) error {
	if end := c.EndsAt(); end.IsZero() || now.Before(end) {
		return nil
	}
	return problem.Precondition(problem.ReasonWindowClosed, problem.Violation{
		Field: c.Name(), Rule: "window_ahead", Fix: "The window of the survey is over: change when it ends before you open it.",
	})
}

// Due is a campaign that is to be opened or closed by its window.
type Due struct{ District, ID string }

// Schedule opens and closes campaigns when their windows say so.
type Schedule struct {
	service *Service
	store   ScheduleStore
	log     *slog.Logger
}

// ScheduleStore finds campaigns whose time has come.
type ScheduleStore interface {
	// DueToOpen are drafts with a start before now, and no end before it.
	DueToOpen(ctx context.Context, now time.Time) ([]Due, error)
	// DueToClose are open campaigns with an end before now.
	DueToClose(ctx context.Context, now time.Time) ([]Due, error)
}

// NewSchedule returns the schedule.
func NewSchedule(s *Service, store ScheduleStore, log *slog.Logger) *Schedule {
	return &Schedule{service: s, store: store, log: log}
}

// Pass opens and closes what is due. What one campaign refuses keeps no other
// waiting; it is tried again in the next pass, as a person may mend it.
func (s *Schedule) Pass(ctx context.Context) error {
	everywhere := tenant.Everything(ctx, "the schedule looks for every district's campaigns")
	now := s.service.clock.Now()
	closing, err := s.store.DueToClose(everywhere, now)
	if err != nil {
		return err
	}
	s.each(audit.Work(ctx, "campaigns.close", ""), closing, s.service.closeDue)
	opening, err := s.store.DueToOpen(everywhere, now)
	if err != nil {
		return err
	}
	s.each(audit.Work(ctx, "campaigns.open", ""), opening, s.service.openDue)
	return nil
}

func (s *Schedule) each(ctx context.Context, due []Due, do func(ctx context.Context, district, id string) error) {
	for _, d := range due {
		if err := do(tenant.With(ctx, d.District), d.District, d.ID); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "campaign waits at an end of its window", "campaign", Name(d.District, d.ID), "error", err)
		}
	}
}

// openDue opens a draft whose start has come. Its schools were named when it was
// planned: there is no caller for whom the schools service could be asked now.
func (s *Service) openDue(ctx context.Context, district, id string) error {
	_, err := s.edit(ctx, district, id, "", func(ctx context.Context, c *Campaign) error {
		now := s.clock.Now()
		if start := c.StartsAt(); c.State != Draft || start.IsZero() || now.Before(start) {
			return errNotDue
		}
		return s.opening(ctx, c)
	})
	return due(err)
}

// closeDue closes an open campaign whose end has come.
func (s *Service) closeDue(ctx context.Context, district, id string) error {
	_, err := s.edit(ctx, district, id, "", func(_ context.Context, c *Campaign) error {
		if end := c.EndsAt(); c.State != Open || end.IsZero() || s.clock.Now().Before(end) {
			return errNotDue
		}
		c.State, c.CloseTime = Closed, s.clock.Now()
		return nil
	})
	return due(err)
}

package cycle

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const schedulePage = 100

// Announcement is what was said about one window.
type Announcement struct {
	Cycle  string
	Phase  phase.Phase
	Start  time.Time
	Opened bool
	Closed bool
}

// WindowOpened says that the window of a phase opened.
type WindowOpened struct {
	Name  string
	Phase phase.Phase
}

// WindowClosed says that the window of a phase closed.
type WindowClosed struct {
	Name  string
	Phase phase.Phase
}

// Scheduler says once of each window of an open cycle that it opened and closed.
// What it said is kept with what it says, so a restart or a second replica
// repeats nothing, and a clock that leaps over a window loses nothing.
type Scheduler struct {
	Store Store
	Clock clock.Clock
}

// Tick announces what is due by now.
func (s Scheduler) Tick(ctx context.Context) error {
	r := record.Range{Limit: schedulePage}
	for {
		cycles, err := s.Store.ListCycles(ctx, r)
		if err != nil {
			return err
		}
		for _, c := range cycles {
			if err := s.announce(ctx, c.Name); err != nil {
				return err
			}
		}
		if len(cycles) < schedulePage {
			return nil
		}
		last := cycles[len(cycles)-1]
		r.After = []string{last.StartDate, last.Name}
	}
}

// announce looks first without a transaction: nearly always nothing is due.
func (s Scheduler) announce(ctx context.Context, name string) error {
	due, err := s.due(ctx, name)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		due, err := s.due(ctx, name)
		if err != nil {
			return err
		}
		for _, d := range due {
			if err := s.Store.SaveAnnouncement(ctx, d.Announcement); err != nil {
				return err
			}
			for _, event := range d.events {
				if err := s.Store.Emit(ctx, event); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type dueAnnouncement struct {
	Announcement
	events []any
}

func (s Scheduler) due(ctx context.Context, name string) ([]dueAnnouncement, error) {
	c, err := s.Store.Cycle(ctx, name)
	if err != nil {
		return nil, err
	}
	said, err := s.Store.Announcements(ctx, name)
	if err != nil {
		return nil, err
	}
	var due []dueAnnouncement
	for _, w := range c.Windows {
		if d := dueOf(c, w, said, s.Clock.Now()); len(d.events) > 0 {
			due = append(due, d)
		}
	}
	return due, nil
}

// dueOf compares one window with what was said of it.
func dueOf(c Cycle, w Window, said []Announcement, now time.Time) dueAnnouncement {
	d := dueAnnouncement{Announcement: Announcement{Cycle: c.Name, Phase: w.Phase, Start: w.Start}}
	for _, a := range said {
		if a.Phase == w.Phase && a.Start.Equal(w.Start) {
			d.Announcement = a
		}
	}
	if !d.Opened && c.State == Open && !now.Before(w.Start) {
		d.Opened = true
		d.events = append(d.events, WindowOpened{Name: c.Name, Phase: w.Phase})
	}
	if d.Opened && !d.Closed && (c.State == Closed || !now.Before(w.End)) {
		d.Closed = true
		d.events = append(d.events, WindowClosed{Name: c.Name, Phase: w.Phase})
	}
	return d
}

// Package cycle keeps the calendar: school years with terms, and windows in which
// a phase of a journey may be left.
//
// Terms tell whether evidence comes from a process or from one event; windows
// tell journeys when they may move on. A Scheduler says when windows open and
// close, by the product's clock.
//
// Neighbours: api calls Service, journey reads cycles, store implements Store.
package cycle

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// State is where a cycle stands.
type State string

// The states, in order.
const (
	Planned State = "planned"
	Open    State = "open"
	Closed  State = "closed"
)

// Cycle is a school year.
type Cycle struct {
	Name string
	Fields
	State State
	record.Meta
}

// Fields is what may be changed about a cycle.
type Fields struct {
	Title     string
	StartDate string
	EndDate   string
	Terms     []Term
	Windows   []Window
}

// Term is a part of a cycle.
type Term struct {
	Title     string `json:"title"`
	StartDate string `json:"start_date"`
	EndDate   string `json:"end_date"`
}

// Window says when a phase may be left: from Start on, until before End.
type Window struct {
	Phase phase.Phase `json:"phase"`
	Start time.Time   `json:"start"`
	End   time.Time   `json:"end"`
}

// Contains tells whether the window is open at t.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.Start) && t.Before(w.End)
}

// WindowsOf returns the windows of a phase.
func (c Cycle) WindowsOf(p phase.Phase) []Window {
	var of []Window
	for _, w := range c.Windows {
		if w.Phase == p {
			of = append(of, w)
		}
	}
	return of
}

// TermOf returns the index of the term that a day falls in, or -1.
func (c Cycle) TermOf(date string) int {
	for i, t := range c.Terms {
		if t.StartDate <= date && date <= t.EndDate {
			return i
		}
	}
	return -1
}

// Opened says that a cycle opened.
type Opened struct{ Name string }

// Ended says that a cycle closed.
type Ended struct{ Name string }

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	Cycle(ctx context.Context, name string) (Cycle, error)
	InsertCycle(ctx context.Context, c Cycle) error
	UpdateCycle(ctx context.Context, c Cycle) error
	// ListCycles lists cycles, the one that starts last first.
	ListCycles(ctx context.Context, r record.Range) ([]Cycle, error)
	// Announcements returns what was said about the windows of a cycle.
	Announcements(ctx context.Context, cycle string) ([]Announcement, error)
	SaveAnnouncement(ctx context.Context, a Announcement) error
}

// Service is what can be done with the calendar.
type Service struct {
	Store Store
	Clock clock.Clock
}

// Create plans a cycle.
func (s Service) Create(ctx context.Context, id string, f Fields) (Cycle, error) {
	id, err := record.ChooseID(id, "cycle_id")
	if err != nil {
		return Cycle{}, err
	}
	if err := f.check(); err != nil {
		return Cycle{}, err
	}
	c := Cycle{Name: record.Join("", "cycles", id), Fields: f, State: Planned, Meta: record.NewMeta(s.Clock.Now())}
	return c, s.Store.Tx(ctx, func(ctx context.Context) error { return s.Store.InsertCycle(ctx, c) })
}

// Get reads one cycle.
func (s Service) Get(ctx context.Context, name string) (Cycle, error) {
	return s.Store.Cycle(ctx, name)
}

// List lists the cycles, the newest first.
func (s Service) List(ctx context.Context, r record.Range) ([]Cycle, error) {
	return s.Store.ListCycles(ctx, r)
}

// Update changes dates, terms and windows.
func (s Service) Update(ctx context.Context, name, tag string, change func(Fields) Fields) (Cycle, error) {
	return s.change(ctx, name, tag, func(c *Cycle) (any, error) {
		if c.State == Closed {
			return nil, stateWrong(name, "cycle_not_closed", "The cycle is over; what happened in it stays as it was.")
		}
		c.Fields = change(c.Fields)
		return nil, c.check()
	})
}

// Open opens a planned cycle.
func (s Service) Open(ctx context.Context, name, tag string) (Cycle, error) {
	return s.change(ctx, name, tag, func(c *Cycle) (any, error) {
		if c.State != Planned {
			return nil, stateWrong(name, "cycle_planned", "The cycle is "+string(c.State)+"; only a planned cycle can be opened.")
		}
		c.State = Open
		return Opened{Name: name}, nil
	})
}

// Close closes an open cycle.
func (s Service) Close(ctx context.Context, name, tag string) (Cycle, error) {
	return s.change(ctx, name, tag, func(c *Cycle) (any, error) {
		if c.State != Open {
			return nil, stateWrong(name, "cycle_open", "The cycle is "+string(c.State)+"; only an open cycle can be closed.")
		}
		c.State = Closed
		return Ended{Name: name}, nil
	})
}

func (s Service) change(ctx context.Context, name, tag string, change func(*Cycle) (event any, err error)) (c Cycle, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if c, err = s.Store.Cycle(ctx, name); err != nil {
			return err
		}
		if err := c.Check(tag, name); err != nil {
			return err
		}
		event, err := change(&c)
		if err != nil {
			return err
		}
		c.Touch(s.Clock.Now())
		if err := s.Store.UpdateCycle(ctx, c); err != nil || event == nil {
			return err
		}
		return s.Store.Emit(ctx, event)
	})
	return c, err
}

func stateWrong(name, rule, fix string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{Field: name, Rule: rule, Fix: fix})
}

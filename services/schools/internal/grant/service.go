package grant

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// maxOpen bounds how many grants of a person are open: all of them are read on
// every call that the person makes.
const maxOpen = 50

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	HasNode(ctx context.Context, node string) (bool, error)
	// Enabled tells whether a person is registered, and may sign in.
	Enabled(ctx context.Context, person string) (found, enabled bool, err error)
	Grant(ctx context.Context, name string) (Grant, error)
	InsertGrant(ctx context.Context, g Grant) error
	UpdateGrant(ctx context.Context, g Grant) error
	// ListGrants lists the grants of a person, newest first.
	ListGrants(ctx context.Context, person string, r record.Range) ([]Grant, error)
	// OpenGrants are the grants of a person that are not ended nor expired.
	OpenGrants(ctx context.Context, person string, at time.Time) ([]Grant, error)
	// HeldBy is what a person who may sign in holds at a time.
	HeldBy(ctx context.Context, person string, at time.Time) ([]Held, error)
	// OtherAdmin tells whether somebody who may sign in is state administrator at a
	// time by a grant other than the named one.
	OtherAdmin(ctx context.Context, besides string, at time.Time) (bool, error)
	// ListHolders lists the open grants on nodes, and below a node where one is
	// given, by person and id.
	ListHolders(ctx context.Context, q HolderQuery, r record.Range) ([]Holder, error)
}

// HolderQuery says whose grants are listed.
type HolderQuery struct {
	At    time.Time
	Nodes []string // the node and those above it
	Below string   // and nodes below this one, when Deep
	Deep  bool
}

// Service is what can be done with grants.
type Service struct {
	Store Store
	Clock clock.Clock
}

// Wish is a grant that somebody asks to be given.
type Wish struct {
	ID     string
	Field  string // where the request names it
	Asked  Held
	Reason string
}

// Create gives a person a role on a node.
func (s Service) Create(ctx context.Context, by Actor, person, id string, asked Held, reason string) (View, error) {
	id, err := record.ChooseID(id, "grant_id")
	if err != nil {
		return View{}, err
	}
	var given []Grant
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.checkPerson(ctx, person); err != nil {
			return err
		}
		wishes := []Wish{{ID: id, Field: "grant", Asked: asked, Reason: reason}}
		rules := record.For("")
		if err := s.Check(ctx, rules, record.Parent(person), wishes); err != nil {
			return err
		}
		if err := rules.Err(); err != nil {
			return err
		}
		given, err = s.Give(ctx, by, person, wishes)
		return err
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, given[0])
}

func (s Service) checkPerson(ctx context.Context, person string) error {
	found, enabled, err := s.Store.Enabled(ctx, person)
	switch {
	case err != nil:
		return err
	case !found:
		return problem.NotFound(person)
	case !enabled:
		return stateWrong(person, "person_enabled", "Let the person sign in again first: update the field disabled.")
	default:
		return nil
	}
}

// Give gives a registered person what was Checked, in the transaction in ctx, if
// it is the actor's to give. What starts without a time starts now.
func (s Service) Give(ctx context.Context, by Actor, person string, wishes []Wish) ([]Grant, error) {
	if len(wishes) == 0 {
		return nil, nil
	}
	if err := s.mayGive(ctx, by, wishes); err != nil {
		return nil, err
	}
	open, err := s.Store.OpenGrants(ctx, person, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	if len(open)+len(wishes) > maxOpen {
		return nil, stateWrong(person, "max_grants", fmt.Sprintf("End grants that are not needed: a person has at most %d at a time.", maxOpen))
	}
	var given []Grant
	for _, w := range wishes {
		g := s.grantOf(by, person, w)
		if err := s.Store.InsertGrant(ctx, g); err != nil {
			return nil, err
		}
		if err := s.Store.Emit(ctx, told(g)); err != nil {
			return nil, err
		}
		given = append(given, g)
	}
	return given, nil
}

func (s Service) grantOf(by Actor, person string, w Wish) Grant {
	now := s.Clock.Now()
	return Grant{
		Name: record.Join(person, "grants", w.ID), Held: w.Asked.from(now), Reason: w.Reason, Grantor: by.Subject,
		Waits: dangerous(w.Asked.Role, w.Asked.Node) && !Root(by.Subject), Meta: record.NewMeta(now),
	}
}

func told(g Grant) any {
	if g.Waits {
		return Requested{Name: g.Name}
	}
	return Given{Name: g.Name}
}

// from is what is asked, beginning no earlier than now.
func (h Held) from(now time.Time) Held {
	if h.Start.Before(now) {
		h.Start = now
	}
	return h
}

// Get reads one grant.
func (s Service) Get(ctx context.Context, name string) (View, error) {
	g, err := s.Store.Grant(ctx, name)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, g)
}

// List lists the grants of a person, newest first.
func (s Service) List(ctx context.Context, person string, r record.Range) ([]View, error) {
	if found, _, err := s.Store.Enabled(ctx, person); err != nil || !found {
		return nil, notThere(err, person)
	}
	found, err := s.Store.ListGrants(ctx, person, r)
	if err != nil {
		return nil, err
	}
	l := s.looker()
	views := make([]View, len(found))
	for i, g := range found {
		if views[i], err = l.view(ctx, g); err != nil {
			return nil, err
		}
	}
	return views, nil
}

func notThere(err error, name string) error {
	if err != nil {
		return err
	}
	return problem.NotFound(name)
}

func stateWrong(subject, rule, fix string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{Field: subject, Rule: rule, Fix: fix})
}

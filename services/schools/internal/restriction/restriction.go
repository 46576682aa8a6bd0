// Package restriction keeps what districts forbid beyond what the platform does.
//
// A restriction takes actions away from roles inside its district; none can give
// any, so a district can make itself stricter without asking. It cannot lock
// itself or the state out: what people, grants and restrictions are governed by,
// and the audit log, cannot be restricted.
//
// A change is announced to all services once it is committed, and everything is
// announced again from time to time (Announcer), so that a service that missed
// it catches up. What is lifted is kept: it says for which districts there is
// something to announce, though it be nothing.
//
// Neighbours: api calls Service, store implements Store, package access of the
// kit decides with what is announced.
package restriction

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxActions = 50
	maxReason  = 500
	maxKept    = 50
)

// open are the resources that nobody can be kept from: who may not change grants
// or restrictions could not undo a restriction, and the log sees everything.
func open() []string { return []string{"restrictions", "grants", "people", "subjects", "auditEntries"} }

// Restriction forbids actions to roles inside a district.
type Restriction struct {
	Name string
	Fields
	Lifted bool
	record.Meta
}

// District is the name of the district that forbids.
func (r Restriction) District() string { return record.Parent(r.Name) }

// Fields is what a restriction says.
type Fields struct {
	Actions []string     // "artifacts.download", or all of a resource: "notes.*"
	Roles   []grant.Role // none: everybody but coordinators and state administrators
	Reason  string
}

// Changed says that what a district forbids changed.
type Changed struct{ Name string }

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	HasNode(ctx context.Context, node string) (bool, error)
	Restriction(ctx context.Context, name string) (Restriction, error)
	InsertRestriction(ctx context.Context, r Restriction) error
	UpdateRestriction(ctx context.Context, r Restriction) error
	// ListRestrictions lists the restrictions of a district that are in force.
	ListRestrictions(ctx context.Context, district string, r record.Range) ([]Restriction, error)
	// RestrictingDistricts are the names of the districts that ever forbade
	// anything.
	RestrictingDistricts(ctx context.Context) ([]string, error)
}

// Service is what can be done with restrictions.
type Service struct {
	Store Store
	Clock clock.Clock
	// Actions are all that the platform knows.
	Actions []string
	// Announcer tells the other services.
	Announcer *Announcer
}

// Create forbids actions to roles in a district.
func (s Service) Create(ctx context.Context, district, id string, f Fields) (Restriction, error) {
	id, err := record.ChooseID(id, "restriction_id")
	if err != nil {
		return Restriction{}, err
	}
	made := Restriction{Name: record.Join(district, "restrictions", id), Fields: f, Meta: record.NewMeta(s.Clock.Now())}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		kept, err := s.list(ctx, district, record.Range{})
		if err != nil {
			return err
		}
		if err := s.check(f); err != nil {
			return err
		}
		if len(kept) >= maxKept {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: district, Rule: "max_restrictions", Fix: fmt.Sprintf("Lift one first: a district has at most %d.", maxKept),
			})
		}
		if err := s.Store.InsertRestriction(ctx, made); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Changed{Name: made.Name})
	})
	if err != nil {
		return Restriction{}, err
	}
	s.Announcer.district(ctx, district)
	return made, nil
}

// Get reads one restriction.
func (s Service) Get(ctx context.Context, name string) (Restriction, error) {
	return s.Store.Restriction(ctx, name)
}

// List lists the restrictions of a district.
func (s Service) List(ctx context.Context, district string, r record.Range) ([]Restriction, error) {
	return s.list(ctx, district, r)
}

func (s Service) list(ctx context.Context, district string, r record.Range) ([]Restriction, error) {
	if found, err := s.Store.HasNode(ctx, district); err != nil {
		return nil, err
	} else if !found {
		return nil, problem.NotFound(district)
	}
	return s.Store.ListRestrictions(ctx, district, r)
}

// Lift ends a restriction.
func (s Service) Lift(ctx context.Context, name, tag string) error {
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		r, err := s.Store.Restriction(ctx, name)
		if err != nil {
			return err
		}
		if err := r.Check(tag, name); err != nil {
			return err
		}
		r.Lifted = true
		r.Touch(s.Clock.Now())
		if err := s.Store.UpdateRestriction(ctx, r); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Changed{Name: name})
	})
	if err == nil {
		s.Announcer.district(ctx, record.Parent(name))
	}
	return err
}

func (s Service) check(f Fields) error {
	r := record.For("restriction")
	r.Text("reason", f.Reason, maxReason)
	if len(f.Actions) == 0 || len(f.Actions) > maxActions {
		r.Add("actions", "item_count", fmt.Sprintf("Name 1 to %d actions.", maxActions))
	}
	for i, action := range f.Actions {
		s.checkAction(r, fmt.Sprintf("actions[%d]", i), action, f.Actions[:i])
	}
	for i, role := range f.Roles {
		if slices.Contains(f.Roles[:i], role) {
			r.Add(fmt.Sprintf("roles[%d]", i), "unique", "Name each role once.")
		}
	}
	return r.Err()
}

func (s Service) checkAction(r *record.Rules, field, action string, before []string) {
	resource, verb, _ := strings.Cut(action, ".")
	known := slices.ContainsFunc(s.Actions, func(a string) bool {
		return a == action || verb == "*" && strings.HasPrefix(a, resource+".")
	})
	switch {
	case slices.Contains(before, action):
		r.Add(field, "unique", "Name each action once.")
	case !known:
		r.Add(field, "known_action", `Name an action as refusals do, such as "artifacts.download", or all of a resource: "notes.*".`)
	case slices.Contains(open(), resource):
		r.Add(field, "restrictable", "Leave it out: nobody can be kept from people, grants, restrictions and the audit log.")
	}
}

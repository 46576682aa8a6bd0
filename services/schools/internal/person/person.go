// Package person keeps the people who work with the platform and the roles they
// are granted.
//
// The gateway reads grants when somebody signs in and signs them into an
// identity; from then on package access of the kit decides with them. So this
// is the one place where rights come into being, and its rule is that nobody
// gives more than they hold: the state gives anything, a coordinator the roles
// of a district on nodes inside it.
//
// Neighbours: api calls Service, store implements Store, team asks for Actor.
package person

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxName   = 200
	maxMail   = 254
	maxGrants = 50
)

// Person is somebody who works with the platform.
type Person struct {
	Name string
	Fields
	record.Meta
}

// Fields is what may be changed about a person.
type Fields struct {
	DisplayName string
	Email       string
	Grants      []Grant
	Demo        bool
}

// Changed says that a person or their roles changed.
type Changed struct{ Name string }

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	HasNode(ctx context.Context, node string) (bool, error)
	Person(ctx context.Context, name string) (Person, error)
	InsertPerson(ctx context.Context, p Person) error
	UpdatePerson(ctx context.Context, p Person) error
	// ListPeople lists the people below parent; with everywhere set, those of all
	// districts and the state office.
	ListPeople(ctx context.Context, parent string, everywhere bool, r record.Range) ([]Person, error)
}

// Service is what can be done with people.
type Service struct {
	Store Store
	Clock clock.Clock
}

// Create registers a person in a district, or in the state office when the
// parent is empty.
func (s Service) Create(ctx context.Context, by Actor, parent, id string, f Fields) (Person, error) {
	id, err := record.ChooseID(id, "person_id")
	if err != nil {
		return Person{}, err
	}
	p := Person{Name: record.Join(parent, "people", id), Fields: f, Meta: record.NewMeta(s.Clock.Now())}
	return p, s.Store.Tx(ctx, func(ctx context.Context) error {
		if found, err := s.Store.HasNode(ctx, parent); err != nil || !found {
			return notThere(err, parent)
		}
		if err := s.check(ctx, by, p, nil); err != nil {
			return err
		}
		if err := s.Store.InsertPerson(ctx, p); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Changed{Name: p.Name})
	})
}

// Get reads one person.
func (s Service) Get(ctx context.Context, name string) (Person, error) {
	return s.Store.Person(ctx, name)
}

// List lists the people of a district, of the state office (empty parent), or
// with everywhere set of both and all.
func (s Service) List(ctx context.Context, parent string, everywhere bool, r record.Range) ([]Person, error) {
	if !everywhere {
		if found, err := s.Store.HasNode(ctx, parent); err != nil || !found {
			return nil, notThere(err, parent)
		}
	}
	return s.Store.ListPeople(ctx, parent, everywhere, r)
}

// Update changes a person. Grants that come or go must be the actor's to give.
func (s Service) Update(ctx context.Context, by Actor, name, tag string, change func(Fields) Fields) (p Person, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if p, err = s.Store.Person(ctx, name); err != nil {
			return err
		}
		if err := p.Check(tag, name); err != nil {
			return err
		}
		before := p.Grants
		p.Fields = change(p.Fields)
		if err := s.check(ctx, by, p, before); err != nil {
			return err
		}
		p.Touch(s.Clock.Now())
		if err := s.Store.UpdatePerson(ctx, p); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Changed{Name: name})
	})
	return p, err
}

// check applies the rules of the fields, then that of granting.
func (s Service) check(ctx context.Context, by Actor, p Person, before []Grant) error {
	r := record.For("person")
	r.Text("display_name", p.DisplayName, maxName)
	if p.Email != "" {
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email || len(p.Email) > maxMail {
			r.Add("email", "mail_address", "Give a mail address such as name@example.org, or leave it out.")
		}
	}
	if len(p.Grants) > maxGrants {
		r.Add("grants", "max_items", fmt.Sprintf("Give at most %d grants.", maxGrants))
	}
	if err := s.checkNodes(ctx, r, p); err != nil {
		return err
	}
	if err := r.Err(); err != nil {
		return err
	}
	return mayGrant(by, p.Grants, before)
}

func (s Service) checkNodes(ctx context.Context, r *record.Rules, p Person) error {
	home := record.Parent(p.Name)
	for i, g := range p.Grants {
		field := fmt.Sprintf("grants[%d]", i)
		switch {
		case g.Role == "":
			r.Add(field+".role", "required", "Give one of the roles.")
		case slices.Contains(p.Grants[:i], g):
			r.Add(field, "unique", "Give each role on a node once.")
		case !isNode(g.Node):
			r.Add(field+".node", "node_form", "Use districts/{district}, districts/{district}/schools/{school}, or leave it empty for the state.")
		case !record.Within(g.Node, home):
			r.Add(field+".node", "within_district", "Choose the person's own district or one of its schools; state staff are registered in the state office.")
		case (g.Role == StateAdmin || g.Role == StateAnalyst) && g.Node != "":
			r.Add(field+".node", "state_role_on_state", "Leave the node of a state role empty.")
		default:
			if found, err := s.Store.HasNode(ctx, g.Node); err != nil {
				return err
			} else if !found {
				r.Add(field+".node", "node_exists", "Choose a district or school that is registered.")
			}
		}
	}
	return nil
}

// mayGrant looks at each grant that comes or goes.
func mayGrant(by Actor, after, before []Grant) error {
	var broken []problem.Violation
	for i, g := range after {
		if !slices.Contains(before, g) && !by.MayGrant(g) {
			broken = append(broken, exceeds(fmt.Sprintf("person.grants[%d]", i), g))
		}
	}
	for _, g := range before {
		if !slices.Contains(after, g) && !by.MayGrant(g) {
			broken = append(broken, exceeds("person.grants", g))
		}
	}
	if broken == nil {
		return nil
	}
	return problem.Precondition(problem.ReasonRoleInsufficient, broken...)
}

func exceeds(field string, g Grant) problem.Violation {
	return problem.Violation{Field: field, Rule: "grant_exceeds_own", Fix: fmt.Sprintf(
		"Ask the state office to change the role %s: nobody grants more than they hold.", g.Role)}
}

// isNode tells whether a text names the state, a district or a school.
func isNode(node string) bool {
	if node == "" {
		return true
	}
	parts := strings.Split(node, "/")
	ok := len(parts) == 2 || len(parts) == 4 && parts[2] == "schools"
	return ok && parts[0] == "districts" && !slices.Contains(parts, "") && !slices.Contains(parts, "-")
}

func notThere(err error, parent string) error {
	if err != nil {
		return err
	}
	return problem.NotFound(parent)
}

// Package person keeps the people who work with the platform.
//
// A person is registered in a district or in the state office. The roles they
// hold are grants (package grant); a new person may be given some in the same
// step, under the same rules. A person who is disabled keeps their grants on
// record and can use none of them.
//
// Who decides how somebody signs in decides over what they hold: a mail address
// links the first account, and disabled stops or starts sign-in. So both are
// changed only by who could take away every grant of that person, and the mail
// address of somebody with a dangerous grant only by themselves or a root:
// otherwise one person could become the second one whom such a grant needs.
//
// Neighbours: api calls Service, account registers whom an identity provider
// brings, store implements Store.
package person

import (
	"context"
	"fmt"
	"net/mail"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
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
	// Grants are what the person holds now. It is read, never written.
	Grants []Role
	record.Meta
}

// Fields is what may be changed about a person.
type Fields struct {
	DisplayName string
	Email       string
	Demo        bool
	Disabled    bool
}

// Role is a role on a node: empty for the state, a district or a school.
type Role struct {
	Role grant.Role
	Node string
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
	// Held is what people hold at a time, by their names.
	Held(ctx context.Context, people []string, at time.Time) (map[string][]Role, error)
}

// Service is what can be done with people.
type Service struct {
	Store  Store
	Clock  clock.Clock
	Grants grant.Service
}

// Create registers a person in a district, or in the state office when the
// parent is empty, and gives them the roles that are the actor's to give.
func (s Service) Create(ctx context.Context, by grant.Actor, parent, id string, f Fields, roles []Role) (Person, error) {
	id, err := record.ChooseID(id, "person_id")
	if err != nil {
		return Person{}, err
	}
	p := Person{Name: record.Join(parent, "people", id), Fields: f, Meta: record.NewMeta(s.Clock.Now())}
	if grant.Root(p.Name) {
		return Person{}, problem.Invalid(problem.Violation{
			Field: "person_id", Rule: "id_reserved", Fix: "Choose another id: this one belongs to the operator of the platform.",
		})
	}
	wishes := wishes(roles)
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if found, err := s.Store.HasNode(ctx, parent); err != nil || !found {
			return notThere(err, parent)
		}
		if err := s.check(ctx, p, wishes); err != nil {
			return err
		}
		if err := s.Store.InsertPerson(ctx, p); err != nil {
			return err
		}
		if _, err := s.Grants.Give(ctx, by, p.Name, wishes); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Changed{Name: p.Name})
	})
	if err != nil {
		return Person{}, err
	}
	return s.withGrants(ctx, p)
}

// wishes numbers the roles of a new person, so that a repeated request names the
// same grants.
func wishes(roles []Role) []grant.Wish {
	all := make([]grant.Wish, len(roles))
	for i, r := range roles {
		all[i] = grant.Wish{
			ID: fmt.Sprintf("first-%d", i+1), Field: fmt.Sprintf("person.grants[%d]", i), Asked: grant.Held{Role: r.Role, Node: r.Node},
		}
	}
	return all
}

// Get reads one person.
func (s Service) Get(ctx context.Context, name string) (Person, error) {
	p, err := s.Store.Person(ctx, name)
	if err != nil {
		return p, err
	}
	return s.withGrants(ctx, p)
}

func (s Service) withGrants(ctx context.Context, p Person) (Person, error) {
	held, err := s.Store.Held(ctx, []string{p.Name}, s.Clock.Now())
	p.Grants = held[p.Name]
	return p, err
}

// List lists the people of a district, of the state office (empty parent), or
// with everywhere set of both and all.
func (s Service) List(ctx context.Context, parent string, everywhere bool, r record.Range) ([]Person, error) {
	if !everywhere {
		if found, err := s.Store.HasNode(ctx, parent); err != nil || !found {
			return nil, notThere(err, parent)
		}
	}
	people, err := s.Store.ListPeople(ctx, parent, everywhere, r)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = p.Name
	}
	held, err := s.Store.Held(ctx, names, s.Clock.Now())
	for i, p := range people {
		people[i].Grants = held[p.Name]
	}
	return people, err
}

// Update changes a person.
func (s Service) Update(ctx context.Context, by grant.Actor, name, tag string, change func(Fields) Fields) (p Person, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if p, err = s.Store.Person(ctx, name); err != nil {
			return err
		}
		if err := p.Check(tag, name); err != nil {
			return err
		}
		before := p.Fields
		p.Fields = change(p.Fields)
		if err := s.check(ctx, p, nil); err != nil {
			return err
		}
		if err := s.maySignIn(ctx, by, p, before); err != nil {
			return err
		}
		p.Touch(s.Clock.Now())
		if err := s.Store.UpdatePerson(ctx, p); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Changed{Name: name})
	})
	if err != nil {
		return Person{}, err
	}
	return s.withGrants(ctx, p)
}

// check applies the rules of the fields, and those of the first grants.
func (s Service) check(ctx context.Context, p Person, wishes []grant.Wish) error {
	r := record.For("person")
	r.Text("display_name", p.DisplayName, maxName)
	if p.Email != "" && !IsMail(p.Email) {
		r.Add("email", "mail_address", "Give a mail address such as name@example.org, or leave it out.")
	}
	if len(wishes) > maxGrants {
		r.Add("grants", "max_items", fmt.Sprintf("Give at most %d grants.", maxGrants))
	}
	all := record.For("")
	all.Merge(r)
	if err := s.Grants.Check(ctx, all, record.Parent(p.Name), wishes); err != nil {
		return err
	}
	return all.Err()
}

// IsMail tells whether a text is a mail address and nothing else.
func IsMail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && len(text) <= maxMail
}

// maySignIn guards what decides who signs in as this person.
func (s Service) maySignIn(ctx context.Context, by grant.Actor, p Person, before Fields) error {
	mailed, switched := p.Email != before.Email, p.Disabled != before.Disabled
	if own := by.Subject == p.Name; !switched && (own || !mailed) {
		return nil
	}
	field := "person.email"
	if switched {
		field = "person.disabled"
	}
	open, err := s.Grants.MayTakeAll(ctx, by, p.Name, field)
	if err != nil {
		return err
	}
	for _, g := range open {
		if mailed && g.Dangerous() && !grant.Root(by.Subject) {
			return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{
				Field: "person.email", Rule: "own_address",
				Fix: "Let the person change it, or end the grants that need a second person and give them again.",
			})
		}
		if switched && p.Disabled {
			if err := s.Grants.KeepsAdmin(ctx, by, g); err != nil {
				return err
			}
		}
	}
	return nil
}

func notThere(err error, parent string) error {
	if err != nil {
		return err
	}
	return problem.NotFound(parent)
}

// Package account finds the person behind an account of an identity provider,
// and says what a person may who has been found.
//
// An account is an issuer and the id that it gave somebody. It belongs to one
// person of the tenant (a district or the state office) that the issuer is
// pinned to, and never to anybody of another: all that is looked at lies in that
// tenant. The first sign-in links the account to the one person of the roster
// whose mail address the issuer vouches for. From then on only the account
// counts, and a changed mail address changes nothing.
//
// Two sign-ins at once make one link: the keys of the store see to it, and who
// comes second finds what the first one linked.
//
// Neighbours: api calls Service for the gateway, store implements Store, person
// and grant own the rows that are read.
package account

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// soon is how far ahead grants are told: a token made of them outlives them by
// less.
const soon = time.Hour

// Account is who an identity provider says signed in.
type Account struct {
	Tenant  string // district the issuer is pinned to, empty for the state office
	Issuer  string
	Subject string
}

// Visitor is an account with what the issuer tells about its holder.
type Visitor struct {
	Account
	Email         string
	EmailVerified bool
	DisplayName   string
}

// Refusal says why nobody can be signed in.
type Refusal string

// The refusals.
const (
	UnknownPerson   Refusal = "unknown_person"
	EmailUnverified Refusal = "email_unverified"
	Ambiguous       Refusal = "ambiguous"
	LinkedElsewhere Refusal = "linked_elsewhere"
	Disabled        Refusal = "disabled"
)

// Link is an account that belongs to a person.
type Link struct {
	Account
	Person string
	At     time.Time
}

// Subject is a person as access sees them.
type Subject struct {
	Name        string
	DisplayName string
	Demo        bool
	Disabled    bool
	Grants      []grant.Grant
}

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	HasNode(ctx context.Context, node string) (bool, error)
	Person(ctx context.Context, name string) (person.Person, error)
	InsertPerson(ctx context.Context, p person.Person) error
	// PeopleByMail are the people of a tenant with a mail address, in any case of
	// its letters; two are enough.
	PeopleByMail(ctx context.Context, tenant, mail string) ([]person.Person, error)
	// Linked is the person an account belongs to, or empty.
	Linked(ctx context.Context, a Account) (string, error)
	// HasAccount tells whether a person has an account of an issuer.
	HasAccount(ctx context.Context, person, issuer string) (bool, error)
	InsertLink(ctx context.Context, l Link) error
	// Subject reads a person with the grants that hold at some time from now to
	// until, none that wait.
	Subject(ctx context.Context, name string, now, until time.Time) (Subject, error)
}

// Service is what the gateway asks.
type Service struct {
	Store Store
	Clock clock.Clock
}

// Resolve reads a person with what they hold now or soon; who is disabled holds
// nothing.
func (s Service) Resolve(ctx context.Context, name string) (Subject, error) {
	now := s.Clock.Now()
	found, err := s.Store.Subject(ctx, name, now, now.Add(soon))
	if found.Disabled {
		found.Grants = nil
	}
	return found, err
}

// races bounds how often a sign-in is looked at again because another one linked
// something meanwhile.
const races = 3

// SignIn finds the person of an account, or says why there is none. With create
// set, somebody whom the roster does not know is registered without any role.
func (s Service) SignIn(ctx context.Context, v Visitor, create bool) (name string, refusal Refusal, err error) {
	for range races {
		err = s.Store.Tx(ctx, func(ctx context.Context) error {
			name, refusal, err = s.signIn(ctx, v, create)
			return err
		})
		if !problem.Is(err, problem.KindAlreadyExists) {
			break
		}
	}
	if err != nil || refusal != "" {
		name = ""
	}
	return name, refusal, err
}

func (s Service) signIn(ctx context.Context, v Visitor, create bool) (string, Refusal, error) {
	if found, err := s.Store.HasNode(ctx, v.Tenant); err != nil {
		return "", "", err
	} else if !found {
		return "", "", problem.NotFound(v.Tenant)
	}
	linked, err := s.Store.Linked(ctx, v.Account)
	if err != nil {
		return "", "", err
	}
	if linked == "" {
		return s.first(ctx, v, create)
	}
	p, err := s.Store.Person(ctx, linked)
	if err == nil && p.Disabled {
		return "", Disabled, nil
	}
	return linked, "", err
}

// first is the first sign-in of an account.
func (s Service) first(ctx context.Context, v Visitor, create bool) (string, Refusal, error) {
	if v.Email != "" && !v.EmailVerified {
		return "", EmailUnverified, nil
	}
	found, err := s.known(ctx, v)
	if err != nil {
		return "", "", err
	}
	switch {
	case len(found) > 1:
		return "", Ambiguous, nil
	case len(found) == 0 && !create:
		return "", UnknownPerson, nil
	case len(found) == 0:
		return s.register(ctx, v)
	case found[0].Disabled:
		return "", Disabled, nil
	}
	taken, err := s.Store.HasAccount(ctx, found[0].Name, v.Issuer)
	if err != nil {
		return "", "", err
	}
	if taken {
		return "", LinkedElsewhere, nil
	}
	return found[0].Name, "", s.link(ctx, v, found[0].Name)
}

// known are the people of the tenant with the visitor's mail address. Only plain
// letters are compared in either case: other alphabets have letters that a
// database folds into plain ones, and somebody could own such an address.
func (s Service) known(ctx context.Context, v Visitor) ([]person.Person, error) {
	folded, ok := fold(v.Email)
	if !ok {
		return nil, nil
	}
	found, err := s.Store.PeopleByMail(ctx, v.Tenant, folded)
	var same []person.Person
	for _, p := range found {
		if mail, ok := fold(p.Email); ok && mail == folded {
			same = append(same, p)
		}
	}
	return same, err
}

// fold lowers the letters of a mail address of plain characters; any other is
// nobody's.
func fold(mail string) (string, bool) {
	folded := []byte(mail)
	for i, c := range folded {
		if c >= 0x80 {
			return "", false
		}
		if c >= 'A' && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded), mail != ""
}

// register makes a person of the visitor, who holds nothing.
func (s Service) register(ctx context.Context, v Visitor) (string, Refusal, error) {
	p := person.Person{
		Name: record.Join(v.Tenant, "people", ids.New()), Meta: record.NewMeta(s.Clock.Now()),
		Fields: person.Fields{DisplayName: v.DisplayName},
	}
	if person.IsMail(v.Email) {
		p.Email = v.Email
	}
	if p.DisplayName == "" {
		p.DisplayName = "New colleague"
	}
	if err := s.Store.InsertPerson(ctx, p); err != nil {
		return "", "", err
	}
	if err := s.Store.Emit(ctx, person.Changed{Name: p.Name}); err != nil {
		return "", "", err
	}
	return p.Name, "", s.link(ctx, v, p.Name)
}

func (s Service) link(ctx context.Context, v Visitor, name string) error {
	return s.Store.InsertLink(ctx, Link{Account: v.Account, Person: name, At: s.Clock.Now()})
}

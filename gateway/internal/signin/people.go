package signin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
)

// Limits of what is told to the schools service about an account.
const (
	maxSubject = 300
	maxEmail   = 254
	maxName    = 200
)

// Account is an account at an issuer, as far as its verified token tells.
type Account struct {
	Issuer, Subject string
	Parent          string // tenant that the issuer is pinned to
	Email           string
	EmailVerified   bool
	DisplayName     string
	Create          bool
}

// Person is somebody the schools service knows.
type Person struct {
	Name, DisplayName string
	Grants            []*schoolsv1.Grant
	Demo, Disabled    bool
}

// People answers who people are.
type People interface {
	// SignIn returns the person behind an account, or why there is none.
	SignIn(ctx context.Context, a Account) (person string, why schoolsv1.SignInAccountResponse_Refusal, err error)
	// Person returns a person, and false for one that is not known.
	Person(ctx context.Context, name string) (Person, bool, error)
}

// NewPeople returns the people of the schools service.
func NewPeople(schools grpc.ClientConnInterface) People {
	return people{schoolsv1.NewSubjectsServiceClient(schools)}
}

type people struct {
	subjects schoolsv1.SubjectsServiceClient
}

// SignIn implements People.
func (p people) SignIn(ctx context.Context, a Account) (string, schoolsv1.SignInAccountResponse_Refusal, error) {
	answer, err := p.subjects.SignInAccount(ctx, &schoolsv1.SignInAccountRequest{
		Issuer: a.Issuer, Subject: a.Subject, Parent: a.Parent, Email: a.Email, EmailVerified: a.EmailVerified,
		DisplayName: a.DisplayName, Create: a.Create,
	})
	return answer.GetPerson(), answer.GetRefusal(), err
}

// Person implements People.
func (p people) Person(ctx context.Context, name string) (Person, bool, error) {
	s, err := p.subjects.ResolveSubject(ctx, &schoolsv1.ResolveSubjectRequest{Name: name})
	if status.Code(err) == codes.NotFound || status.Code(err) == codes.InvalidArgument {
		return Person{}, false, nil
	}
	return Person{
		Name: s.GetName(), DisplayName: s.GetDisplayName(), Grants: s.GetGrants(), Demo: s.GetDemo(), Disabled: s.GetDisabled(),
	}, err == nil, err
}

// person is who an account belongs to. The accounts of the built-in issuer are
// the demo people themselves, and nobody else.
func (h *Handler) person(ctx context.Context, p provider.Provider, a Account) (string, *refusal) {
	if p.BuiltIn() {
		person, found, err := h.opts.People.Person(ctx, a.Subject)
		switch {
		case err != nil:
			return "", failed(err)
		case !found || !person.Demo:
			return "", refused(unknownPerson)
		case person.Disabled:
			return "", refused(disabledPerson)
		}
		return person.Name, nil
	}
	if len(a.Subject) > maxSubject || len(a.Email) > maxEmail {
		return "", refused(unknownPerson)
	}
	if runes := []rune(a.DisplayName); len(runes) > maxName {
		a.DisplayName = string(runes[:maxName])
	}
	person, why, err := h.opts.People.SignIn(ctx, a)
	switch {
	case err != nil:
		return "", failed(err)
	case person == "" || why != schoolsv1.SignInAccountResponse_REFUSAL_UNSPECIFIED:
		return "", refused(reasonOf(why))
	}
	return person, nil
}

package caller

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	scheme   = "bearer"
	maxToken = 16 << 10
)

// Options of New.
type Options struct {
	Verifier *identity.Verifier // of access tokens
	Signer   *identity.Signer   // of subject tokens, with the gateway's key
	People   People
	Machines Machines // nil: there are none
	Sources  []Source // asked before the Authorization header is looked at
	// Clock tells when grants begin and end.
	Clock clock.Clock
	// Dev believes tokens of the identity that development mode invents.
	Dev bool
}

// Resolver finds out who calls. It is safe for concurrent use.
type Resolver struct {
	options Options
	tokens  *tokens
}

// New returns a resolver.
func New(o Options) *Resolver {
	return &Resolver{options: o, tokens: newTokens(o.Signer, time.Now)}
}

// Identify returns the request's context with the caller and their internal
// token, and false for a request that proves nobody. It reads nothing of the
// request but the proof. Callers of whom something is wrong get an unauthenticated
// error; where the answer could not be found out, an unavailable one.
func (r *Resolver) Identify(req *http.Request) (context.Context, bool, error) {
	c, found, err := r.prove(req)
	if err != nil || !found {
		return req.Context(), false, err
	}
	ctx, err := r.As(req.Context(), c)
	return ctx, err == nil, err
}

// As returns the context with a caller who was proven elsewhere, with the rights that
// they have at this moment.
func (r *Resolver) As(ctx context.Context, c Caller) (context.Context, error) {
	id := access.Identity{Subject: c.Subject, Grants: c.Grants, Scopes: c.Scopes, Session: c.Session}
	if person(c.Subject) {
		var err error
		if id.Grants, err = r.options.People.Grants(ctx, c.Subject); err != nil {
			return ctx, err
		}
	}
	token, err := r.tokens.of(id)
	if err != nil {
		return ctx, problem.WithCause(problem.Unavailable("keys"), err)
	}
	id = identity.At(id, r.options.Clock.Now())
	id.Service = identity.Gateway
	return identity.WithToken(access.WithIdentity(ctx, id), token), nil
}

// Again identifies the caller of a request that is still being answered: their
// token, session or secret may have ended, and their rights changed.
func (r *Resolver) Again(req *http.Request) (context.Context, bool, error) {
	return r.Identify(req.WithContext(context.WithValue(req.Context(), watchingKey{}, true)))
}

// person tells whether rights are to be asked of the schools service. Everybody
// else brings them along.
func person(subject string) bool {
	return !identity.Root(subject) && !strings.Contains(subject, "/apiClients/")
}

// prove finds the caller by the sources, then by the Authorization header.
func (r *Resolver) prove(req *http.Request) (Caller, bool, error) {
	for _, source := range r.options.Sources {
		if c, found, err := source.Identify(req); err != nil || found {
			return c, found, err
		}
	}
	values := req.Header.Values("Authorization")
	if len(values) == 0 {
		return Caller{}, false, nil
	}
	kind, credential, _ := strings.Cut(values[0], " ")
	credential = strings.TrimSpace(credential)
	if len(values) != 1 || !strings.EqualFold(kind, scheme) || credential == "" || len(credential) > maxToken {
		return Caller{}, false, invalid()
	}
	var c Caller
	var err error
	if strings.Contains(credential, ".") {
		c, err = r.byToken(req.Context(), credential)
	} else {
		c, err = r.byKey(req.Context(), credential)
	}
	return c, err == nil, err
}

// byToken reads an access token. The parts of one are joined by dots, which an
// API key has not.
func (r *Resolver) byToken(ctx context.Context, token string) (Caller, error) {
	a, err := r.options.Verifier.Access(token)
	switch {
	case err != nil:
		return Caller{}, err
	case a.Subject == identity.Admin && !r.options.Dev:
		return Caller{}, invalid()
	case person(a.Subject) || identity.Root(a.Subject):
		return Caller{Subject: a.Subject, Grants: a.Grants}, nil
	case r.options.Machines == nil:
		return Caller{}, invalid()
	}
	return r.options.Machines.Token(ctx, a.Subject, a.Scopes, a.Credential, edge.RemoteAddr(ctx))
}

func (r *Resolver) byKey(ctx context.Context, key string) (Caller, error) {
	if r.options.Machines == nil {
		return Caller{}, invalid()
	}
	return r.options.Machines.Key(ctx, key, edge.RemoteAddr(ctx))
}

func invalid() error { return problem.Unauthenticated(problem.ReasonTokenInvalid) }

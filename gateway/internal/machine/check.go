package machine

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Proven is a machine that has shown who it is.
type Proven struct {
	Name     string
	SecretID string
	Scopes   []string  // that count for this call
	End      time.Time // of the machine; zero for never
}

// Why a machine is not let in. Callers learn only that it is not; these are for
// the log.
var (
	errUnknown = errors.New("no such machine or secret")
	errEnded   = errors.New("the machine is disabled or has ended")
	errAddress = errors.New("the machine may not call from this address")
	errScopes  = errors.New("no scope of the machine counts")
)

// BySecret checks what a machine shows at the token endpoint. What is not known
// is compared like what is, so that neither the answer nor its time tells which
// part was wrong.
func (s *Service) BySecret(ctx context.Context, clientID, secret string, from netip.Addr) (Proven, error) {
	name, ok := NameOf(clientID)
	if kind, formed := KindOf(secret); !ok || !formed || kind != ClientSecret {
		return Proven{}, refused(errUnknown)
	}
	c, err := s.find(ctx, name)
	if err != nil {
		return Proven{}, err
	}
	digest := DigestOf(secret)
	var match *Secret
	for i := range c.Secrets {
		if subtle.ConstantTimeCompare(c.Secrets[i].Digest[:], digest[:]) == 1 && c.Secrets[i].Kind == ClientSecret {
			match = &c.Secrets[i]
		}
	}
	return s.admit(c, match, from)
}

// ByKey checks an API key. The key alone says whose it is: it is found by its
// digest, which nobody can steer.
func (s *Service) ByKey(ctx context.Context, key string, from netip.Addr) (Proven, error) {
	if kind, formed := KindOf(key); !formed || kind != APIKey {
		return Proven{}, refused(errUnknown)
	}
	digest := DigestOf(key)
	c, err := s.Store.ClientOfKey(tenant.Everything(ctx, "an API key names no district"), digest)
	if problem.Is(err, problem.KindNotFound) {
		return Proven{}, refused(errUnknown)
	}
	if err != nil {
		return Proven{}, err
	}
	at := slices.IndexFunc(c.Secrets, func(s Secret) bool { return s.Digest == digest && s.Kind == APIKey })
	if at < 0 {
		return Proven{}, refused(errUnknown)
	}
	return s.admit(c, &c.Secrets[at], from)
}

// ByToken checks a token that was given for a secret: with each call, since the
// secret may be gone by now. The scopes of the token narrow those of the machine.
func (s *Service) ByToken(ctx context.Context, name, secretID string, scopes []string, from netip.Addr) (Proven, error) {
	c, err := s.find(ctx, name)
	if err != nil {
		return Proven{}, err
	}
	at := slices.IndexFunc(c.Secrets, func(s Secret) bool { return s.ID == secretID && s.Kind == ClientSecret })
	if at < 0 {
		return Proven{}, refused(errUnknown)
	}
	p, err := s.admit(c, &c.Secrets[at], from)
	if err != nil {
		return Proven{}, err
	}
	p.Scopes = slices.DeleteFunc(p.Scopes, func(scope string) bool { return !slices.Contains(scopes, scope) })
	if len(p.Scopes) == 0 {
		return Proven{}, refused(errScopes)
	}
	return p, nil
}

// find returns the client, or one without secrets where there is none. A name of
// something else, of a person say, is never looked for.
func (s *Service) find(ctx context.Context, name string) (Client, error) {
	district, id, _ := strings.Cut(strings.TrimPrefix(name, "districts/"), "/"+collection+"/")
	if !validID(district) || !validID(id) || nameIn("districts/"+district, id) != name {
		return Client{}, nil
	}
	c, err := s.Store.Client(tenant.With(ctx, district), name)
	if problem.Is(err, problem.KindNotFound) {
		return Client{}, nil
	}
	return c, err
}

// admit applies what bounds a machine that has shown one of its secrets.
func (s *Service) admit(c Client, secret *Secret, from netip.Addr) (Proven, error) {
	now := s.Clock.Now()
	switch {
	case secret == nil || !secret.live(now):
		return Proven{}, refused(errUnknown)
	case c.Ended(now):
		return Proven{}, refused(errEnded)
	case !c.allows(from):
		return Proven{}, refused(errAddress)
	}
	scopes := c.Effective(s.Scopes)
	if len(scopes) == 0 {
		return Proven{}, refused(errScopes)
	}
	s.Uses.note(c.Name, secret, now)
	return Proven{Name: c.Name, SecretID: secret.ID, Scopes: scopes, End: c.End}, nil
}

func refused(cause error) error {
	return problem.WithCause(problem.Unauthenticated(problem.ReasonTokenInvalid), cause)
}

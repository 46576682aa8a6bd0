// Package provider keeps the OpenID Connect issuers that people sign in with.
//
// Each is pinned to the state office or to one district, and says how its tokens
// prove that: many issuers serve thousands of districts, and without the pin an
// account of one could walk into another. Issuer and tenant never change; what
// does change the pin, or disables an issuer, ends the sessions begun with it.
//
// Neighbours: package signin reads providers on the way of a sign-in, its package
// api speaks IdentityProvidersService, package store implements Store.
package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// Collection is the first part of the names.
	Collection = "identityProviders/"
	// BuiltIn is the id of the issuer that development mode brings along. It is
	// no row and its id is never given to another.
	BuiltIn = "demonstration"
)

// Fields are what an administrator says about an issuer.
type Fields struct {
	Title        string
	Issuer       string
	ClientID     string
	Secret       string `json:"-"` // at the issuer; kept sealed only
	Tenant       string // district; empty for the state office
	TenantClaim  string
	TenantValue  string
	Scopes       []string
	CreatePeople bool
	Disabled     bool
}

// Provider is an issuer that people of one tenant sign in with.
type Provider struct {
	Name string
	Fields
	Sealed           []byte `json:"-"` // the secret, as it is kept
	Version          int64
	Created, Updated time.Time
}

// ID is the last segment of the name.
func (p Provider) ID() string { return p.Name[len(Collection):] }

// BuiltIn tells whether it is the issuer of development mode.
func (p Provider) BuiltIn() bool { return p.Name == Collection+BuiltIn }

// Store keeps providers; of Fields.Secret it knows what is Sealed only.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Provider(ctx context.Context, name string) (Provider, error)
	// Providers lists those with names after the given one.
	Providers(ctx context.Context, after string, limit int) ([]Provider, error)
	InsertProvider(ctx context.Context, p Provider) error
	// UpdateProvider writes the version after the one that was read.
	UpdateProvider(ctx context.Context, before, after Provider) error
	DeleteProvider(ctx context.Context, p Provider) error
	// EndProviderSessions ends all sessions begun with a provider.
	EndProviderSessions(ctx context.Context, name string) error
}

// Service is what can be done with providers.
type Service struct {
	Store Store
	Clock clock.Clock
	Box   seal.Box
	// Discover reads the discovery document of an issuer.
	Discover func(ctx context.Context, issuer string) error
	// Reachable says what is wrong with the address of an issuer, or nothing.
	Reachable func(address string) error
}

// Create registers an issuer whose discovery document can be read.
func (s Service) Create(ctx context.Context, id string, f Fields) (Provider, error) {
	if err := s.check(f); err != nil {
		return Provider{}, err
	}
	switch id {
	case "":
		id = ids.New()
	case BuiltIn:
		return Provider{}, problem.AlreadyExists(Collection + id)
	}
	if err := s.discover(ctx, f); err != nil {
		return Provider{}, err
	}
	now := s.Clock.Now()
	p := Provider{Name: Collection + id, Fields: f, Version: 1, Created: now, Updated: now}
	p.Sealed = s.Box.Seal(p.Name, f.Secret)
	return p, s.Store.Tx(ctx, func(ctx context.Context) error { return s.Store.InsertProvider(ctx, p) })
}

// Get reads one issuer.
func (s Service) Get(ctx context.Context, name string) (Provider, error) {
	return s.Store.Provider(ctx, name)
}

// Secret is the client secret of an issuer, in clear.
func (s Service) Secret(p Provider) (string, error) {
	secret, err := s.Box.Open(p.Name, p.Sealed)
	if err != nil {
		return "", fmt.Errorf("client secret of %s: %w", p.Name, err)
	}
	return secret, nil
}

// List reads issuers by name, after the one given.
func (s Service) List(ctx context.Context, after string, limit int) ([]Provider, error) {
	return s.Store.Providers(ctx, after, limit)
}

// Update changes an issuer. Sessions end where the change takes from under them
// what they were begun on.
func (s Service) Update(ctx context.Context, name, tag string, change func(Fields) Fields) (p Provider, err error) {
	return p, s.Store.Tx(ctx, func(ctx context.Context) error {
		before, err := s.Store.Provider(ctx, name)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, before.Version, name); err != nil {
			return err
		}
		p = before
		if before.Secret, err = s.Secret(before); err != nil {
			return err
		}
		p.Fields = change(before.Fields)
		if err := s.check(p.Fields); err != nil {
			return err
		}
		if err := fixed(before.Fields, p.Fields); err != nil {
			return err
		}
		p.Version, p.Updated = before.Version+1, s.Clock.Now()
		if p.Secret != before.Secret {
			p.Sealed = s.Box.Seal(p.Name, p.Secret)
		}
		if err := s.Store.UpdateProvider(ctx, before, p); err != nil {
			return err
		}
		if repinned(before.Fields, p.Fields) {
			return s.Store.EndProviderSessions(ctx, name)
		}
		return nil
	})
}

// Delete removes an issuer and ends the sessions begun with it.
func (s Service) Delete(ctx context.Context, name, tag string) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		p, err := s.Store.Provider(ctx, name)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, p.Version, name); err != nil {
			return err
		}
		if err := s.Store.EndProviderSessions(ctx, name); err != nil {
			return err
		}
		return s.Store.DeleteProvider(ctx, p)
	})
}

// repinned tells whether people who are signed in might not be let in any more.
func repinned(before, after Fields) bool {
	return after.Disabled && !before.Disabled || before.ClientID != after.ClientID ||
		before.TenantClaim != after.TenantClaim || before.TenantValue != after.TenantValue
}

// discover refuses an issuer that does not answer as one.
func (s Service) discover(ctx context.Context, f Fields) error {
	err := s.Discover(ctx, f.Issuer)
	if err == nil {
		return nil
	}
	return problem.WithCause(problem.Invalid(problem.Violation{
		Field: "identity_provider.issuer", Rule: "discoverable",
		Fix: "Give the issuer exactly as its discovery document names itself; " + f.Issuer + "/.well-known/openid-configuration could not be read as one.",
	}), err)
}

package provider_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// memory keeps providers, and remembers whose sessions were ended.
type memory struct {
	rows  map[string]provider.Provider
	ended []string
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) Provider(_ context.Context, name string) (provider.Provider, error) {
	p, ok := m.rows[name]
	if !ok {
		return p, problem.NotFound(name)
	}
	return p, nil
}

func (m *memory) Providers(context.Context, string, int) ([]provider.Provider, error) {
	return nil, nil
}

func (m *memory) InsertProvider(_ context.Context, p provider.Provider) error {
	p.Secret = ""
	m.rows[p.Name] = p
	return nil
}

func (m *memory) UpdateProvider(_ context.Context, _, after provider.Provider) error {
	after.Secret = ""
	m.rows[after.Name] = after
	return nil
}

func (m *memory) DeleteProvider(_ context.Context, p provider.Provider) error {
	delete(m.rows, p.Name)
	return nil
}

func (m *memory) EndProviderSessions(_ context.Context, name string) error {
	m.ended = append(m.ended, name)
	return nil
}

func service(t *testing.T) (provider.Service, *memory) {
	t.Helper()
	box, err := seal.New(slices.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	kept := &memory{rows: map[string]provider.Provider{}}
	return provider.Service{
		Store: kept, Box: box, Clock: clock.NewFake(kittest.Start()),
		Discover:  func(context.Context, string) error { return nil },
		Reachable: func(address string) error { return egress.CheckURL(address, egress.Options{}) },
	}, kept
}

func good() provider.Fields {
	return provider.Fields{
		Title: "Aspen", Issuer: "https://accounts.google.com", ClientID: "c", Secret: "hush", Tenant: "districts/aspen",
		TenantClaim: "hd", TenantValue: "aspen.example.org",
	}
}

func rules(err error) []string {
	p, _ := problem.As(err)
	var broken []string
	if p != nil {
		for _, v := range p.Violations {
			broken = append(broken, strings.TrimPrefix(v.Field, "identity_provider.")+": "+v.Rule)
		}
	}
	return broken
}

func TestAProviderMustBePinnedAndReachable(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*provider.Fields)
		want   []string
	}{
		"as it should be":             {func(*provider.Fields) {}, nil},
		"no title":                    {func(f *provider.Fields) { f.Title = " " }, []string{"title: required"}},
		"no client":                   {func(f *provider.Fields) { f.ClientID = "" }, []string{"client_id: required"}},
		"a tenant of another form":    {func(f *provider.Fields) { f.Tenant = "districts/a/schools/b" }, []string{"tenant: name_form"}},
		"every tenant":                {func(f *provider.Fields) { f.Tenant = "districts/-" }, []string{"tenant: name_form"}},
		"a claim without its value":   {func(f *provider.Fields) { f.TenantValue = "" }, []string{"tenant_claim: pair"}},
		"a value without its claim":   {func(f *provider.Fields) { f.TenantClaim = "" }, []string{"tenant_claim: pair"}},
		"a claim that names a person": {func(f *provider.Fields) { f.TenantClaim = "email" }, []string{"tenant_claim: tenant_claim"}},
		"Google without a pin":        {func(f *provider.Fields) { f.TenantClaim, f.TenantValue = "", "" }, []string{"tenant_claim: shared_issuer"}},
		"Microsoft for everybody":     {func(f *provider.Fields) { f.Issuer = "https://login.microsoftonline.com/common/v2.0" }, []string{"issuer: shared_issuer"}},
		"an own issuer without a pin": {func(f *provider.Fields) {
			f.Issuer, f.TenantClaim, f.TenantValue = "https://id.example.org/realm", "", ""
		}, nil},
		"an issuer without https":            {func(f *provider.Fields) { f.Issuer = "http://id.example.org" }, []string{"issuer: public_address"}},
		"an issuer in our own network":       {func(f *provider.Fields) { f.Issuer = "https://10.0.0.1" }, []string{"issuer: public_address"}},
		"an issuer with a query":             {func(f *provider.Fields) { f.Issuer = "https://id.example.org?x=1" }, []string{"issuer: issuer_url"}},
		"an issuer that is no address":       {func(f *provider.Fields) { f.Issuer = "id.example.org" }, []string{"issuer: issuer_url"}},
		"scopes that are not words":          {func(f *provider.Fields) { f.Scopes = []string{"a b"} }, []string{"scopes: scope_form"}},
		"several mistakes, told all at once": {func(f *provider.Fields) { f.Title, f.ClientID = "", "" }, []string{"title: required", "client_id: required"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, kept := service(t)
			f := good()
			c.change(&f)
			_, err := s.Create(t.Context(), "a", f)
			require.Equal(t, c.want, rules(err), "%v", err)
			require.Equal(t, c.want == nil, len(kept.rows) == 1)
		})
	}
}

func TestAnIssuerThatDoesNotAnswerAsOneIsRefused(t *testing.T) {
	s, kept := service(t)
	s.Discover = func(context.Context, string) error { return errors.New("404") }
	_, err := s.Create(t.Context(), "a", good())
	require.Equal(t, []string{"issuer: discoverable"}, rules(err))
	require.Empty(t, kept.rows)
}

func TestTheSecretIsKeptSealedAndFoundAgain(t *testing.T) {
	s, kept := service(t)
	_, err := s.Create(t.Context(), "a", good())
	require.NoError(t, err)
	row := kept.rows["identityProviders/a"]
	require.NotContains(t, string(row.Sealed), "hush")
	secret, err := s.Secret(row)
	require.NoError(t, err)
	require.Equal(t, "hush", secret)

	_, err = s.Update(t.Context(), row.Name, "", func(f provider.Fields) provider.Fields { f.Title = "B"; return f })
	require.NoError(t, err)
	secret, err = s.Secret(kept.rows[row.Name])
	require.NoError(t, err)
	require.Equal(t, "hush", secret, "another field was changed")
	_, err = s.Update(t.Context(), row.Name, "", func(f provider.Fields) provider.Fields { f.Secret = "new"; return f })
	require.NoError(t, err)
	secret, err = s.Secret(kept.rows[row.Name])
	require.NoError(t, err)
	require.Equal(t, "new", secret)
}

func TestSessionsEndWhenWhatTheyRestOnIsTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*provider.Fields)
		ends   bool
	}{
		"disabled":       {func(f *provider.Fields) { f.Disabled = true }, true},
		"another value":  {func(f *provider.Fields) { f.TenantValue = "birch.example.org" }, true},
		"another claim":  {func(f *provider.Fields) { f.TenantClaim = "tid" }, true},
		"another client": {func(f *provider.Fields) { f.ClientID = "d" }, true},
		"another title":  {func(f *provider.Fields) { f.Title = "B" }, false},
		"another secret": {func(f *provider.Fields) { f.Secret = "B" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, kept := service(t)
			p, err := s.Create(t.Context(), "a", good())
			require.NoError(t, err)
			_, err = s.Update(t.Context(), p.Name, "", func(f provider.Fields) provider.Fields { c.change(&f); return f })
			require.NoError(t, err)
			require.Equal(t, c.ends, len(kept.ended) == 1)
		})
	}
	s, kept := service(t)
	p, err := s.Create(t.Context(), "a", good())
	require.NoError(t, err)
	require.NoError(t, s.Delete(t.Context(), p.Name, ""))
	require.Equal(t, []string{p.Name}, kept.ended)
	require.Empty(t, kept.rows)
}

func TestIssuerAndTenantNeverChange(t *testing.T) {
	s, _ := service(t)
	p, err := s.Create(t.Context(), "a", good())
	require.NoError(t, err)
	_, err = s.Update(t.Context(), p.Name, "", func(f provider.Fields) provider.Fields {
		f.Issuer, f.Tenant = "https://clever.com", "districts/birch"
		return f
	})
	require.Equal(t, []string{"issuer: immutable", "tenant: immutable"}, rules(err))
	_, err = s.Update(t.Context(), p.Name, `"stale"`, func(f provider.Fields) provider.Fields { return f })
	require.True(t, problem.Is(err, problem.KindAborted))
	require.True(t, problem.Is(s.Delete(t.Context(), p.Name, `"stale"`), problem.KindAborted))
}

func TestTheIdOfTheBuiltInIssuerIsTaken(t *testing.T) {
	s, _ := service(t)
	_, err := s.Create(t.Context(), provider.BuiltIn, good())
	require.True(t, problem.Is(err, problem.KindAlreadyExists))
	p, err := s.Create(t.Context(), "", good())
	require.NoError(t, err)
	require.Greater(t, len(p.ID()), 10, "an id is chosen")
}

package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
)

// SignInStore is what signing in needs of the store.
type SignInStore interface {
	provider.Store
	session.Store
	signin.Store
}

// SignIn holds the store of providers, sessions and begun sign-ins to its
// contract; open returns an empty one.
func SignIn(t *testing.T, open func(t *testing.T) SignInStore) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, context.Context, SignInStore){
		"a provider comes back as it was written":         providerRoundTrip,
		"a provider somebody else changed is stale":       providerStale,
		"providers are listed by id":                      providerLists,
		"a begun sign-in is taken once":                   attemptOnce,
		"a session is found by its token's hash":          sessionRoundTrip,
		"sessions of a person are those that are alive":   sessionLists,
		"the last use only moves forwards":                sessionTouch,
		"sessions that are over are removed":              sessionCleaning,
		"a closed provider begins no session":             sessionOfClosed,
		"sessions end with their provider":                sessionsOfProvider,
		"equal ids in two districts are two sessions":     sessionsApart,
		"a failed transaction leaves neither of the rows": signInRollback,
	} {
		t.Run(name, func(t *testing.T) { test(t, t.Context(), open(t)) })
	}
}

// morning has microseconds, which both databases keep.
func morning() time.Time { return time.Date(2026, 9, 1, 8, 0, 0, 123456000, time.UTC) }

func providerOf(id string) provider.Provider {
	return provider.Provider{
		Name: provider.Collection + id, Version: 1, Created: morning(), Updated: morning(), Sealed: []byte{0, 1, 0xff},
		Fields: provider.Fields{
			Title: "Aspen'); DROP", Issuer: "https://issuer.example.org", ClientID: "c", Tenant: "districts/aspen",
			TenantClaim: "hd", TenantValue: "aspen.example.org", Scopes: []string{"groups"}, CreatePeople: true,
		},
	}
}

func sessionOf(subject, providerName string) session.Session {
	id := ids.New()
	return session.Session{
		ID: id, Subject: subject, Provider: providerName, Device: "Firefox on Linux", TokenHash: "hash of " + id, IDToken: []byte{0, 0xfe},
		EndSession: "https://issuer.example.org/end", Created: morning(), Used: morning(), Expires: morning().Add(12 * time.Hour),
	}
}

// admin is the context of a state administrator.
func admin(ctx context.Context) context.Context {
	return tenant.Everything(ctx, "the contract is about the state's rows")
}

func add(t *testing.T, ctx context.Context, s SignInStore, p provider.Provider) provider.Provider {
	t.Helper()
	require.NoError(t, s.Tx(admin(ctx), func(ctx context.Context) error { return s.InsertProvider(ctx, p) }))
	return p
}

func begin(t *testing.T, ctx context.Context, s SignInStore, v session.Session) session.Session {
	t.Helper()
	require.NoError(t, s.Tx(ctx, func(ctx context.Context) error { return s.InsertSession(ctx, v) }))
	return v
}

func alive(at time.Time) session.Alive {
	return session.Alive{UsedAfter: at.Add(-30 * time.Minute), Now: at}
}

func providerRoundTrip(t *testing.T, ctx context.Context, s SignInStore) {
	p := providerOf("a")
	_, err := s.Provider(ctx, p.Name)
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
	add(t, ctx, s, p)
	got, err := s.Provider(ctx, p.Name)
	require.NoError(t, err)
	require.Equal(t, p, got)
	err = s.Tx(admin(ctx), func(ctx context.Context) error { return s.InsertProvider(ctx, p) })
	require.True(t, problem.Is(err, problem.KindAlreadyExists), "%v", err)

	after := p
	after.Version, after.Title, after.Scopes, after.Disabled, after.Updated = 2, "T", []string{}, true, morning().Add(time.Hour)
	require.NoError(t, s.Tx(admin(ctx), func(ctx context.Context) error { return s.UpdateProvider(ctx, p, after) }))
	got, err = s.Provider(ctx, p.Name)
	require.NoError(t, err)
	require.Equal(t, after, got)
	require.NoError(t, s.Tx(admin(ctx), func(ctx context.Context) error { return s.DeleteProvider(ctx, after) }))
	_, err = s.Provider(ctx, p.Name)
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
}

func providerStale(t *testing.T, ctx context.Context, s SignInStore) {
	p := add(t, ctx, s, providerOf("a"))
	second := p
	second.Version = 2
	require.NoError(t, s.Tx(admin(ctx), func(ctx context.Context) error { return s.UpdateProvider(ctx, p, second) }))
	err := s.Tx(admin(ctx), func(ctx context.Context) error { return s.UpdateProvider(ctx, p, second) })
	require.True(t, problem.Is(err, problem.KindAborted), "%v", err)
	err = s.Tx(admin(ctx), func(ctx context.Context) error { return s.DeleteProvider(ctx, p) })
	require.True(t, problem.Is(err, problem.KindAborted), "%v", err)
}

func providerLists(t *testing.T, ctx context.Context, s SignInStore) {
	for _, id := range []string{"c", "a", "b"} {
		add(t, ctx, s, providerOf(id))
	}
	found, err := s.Providers(ctx, "a", 1)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "b", found[0].ID())
	found, err = s.Providers(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, found, 3)
}

func attemptOnce(t *testing.T, ctx context.Context, s SignInStore) {
	a := signin.Attempt{StateHash: "s", BrowserHash: "b", Provider: "identityProviders/a", ReturnTo: "/x", Expires: morning()}
	require.NoError(t, s.InsertAttempt(ctx, a))
	got, found, err := s.TakeAttempt(ctx, "s")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, a, got)
	_, found, err = s.TakeAttempt(ctx, "s")
	require.NoError(t, err)
	require.False(t, found)

	require.NoError(t, s.InsertAttempt(ctx, a))
	a.StateHash, a.Expires = "later", morning().Add(time.Minute)
	require.NoError(t, s.InsertAttempt(ctx, a))
	require.NoError(t, s.DeleteAttempts(ctx, morning()))
	_, found, err = s.TakeAttempt(ctx, "s")
	require.NoError(t, err)
	require.False(t, found, "it expired")
	_, found, err = s.TakeAttempt(ctx, "later")
	require.NoError(t, err)
	require.True(t, found)
}

func sessionRoundTrip(t *testing.T, ctx context.Context, s SignInStore) {
	p := add(t, ctx, s, providerOf("a"))
	for _, subject := range []string{"people/ana", "districts/aspen/people/ana"} {
		v := begin(t, ctx, s, sessionOf(subject, p.Name))
		got, found, err := s.SessionByToken(ctx, v.TokenHash)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, v, got)
		require.NoError(t, s.EndSession(ctx, v))
		require.NoError(t, s.EndSession(ctx, v), "ended twice is ended")
		_, found, err = s.SessionByToken(ctx, v.TokenHash)
		require.NoError(t, err)
		require.False(t, found)
	}
}

func sessionLists(t *testing.T, ctx context.Context, s SignInStore) {
	p := add(t, ctx, s, providerOf("a"))
	const ana = "districts/aspen/people/ana"
	first, second := begin(t, ctx, s, sessionOf(ana, p.Name)), begin(t, ctx, s, sessionOf(ana, p.Name))
	idle, over := sessionOf(ana, p.Name), sessionOf(ana, p.Name)
	idle.Used, over.Expires = morning().Add(-30*time.Minute), morning()
	begin(t, ctx, s, idle)
	begin(t, ctx, s, over)
	begin(t, ctx, s, sessionOf("districts/aspen/people/ben", p.Name))
	begin(t, ctx, s, sessionOf("districts/birch/people/ana", p.Name))

	found, err := s.Sessions(ctx, ana, alive(morning()), "", 10)
	require.NoError(t, err)
	require.Equal(t, []session.Session{second, first}, found, "the newest first")
	found, err = s.Sessions(ctx, ana, alive(morning()), second.ID, 10)
	require.NoError(t, err)
	require.Equal(t, []session.Session{first}, found)
}

func sessionTouch(t *testing.T, ctx context.Context, s SignInStore) {
	v := begin(t, ctx, s, sessionOf("people/ana", add(t, ctx, s, providerOf("a")).Name))
	require.NoError(t, s.TouchSession(ctx, v, morning().Add(time.Minute)))
	require.NoError(t, s.TouchSession(ctx, v, morning()))
	got, _, err := s.SessionByToken(ctx, v.TokenHash)
	require.NoError(t, err)
	require.Equal(t, morning().Add(time.Minute), got.Used)
}

func sessionCleaning(t *testing.T, ctx context.Context, s SignInStore) {
	p := add(t, ctx, s, providerOf("a"))
	kept := begin(t, ctx, s, sessionOf("districts/aspen/people/ana", p.Name))
	for _, subject := range []string{"people/x", "districts/birch/people/x", "districts/aspen/people/x"} {
		dead := sessionOf(subject, p.Name)
		dead.Used = morning().Add(-time.Hour)
		begin(t, ctx, s, dead)
	}
	n, err := s.EndDeadSessions(ctx, alive(morning()), 2)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = s.EndDeadSessions(ctx, alive(morning()), 2)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, found, err := s.SessionByToken(ctx, kept.TokenHash)
	require.NoError(t, err)
	require.True(t, found)
}

func sessionOfClosed(t *testing.T, ctx context.Context, s SignInStore) {
	closed := providerOf("a")
	closed.Disabled = true
	add(t, ctx, s, closed)
	for _, name := range []string{closed.Name, provider.Collection + "never-was"} {
		v := sessionOf("people/ana", name)
		err := s.Tx(ctx, func(ctx context.Context) error { return s.InsertSession(ctx, v) })
		require.True(t, problem.Is(err, problem.KindPrecondition), "%v", err)
		_, found, err := s.SessionByToken(ctx, v.TokenHash)
		require.NoError(t, err)
		require.False(t, found)
	}
}

func sessionsOfProvider(t *testing.T, ctx context.Context, s SignInStore) {
	a, b := add(t, ctx, s, providerOf("a")), add(t, ctx, s, providerOf("b"))
	ended := []session.Session{begin(t, ctx, s, sessionOf("people/x", a.Name)), begin(t, ctx, s, sessionOf("districts/birch/people/x", a.Name))}
	kept := begin(t, ctx, s, sessionOf("people/x", b.Name))
	require.NoError(t, s.EndProviderSessions(admin(ctx), a.Name))
	for _, v := range ended {
		_, found, err := s.SessionByToken(ctx, v.TokenHash)
		require.NoError(t, err)
		require.False(t, found)
	}
	_, found, err := s.SessionByToken(ctx, kept.TokenHash)
	require.NoError(t, err)
	require.True(t, found)
}

func sessionsApart(t *testing.T, ctx context.Context, s SignInStore) {
	p := add(t, ctx, s, providerOf("a"))
	one, two := sessionOf("districts/aspen/people/ana", p.Name), sessionOf("districts/birch/people/ana", p.Name)
	two.ID = one.ID
	begin(t, ctx, s, one)
	begin(t, ctx, s, two)
	require.NoError(t, s.EndSession(ctx, one))
	got, found, err := s.SessionByToken(ctx, two.TokenHash)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, two, got)
}

func signInRollback(t *testing.T, ctx context.Context, s SignInStore) {
	p, v := providerOf("a"), sessionOf("people/ana", provider.Collection+"a")
	broken := errors.New("broken")
	err := s.Tx(admin(ctx), func(ctx context.Context) error {
		return errors.Join(s.InsertProvider(ctx, p), s.InsertSession(ctx, v), broken)
	})
	require.ErrorIs(t, err, broken)
	_, err = s.Provider(ctx, p.Name)
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
	_, found, err := s.SessionByToken(ctx, v.TokenHash)
	require.NoError(t, err)
	require.False(t, found)
}

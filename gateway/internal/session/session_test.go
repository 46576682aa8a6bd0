package session_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	ana = "districts/aspen/people/ana"
	ben = "districts/aspen/people/ben"
	url = "https://tandem.example.org"
)

// rig is a manager over a real store, with a clock that tests move.
type rig struct {
	t     *testing.T
	clock *clock.Fake
	db    *sqldb.DB
	*session.Manager
}

func newRig(t *testing.T, change ...func(*session.Options)) *rig {
	t.Helper()
	box, err := seal.New(slices.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	g := &rig{t: t, clock: clock.NewFake(kittest.Start()), db: kittest.SQLite(t, "gateway", store.Migrations())}
	o := session.Options{Store: store.New(g.db, g.clock), Box: box, Clock: g.clock, PublicURL: url}
	for _, one := range change {
		one(&o)
	}
	g.Manager, err = session.New(o)
	require.NoError(t, err)
	return g
}

// begin signs somebody in with the built-in issuer and returns the cookie.
func (g *rig) begin(subject string, with ...*http.Cookie) *http.Cookie {
	g.t.Helper()
	w, r := httptest.NewRecorder(), request(g.t, http.MethodGet, with...)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	require.NoError(g.t, g.Begin(w, r, session.Login{
		Subject: subject, Provider: provider.Collection + provider.BuiltIn, IDToken: "id-token", EndSession: url + "/end",
	}))
	cookies := w.Result().Cookies()
	require.Len(g.t, cookies, 1)
	return cookies[0]
}

func request(t *testing.T, method string, cookies ...*http.Cookie) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, url+"/v1/x", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func (g *rig) alive(c *http.Cookie) bool {
	g.t.Helper()
	_, found, err := g.Identify(request(g.t, http.MethodGet, c))
	require.NoError(g.t, err)
	return found
}

func TestTheCookieIsForThisHostAndNoScript(t *testing.T) {
	c := newRig(t).begin(ana)
	require.Equal(t, "__Host-tandem-session", c.Name)
	require.True(t, c.Secure)
	require.True(t, c.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.Equal(t, "/", c.Path)
	require.Empty(t, c.Domain)
	require.Zero(t, c.MaxAge, "a browser that is closed signs out")
	require.True(t, c.Expires.IsZero())
	require.GreaterOrEqual(t, len(c.Value), 43)

	plain := newRig(t, func(o *session.Options) { o.PublicURL = "http://127.0.0.1:8080" }).begin(ana)
	require.Equal(t, "tandem-session", plain.Name)
	require.False(t, plain.Secure)
}

func TestTheDatabaseHoldsNeitherTokenNorIdentityToken(t *testing.T) {
	g := newRig(t)
	c := g.begin(ana)
	var token, sealed string
	row := g.db.Conn(t.Context()).QueryRowContext(tenant.Everything(t.Context(), "test"), `SELECT token_hash, id_token FROM sessions`)
	require.NoError(t, row.Scan(&token, &sealed))
	require.NotContains(t, token, c.Value)
	require.NotContains(t, sealed, "id-token")
	w := httptest.NewRecorder()
	_, idToken, err := g.SignOut(w, request(t, http.MethodPost, c))
	require.NoError(t, err)
	require.Equal(t, "id-token", idToken)
	require.Negative(t, w.Result().Cookies()[0].MaxAge)
	require.False(t, g.alive(c))
}

func TestASessionEndsWhenItIsNotUsedAndAtTheLatest(t *testing.T) {
	g := newRig(t)
	c := g.begin(ana)
	for range 24 { // used every 29 minutes, for eleven hours and more
		g.clock.Advance(29 * time.Minute)
		require.True(t, g.alive(c), g.clock.Now())
	}
	g.clock.Advance(23 * time.Minute)
	require.True(t, g.alive(c))
	g.clock.Advance(time.Minute)
	require.False(t, g.alive(c), "twelve hours are over")

	idle := g.begin(ana)
	g.clock.Advance(30 * time.Minute)
	require.False(t, g.alive(idle))
}

func TestLimitsAreSettings(t *testing.T) {
	g := newRig(t, func(o *session.Options) { o.Idle, o.Lifetime = 2*time.Minute, 5*time.Minute })
	c := g.begin(ana)
	g.clock.Advance(2 * time.Minute)
	require.False(t, g.alive(c))
	c = g.begin(ana)
	for range 4 {
		g.clock.Advance(time.Minute)
		require.True(t, g.alive(c))
	}
	g.clock.Advance(time.Minute)
	require.False(t, g.alive(c))
}

func TestACookieSaysWho(t *testing.T) {
	g := newRig(t)
	c := g.begin(ana)
	who, found, err := g.Identify(request(t, http.MethodGet, c))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ana, who.Subject)
	own, err := g.List(t.Context(), ana, "", 10)
	require.NoError(t, err)
	require.Equal(t, own[0].ID, who.Session)
	require.Equal(t, "Firefox on Linux", own[0].Device)
	require.Empty(t, who.Grants, "rights are asked for elsewhere")
}

func TestWhatIsNoSessionIsNobody(t *testing.T) {
	g := newRig(t)
	good := g.begin(ana)
	other := *good
	other.Value = "another"
	long := *good
	long.Value = string(slices.Repeat([]byte{'x'}, 5000))
	for name, cookies := range map[string][]*http.Cookie{
		"no cookie":                       nil,
		"a made-up token":                 {&other},
		"a huge one":                      {&long},
		"two, one of them planted":        {good, &other},
		"the same under a cookie of ours": {{Name: "tandem-session", Value: good.Value}},
	} {
		_, found, err := g.Identify(request(t, http.MethodGet, cookies...))
		require.NoError(t, err, name)
		require.False(t, found, name)
	}
}

func TestOtherOriginsChangeNothing(t *testing.T) {
	g := newRig(t)
	c := g.begin(ana)
	for name, tc := range map[string]struct {
		method, header, value string
		ok                    bool
	}{
		"our page writes":                 {http.MethodPost, "Sec-Fetch-Site", "same-origin", true},
		"our origin, old browser":         {http.MethodPost, "Origin", url, true},
		"no browser":                      {http.MethodPost, "X", "y", true},
		"another site reads":              {http.MethodGet, "Sec-Fetch-Site", "cross-site", true},
		"another site writes":             {http.MethodPost, "Sec-Fetch-Site", "cross-site", false},
		"a sibling of our host writes":    {http.MethodDelete, "Sec-Fetch-Site", "same-site", false},
		"another origin, old browser":     {http.MethodPatch, "Origin", "https://evil.example.org", false},
		"a page without an origin":        {http.MethodPost, "Origin", "null", false},
		"another port of the same host":   {http.MethodPut, "Origin", url + ":8443", false},
		"our host without https, old one": {http.MethodPost, "Origin", "http://evil.tandem.example.org", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, tc.method, c)
			r.Header.Set(tc.header, tc.value)
			_, found, err := g.Identify(r)
			require.True(t, found)
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.True(t, problem.Is(err, problem.KindDenied), "%v", err)
		})
	}
}

func TestACookieBesideATokenIsRefused(t *testing.T) {
	g := newRig(t)
	r := request(t, http.MethodGet, g.begin(ana))
	r.Header.Set("Authorization", "Bearer x")
	_, found, err := g.Identify(r)
	require.True(t, found)
	require.True(t, problem.Is(err, problem.KindInvalid), "%v", err)
}

func TestSigningInEndsTheSessionBefore(t *testing.T) {
	g := newRig(t)
	first := g.begin(ana)
	second := g.begin(ben, first)
	require.NotEqual(t, first.Value, second.Value)
	require.False(t, g.alive(first))
	require.True(t, g.alive(second))
}

func TestPeopleEndTheirOwnSessionsOnly(t *testing.T) {
	g := newRig(t)
	here, there, bens := g.begin(ana), g.begin(ana), g.begin(ben)
	who, _, err := g.Identify(request(t, http.MethodGet, here))
	require.NoError(t, err)
	whoBen, _, err := g.Identify(request(t, http.MethodGet, bens))
	require.NoError(t, err)

	err = g.End(t.Context(), ana, whoBen.Session)
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
	unknown := g.End(t.Context(), ana, "never-was")
	require.True(t, problem.Is(unknown, problem.KindNotFound))
	require.True(t, g.alive(bens))

	n, err := g.EndAll(t.Context(), ana, who.Session)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.False(t, g.alive(there))
	require.True(t, g.alive(here))
	require.NoError(t, g.End(t.Context(), ana, who.Session))
	require.False(t, g.alive(here))
	require.True(t, g.alive(bens))
}

func TestBeginningAndEndingAreRecorded(t *testing.T) {
	g := newRig(t)
	c := g.begin(ana)
	_, _, err := g.SignOut(httptest.NewRecorder(), request(t, http.MethodPost, c))
	require.NoError(t, err)
	rows, err := g.db.Conn(t.Context()).QueryContext(tenant.Everything(t.Context(), "test"),
		`SELECT district_id, actor, action FROM audit_pending ORDER BY id`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var got [][3]string
	for rows.Next() {
		var e [3]string
		require.NoError(t, rows.Scan(&e[0], &e[1], &e[2]))
		got = append(got, e)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, [][3]string{{"aspen", ana, "sessions.begin"}, {"aspen", ana, "sessions.signOut"}}, got)
}

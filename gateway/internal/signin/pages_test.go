package signin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

func TestAlwaysANewTokenAtSignIn(t *testing.T) {
	g := newRig(t)
	g.user(anaMail, true)
	b := g.browser()
	home, err := url.Parse(g.url)
	require.NoError(t, err)
	planted := "planted-by-somebody-else-0000000000000000000"
	b.Jar.SetCookies(home, []*http.Cookie{{Name: "tandem-session", Value: planted, Path: "/"}})
	b.signIn("/sign-in/aspen")
	first := b.cookie("tandem-session")
	require.NotEqual(t, planted, first)
	require.True(t, b.signedIn())

	b.signIn("/sign-in/aspen")
	second := b.cookie("tandem-session")
	require.NotEqual(t, first, second)
	require.True(t, b.signedIn())
	old := g.browser()
	old.Jar.SetCookies(home, []*http.Cookie{{Name: "tandem-session", Value: first, Path: "/"}})
	require.False(t, old.signedIn(), "the session before is over")
}

func TestASessionEndsByItselfAndAtOnce(t *testing.T) {
	ctx := func(t *testing.T) *rig { return newRig(t) }
	t.Run("when the person may not sign in any more", func(t *testing.T) {
		g := ctx(t)
		b := g.browser()
		b.signIn("/sign-in/aspen")
		g.roster.mu.Lock()
		g.roster.people[ana] = signin.Person{Name: ana, Disabled: true}
		g.roster.mu.Unlock()
		require.False(t, b.signedIn())
	})
	t.Run("when its issuer is closed", func(t *testing.T) {
		g := ctx(t)
		b := g.browser()
		b.signIn("/sign-in/aspen")
		_, err := g.service.Update(tenant.Everything(t.Context(), "test"), "identityProviders/aspen", "",
			func(f provider.Fields) provider.Fields { f.Disabled = true; return f })
		require.NoError(t, err)
		require.False(t, b.signedIn())
	})
	t.Run("when its issuer is removed", func(t *testing.T) {
		g := ctx(t)
		b := g.browser()
		b.signIn("/sign-in/aspen")
		require.NoError(t, g.service.Delete(tenant.Everything(t.Context(), "test"), "identityProviders/aspen", ""))
		require.False(t, b.signedIn())
	})
	t.Run("when nobody uses it", func(t *testing.T) {
		g := ctx(t)
		b := g.browser()
		b.signIn("/sign-in/aspen")
		g.clock.Advance(29 * time.Minute)
		require.True(t, b.signedIn())
		g.clock.Advance(31 * time.Minute)
		require.False(t, b.signedIn())
	})
}

func TestTheAccountPageShowsAndEndsSessions(t *testing.T) {
	g := newRig(t)
	g.user(anaMail, true)
	g.roster.people[ana] = signin.Person{Name: ana, DisplayName: "Ana <b>Example</b>", Grants: []*schoolsv1.Grant{
		{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/aspen", EndTime: timestamppb.New(g.clock.Now().Add(time.Hour))},
		{Role: accessv1.Role_ROLE_TEAM_LEAD, Node: "districts/aspen/schools/oak"},
		{Role: accessv1.Role_ROLE_STATE_ADMIN, EndTime: timestamppb.New(g.clock.Now().Add(-time.Hour))},
		{Role: accessv1.Role_ROLE_PANEL_CHAIR, StartTime: timestamppb.New(g.clock.Now().Add(time.Hour))},
	}}
	here, there := g.browser(), g.browser()
	there.signIn("/sign-in/aspen")
	here.signIn("/sign-in/aspen")
	body := here.get("/account").body
	require.Contains(t, body, "Ana &lt;b&gt;Example")
	require.Contains(t, body, "<strong>District coordinator</strong> in district aspen")
	require.Contains(t, body, "<strong>Team lead</strong> at school oak in district aspen")
	require.NotContains(t, body, "Administrator")
	require.NotContains(t, body, "Panel chair")
	require.Contains(t, body, "this browser")

	id := regexp.MustCompile(`name="session" value="([^"]+)"`).FindStringSubmatch(body)
	require.Len(t, id, 2, "one other session")
	ended := here.send(http.MethodPost, "/account/end-session", url.Values{"session": {id[1]}})
	require.Equal(t, "/account", ended.to)
	require.False(t, there.signedIn())
	require.True(t, here.signedIn())
	again := here.send(http.MethodPost, "/account/end-session", url.Values{"session": {id[1]}})
	require.Equal(t, "/account", again.to, "what is over is over")

	g.user(anaMail, true)
	there.signIn("/sign-in/aspen")
	require.Equal(t, "/account", here.send(http.MethodPost, "/account/end-sessions", nil).to)
	require.False(t, there.signedIn())
	require.True(t, here.signedIn())
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	b.signIn("/sign-in/aspen")
	for _, path := range []string{"/sign-out", "/account/end-session", "/account/end-sessions"} {
		for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example.org"} {
			refused := b.send(http.MethodPost, path, nil, header)
			require.Equal(t, http.StatusForbidden, refused.code, "%s %s", path, header)
			require.True(t, b.signedIn())
		}
	}
	require.Equal(t, http.StatusSeeOther, b.send(http.MethodPost, "/sign-out", nil, "Sec-Fetch-Site: same-origin", "Origin: "+g.url).code)
}

func TestASignInIsBegunByAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		begins  bool
	}{
		"a link on our page":                 {[]string{"Sec-Fetch-Site: same-origin"}, true},
		"typed by hand":                      {[]string{"Sec-Fetch-Site: none", "Sec-Fetch-User: ?1", "Sec-Fetch-Dest: document"}, true},
		"an old browser":                     {nil, true},
		"a link on a portal that is clicked": {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-User: ?1", "Sec-Fetch-Dest: document"}, true},
		"a page that sends people here":      {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"}, false},
		"a page of a sibling host":           {[]string{"Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: document"}, false},
		"a picture of another site":          {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}, false},
		"a frame that is clicked":            {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-User: ?1", "Sec-Fetch-Dest: iframe"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			to := g.browser().send(http.MethodGet, "/sign-in/aspen", nil, c.headers...).to
			require.Equal(t, c.begins, strings.HasPrefix(to, g.idp.Issuer()), to)
			if !c.begins {
				require.Equal(t, "/sign-in", to)
			}
		})
	}
}

func TestWhoLooksAtTheAccountPageUsesTheSession(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	b.signIn("/sign-in/aspen")
	for range 3 {
		g.clock.Advance(29 * time.Minute)
		shown := b.get("/account")
		require.Equal(t, http.StatusOK, shown.code)
		require.Contains(t, shown.body, `Last used <span class="when">`+g.clock.Now().UTC().Format("2 January 2006, 15:04 MST"))
	}
	g.clock.Advance(30 * time.Minute)
	require.False(t, b.signedIn())
}

func TestSigningOutClearsTheBrowser(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	b.signIn("/sign-in/aspen")
	require.Equal(t, "no-store", b.get("/account").head.Get("Cache-Control"), "nothing to go back to")
	out := b.send(http.MethodPost, "/sign-out", nil)
	require.Equal(t, "no-store", out.head.Get("Cache-Control"))
	require.Contains(t, out.head.Get("Clear-Site-Data"), `"cache"`)
	require.Contains(t, out.head.Get("Set-Cookie"), "Max-Age=0")
	require.Empty(t, b.cookie("tandem-session"))
}

func TestTheSignInPageOffersWhatIsOpen(t *testing.T) {
	g := newRig(t)
	closed := g.provide("closed", provider.Fields{})
	_, err := g.service.Update(tenant.Everything(t.Context(), "test"), closed.Name, "", func(f provider.Fields) provider.Fields { f.Disabled = true; return f })
	require.NoError(t, err)
	few := g.browser().get("/sign-in?to=/docs")
	require.Contains(t, few.body, `href="/sign-in/aspen?to=%2Fdocs"`)
	require.NotContains(t, few.body, "closed")
	require.NotContains(t, few.body, `type="search"`)
	for i := range 30 {
		g.provide(fmt.Sprintf("d%02d", i), provider.Fields{Tenant: fmt.Sprintf("districts/d%02d", i)})
	}
	many := g.browser().get("/sign-in")
	require.Contains(t, many.body, `type="search"`)
	require.Contains(t, many.body, "There are more")
	found := g.browser().get("/sign-in?q=OFFICE+of+d17")
	require.Contains(t, found.body, "Office of d17")
	require.NotContains(t, found.body, "Office of d16")
	none := g.browser().get("/sign-in?q=%3Cscript%3E")
	require.Contains(t, none.body, "Nothing here has “&lt;script&gt;” in its name")
}

func TestCleaningRemovesWhatIsOver(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	b.signIn("/sign-in/aspen")
	b.get("/sign-in/aspen")
	g.clock.Advance(13 * time.Hour)
	n, err := g.sessions.Clean(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

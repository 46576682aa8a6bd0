package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// People of the tests, and what must never be found in a log.
const (
	ana     = "districts/aspen/people/ana"
	bea     = "districts/birch/people/bea"
	anaMail = "ana.canary@aspen.example.org"
)

// accounts at the issuer. Both districts use the same one, which says in a claim
// whose account it is.
var accounts = map[string]map[string]any{
	"canary-ana":        {"district": "0101", "email": anaMail, "email_verified": true, "name": "Ana Example"},
	"canary-unverified": {"district": "0101", "email": "uma.canary@aspen.example.org", "email_verified": false},
	"canary-unknown":    {"district": "0101", "email": "eve.canary@aspen.example.org", "email_verified": true},
	"canary-nowhere":    {"email": anaMail, "email_verified": true},
	"canary-twin":       {"district": "0202", "email": anaMail, "email_verified": true, "name": "Bea Example"},
}

// door is a running instance that people sign in to.
type door struct {
	*instance
	process *process
	admin   *restclient.Client
	issuer  *issuer
}

// People sign in to the built program as browsers do. What an issuer in good
// order never sends (an identity token for another client, with another nonce,
// expired, unsigned, signed with a shared secret, and a dozen more) is shown to
// be refused in gateway/internal/signin, where the issuer can be made to lie:
// TestAnIdentityTokenThatIsNotInOrderSignsNobodyIn.
func TestPeopleSignInToTheBuiltProgram(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { signIn(t) })
	t.Run("postgres", func(t *testing.T) { signIn(t, "TANDEM_DB="+kittest.Postgres(t)) })
}

func signIn(t *testing.T, env ...string) {
	t.Helper()
	i := newInstance(t, env...)
	d := &door{instance: i, process: i.serve()}
	d.admin = restclient.New(i.url).As(i.token(t, "dev-admin"))
	for _, district := range []string{"aspen", "birch"} {
		require.NoError(t, d.admin.Post(t.Context(), "/v1/districts", url.Values{"districtId": {district}},
			map[string]string{"title": district, "timeZone": "America/Denver"}, nil))
	}
	d.person(t, ana, map[string]any{"displayName": "Ana Example", "email": anaMail})
	d.person(t, "districts/aspen/people/uma", map[string]any{"displayName": "Uma Example", "email": "uma.canary@aspen.example.org"})
	t.Run("through the built-in issuer", d.builtIn)
	t.Run("through an issuer of others", d.independent)
	for _, secret := range []string{"canary", "Ana Example", "Bea Example", "Dee Example", "code=", "state="} {
		require.NotContains(t, d.process.log.all(), secret)
	}
	require.Zero(t, d.process.stop(syscall.SIGTERM))
}

// person puts somebody on a roster.
func (d *door) person(t *testing.T, name string, fields map[string]any) {
	t.Helper()
	collection, id, ok := strings.Cut(name, "/people/")
	require.True(t, ok)
	fields["grants"] = []map[string]string{{"role": "ROLE_TEAM_LEAD", "node": collection}}
	require.NoError(t, d.admin.Post(t.Context(), "/v1/"+collection+"/people", url.Values{"personId": {id}}, fields, nil))
}

func (d *door) builtIn(t *testing.T) {
	const demo = "districts/aspen/people/demo"
	d.person(t, demo, map[string]any{"displayName": "Dee Example", "demo": true})
	b := newBrowser(t)
	list := b.get(d.url + "/sign-in/demonstration?to=/verify")
	require.Contains(t, list.body, "This is a demonstration")
	require.NotContains(t, list.body, ana, "a person of the roster is not for everybody to be")
	done := b.submit(list, url.Values{"person": {demo}})
	require.Equal(t, d.url+"/verify", done.at.String(), done.body)
	d.signsOut(t, b, demo, "Dee Example", nil)
}

// signsOut looks around as somebody who is signed in, signs out and is nobody.
func (d *door) signsOut(t *testing.T, b *browser, subject, name string, atIssuer func(page) page) {
	t.Helper()
	var me struct {
		Subject, DisplayName, Session string
		Roles                         []struct{ Role, Node string }
	}
	b.read(d.url+"/v1/whoAmI", &me)
	require.Equal(t, subject, me.Subject)
	require.Equal(t, name, me.DisplayName)
	require.Len(t, me.Roles, 1)
	var list struct {
		Sessions []struct {
			Name    string
			Current bool
		}
	}
	b.read(d.url+"/v1/sessions", &list)
	require.Len(t, list.Sessions, 1)
	require.True(t, list.Sessions[0].Current)
	require.Equal(t, me.Session, list.Sessions[0].Name)
	account := b.get(d.url + "/account")
	require.Equal(t, http.StatusOK, account.code)
	require.Contains(t, account.body, "You are signed in as "+name)
	require.Contains(t, account.body, "Team lead")

	evil := b.send(http.MethodPost, d.url+"/sign-out", nil, "https://evil.example.org")
	require.Equal(t, http.StatusForbidden, evil.code, "another site signs nobody out")
	thief := b.copied(d.url)
	require.True(t, d.knows(thief), "whoever has the cookie is signed in")
	out := b.send(http.MethodPost, d.url+"/sign-out", nil, d.url)
	if atIssuer != nil {
		out = atIssuer(out)
	}
	require.Equal(t, d.url+"/signed-out", out.at.String(), "by way of the issuer: %s", out.body)
	require.False(t, d.knows(b))
	require.False(t, d.knows(thief), "the session is over, not only its cookie")
	require.Equal(t, d.url+"/sign-in", b.get(d.url+"/account").at.String())
}

// knows tells whether the browser is signed in.
func (d *door) knows(b *browser) bool {
	b.t.Helper()
	p := b.get(d.url + "/v1/whoAmI")
	require.Contains(b.t, []int{http.StatusOK, http.StatusUnauthorized}, p.code, p.body)
	return p.code == http.StatusOK
}

// refused is why a browser was not signed in, as the log says it for the request.
func (d *door) refused(t *testing.T, b *browser, p page) string {
	t.Helper()
	require.GreaterOrEqual(t, p.code, http.StatusBadRequest, p.body)
	require.False(t, d.knows(b))
	id := p.head.Get("X-Request-Id")
	require.NotEmpty(t, id)
	require.Contains(t, p.body, id, "the page names the request")
	reason := ""
	await(t, "a word in the log about request "+id, func() bool {
		for line := range strings.Lines(d.process.log.all()) {
			if strings.Contains(line, id) && strings.Contains(line, "sign-in refused") {
				reason = regexp.MustCompile(`reason[":=]+([a-z_]+)`).FindStringSubmatch(line)[1]
				return true
			}
		}
		return false
	})
	return reason
}

// all is everything that was printed.
func (b *buffer) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

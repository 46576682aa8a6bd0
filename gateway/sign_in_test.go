package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway"
)

// publicName is where the browsers of these tests think they are.
const publicName = "http://tandem.example.org"

// signingIn serves a gateway in development mode under a public name.
func signingIn(t *testing.T) *world {
	t.Helper()
	w := start(t, developing, func(d *gateway.Deps) { d.PublicURL = publicName })
	const ana = "districts/aspen/people/ana"
	w.schools.grant(ana, coordinator)
	w.schools.mu.Lock()
	defer w.schools.mu.Unlock()
	w.schools.subjects[ana].DisplayName, w.schools.subjects[ana].Demo = "Ana Example", true
	return w
}

// visitor is a browser that reaches the gateway under its public name.
type visitor struct {
	t *testing.T
	*http.Client
}

func (w *world) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	address := strings.TrimPrefix(w.url, "http://")
	return &visitor{w.t, &http.Client{Jar: jar, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}}}
}

// visit follows redirects and returns the last address with its page.
func (v *visitor) visit(method, address string, form url.Values) (*url.URL, int, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, publicName+address, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.Do(req)
	require.NoError(v.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(v.t, err)
	return resp.Request.URL, resp.StatusCode, string(body)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// become signs in as a demo person.
func (v *visitor) become(person string) (*url.URL, int, string) {
	v.t.Helper()
	at, code, page := v.visit(http.MethodGet, "/sign-in/demonstration?to=/verify", nil)
	require.Equal(v.t, http.StatusOK, code, page)
	require.Equal(v.t, "/dev/issuer/authorize", at.Path)
	require.Contains(v.t, page, "This is a demonstration")
	form := url.Values{"person": {person}}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], strings.ReplaceAll(field[2], "&#43;", "+"))
	}
	return v.visit(http.MethodPost, "/dev/issuer/authorize", form)
}

func TestADemoPersonSignsInThroughTheBuiltInIssuer(t *testing.T) {
	w := signingIn(t)
	v := w.visitor()
	at, code, page := v.become("districts/aspen/people/ana")
	require.Equal(t, http.StatusOK, code, page)
	require.Equal(t, publicName+"/verify", at.String())
	require.Contains(t, page, "Ana Example")
	_, _, home := v.visit(http.MethodGet, "/", nil)
	require.Contains(t, home, "You are signed in as Ana Example")
	_, code, whoAmI := v.visit(http.MethodGet, "/v1/whoAmI", nil)
	require.Equal(t, http.StatusOK, code, whoAmI)
	require.Contains(t, whoAmI, "districts/aspen/people/ana")
	_, _, sessions := v.visit(http.MethodGet, "/v1/sessions", nil)
	require.Contains(t, sessions, `"current":true`, sessions)
	var me struct{ Session string }
	require.NoError(t, json.Unmarshal([]byte(whoAmI), &me))
	require.Contains(t, sessions, `"name":"`+me.Session+`"`, "the name by which it can be ended")
	at, code, page = v.visit(http.MethodPost, "/sign-out", nil)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, publicName+"/signed-out", at.String(), "by way of the issuer")
	require.Contains(t, page, "You are signed out")
	_, _, home = v.visit(http.MethodGet, "/", nil)
	require.NotContains(t, home, "Ana Example")
	_, code, _ = v.visit(http.MethodGet, "/v1/whoAmI", nil)
	require.Equal(t, http.StatusUnauthorized, code)
	require.NotContains(t, w.log.String(), "Ana Example")
	require.NotContains(t, w.log.String(), "people/ana")
}

func TestAMachineHasNoSession(t *testing.T) {
	w := start(t)
	w.registered("schools.read")
	_, secret := w.added("CLIENT_SECRET")
	token, ok := w.tokenFor(basic("sync.aspen", secret), "grant_type", "client_credentials").object(t)["access_token"].(string)
	require.True(t, ok)
	me := w.do(http.MethodGet, "/v1/whoAmI", "", "Authorization: Bearer "+token)
	require.Equal(t, clientsPath[len("/v1/"):]+"/sync", me.object(t)["subject"], me.body)
	require.Empty(t, me.object(t)["session"], "what tells its tokens apart is no session")
}

func TestTheBuiltInIssuerKnowsInventedPeopleOnly(t *testing.T) {
	w := signingIn(t)
	for _, person := range []string{"people/real", "people/dev-admin", "people/nobody"} {
		_, code, page := w.visitor().become(person)
		require.Equal(t, http.StatusBadRequest, code)
		require.Contains(t, page, "There is no such person in the demonstration")
	}
}

func TestOutsideDevelopmentNobodySignsInWithoutAPassword(t *testing.T) {
	w := start(t, func(d *gateway.Deps) { d.PublicURL = publicName })
	for _, path := range []string{"/dev/issuer/authorize", "/dev/issuer/.well-known/openid-configuration", "/sign-in/demonstration"} {
		require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, path, "").status, path)
	}
	require.NotContains(t, w.do(http.MethodGet, "/sign-in", "").body, "demonstration")
}

// provider runs an issuer and returns the body that registers it.
func issuerBody(t *testing.T) (body string) {
	t.Helper()
	idp, err := mockoidc.NewServer(nil)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	require.NoError(t, idp.Start(server.Listener, nil))
	t.Cleanup(func() { _ = idp.Shutdown() })
	return `{"title":"Aspen","issuer":"` + idp.Issuer() + `","clientId":"c","clientSecret":"hush-canary","tenant":"districts/aspen",` +
		`"tenantClaim":"hd","tenantValue":"aspen.example.org"}`
}

func TestAStateAdministratorKeepsIdentityProviders(t *testing.T) {
	w := start(t, developing)
	body := issuerBody(t)
	made := w.as(stateAdmin, http.MethodPost, "/v1/identityProviders?identityProviderId=aspen", body)
	require.Equal(t, http.StatusOK, made.status, made.body)
	require.NotContains(t, made.body, "hush-canary")
	etag := made.object(t)["etag"].(string)
	for _, answer := range []answer{
		w.as(stateAdmin, http.MethodGet, "/v1/identityProviders/aspen", ""), w.as(stateAdmin, http.MethodGet, "/v1/identityProviders", ""),
	} {
		require.Equal(t, http.StatusOK, answer.status, answer.body)
		require.Contains(t, answer.body, `"districts/aspen"`)
		require.NotContains(t, answer.body, "hush-canary")
	}
	require.Contains(t, w.do(http.MethodGet, "/sign-in", "").body, `href="/sign-in/aspen"`)

	changed := w.as(stateAdmin, http.MethodPatch, "/v1/identityProviders/aspen", `{"title":"Aspen schools","etag":`+jsonText(etag)+`}`)
	require.Equal(t, "Aspen schools", changed.object(t)["title"], changed.body)
	stale := w.as(stateAdmin, http.MethodPatch, "/v1/identityProviders/aspen", `{"title":"X","etag":`+jsonText(etag)+`}`)
	require.Equal(t, "ETAG_STALE", stale.problem(t).Reason)
	moved := w.as(stateAdmin, http.MethodPatch, "/v1/identityProviders/aspen", `{"tenant":"districts/birch"}`)
	require.Equal(t, []string{"identityProvider.tenant"}, moved.problem(t).fields())
	require.Equal(t, http.StatusOK, w.as(stateAdmin, http.MethodDelete, "/v1/identityProviders/aspen", "").status)
	require.Equal(t, http.StatusNotFound, w.as(stateAdmin, http.MethodGet, "/v1/identityProviders/aspen", "").status)
	require.NotContains(t, w.log.String(), "hush-canary")
}

func TestNobodyElseSeesOrChangesIdentityProviders(t *testing.T) {
	w := start(t, developing)
	body := issuerBody(t)
	require.Equal(t, http.StatusOK, w.as(stateAdmin, http.MethodPost, "/v1/identityProviders?identityProviderId=aspen", body).status)
	for _, call := range [][2]string{
		{http.MethodPost, "/v1/identityProviders"},
		{http.MethodGet, "/v1/identityProviders"},
		{http.MethodGet, "/v1/identityProviders/aspen"},
		{http.MethodPatch, "/v1/identityProviders/aspen"},
		{http.MethodDelete, "/v1/identityProviders/aspen"},
	} {
		sent := ""
		if call[0] == http.MethodPost || call[0] == http.MethodPatch {
			sent = body
		}
		require.Equal(t, http.StatusForbidden, w.as(coordinator, call[0], call[1], sent).status, call)
		require.Equal(t, http.StatusUnauthorized, w.do(call[0], call[1], sent).status, call)
	}
}

func jsonText(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

package issuer_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/issuer"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

const (
	public   = "https://tandem.example.org"
	redirect = public + "/sign-in/demonstration/callback"
	verifier = "a-verifier-that-is-long-enough-0123456789-abcdefgh"
	ana      = "districts/aspen/people/ana"
)

type rig struct {
	t     *testing.T
	clock *clock.Fake
	*issuer.Issuer
	mux *http.ServeMux
}

func options(t *testing.T, c clock.Clock) issuer.Options {
	t.Helper()
	shown, err := pages.New(pages.Options{Log: slog.New(slog.DiscardHandler), PublicURL: public})
	require.NoError(t, err)
	return issuer.Options{
		Dev: true, PublicURL: public, ClientID: "tandem", Secret: "s:e c", RedirectURI: redirect, SignedOutURI: public + "/signed-out",
		People: func(context.Context) ([]issuer.Person, error) {
			return []issuer.Person{{Name: ana, DisplayName: "Ana <i>Example</i>", Title: "team lead", Email: "ana@aspen.example.org"}}, nil
		},
		Pages: shown, Clock: c, Log: slog.New(slog.DiscardHandler),
	}
}

func newRig(t *testing.T) *rig {
	t.Helper()
	g := &rig{t: t, clock: clock.NewFake(kittest.Start()), mux: http.NewServeMux()}
	var err error
	g.Issuer, err = issuer.New(options(t, g.clock))
	require.NoError(t, err)
	g.Routes(g.mux)
	return g
}

// reply is an answer in memory.
type reply struct {
	StatusCode int
	Header     http.Header
	body       string
}

func (g *rig) do(r *http.Request) reply {
	w := httptest.NewRecorder()
	g.mux.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

func (g *rig) form(path string, form url.Values, headers ...string) reply {
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodPost, issuer.Path+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	return g.do(r)
}

// ask is a request as the gateway makes it.
func ask() url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {"tandem"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid email profile"}, "state": {"st"},
		"nonce": {"no"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

// code is what choosing Ana sends the browser back with.
func (g *rig) code() string {
	g.t.Helper()
	form := ask()
	form.Set("person", ana)
	back, err := url.Parse(g.form("/authorize", form).Header.Get("Location"))
	require.NoError(g.t, err)
	require.Equal(g.t, redirect, back.Scheme+"://"+back.Host+back.Path)
	require.Equal(g.t, "st", back.Query().Get("state"))
	require.Equal(g.t, g.URL(), back.Query().Get("iss"))
	require.NotEmpty(g.t, back.Query().Get("code"))
	return back.Query().Get("code")
}

func redeem(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier},
		"client_id": {"tandem"}, "client_secret": {"s:e c"},
	}
}

func object(t *testing.T, answer reply) map[string]any {
	t.Helper()
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(answer.body), &o))
	return o
}

func TestThereIsNoSuchIssuerOutsideDevelopment(t *testing.T) {
	o := options(t, clock.NewFake(kittest.Start()))
	o.Dev = false
	_, err := issuer.New(o)
	require.ErrorIs(t, err, issuer.ErrNotDevelopment)
}

func TestThePageSaysLoudlyWhatItIs(t *testing.T) {
	g := newRig(t)
	resp := g.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, issuer.Path+"/authorize?"+ask().Encode(), nil))
	body := resp.body
	require.Contains(t, body, "<h1>This is a demonstration</h1>")
	require.Contains(t, body, "Nobody is asked for a password here")
	require.Contains(t, body, "Ana &lt;i&gt;Example")
}

func TestACodeGivesATokenOnce(t *testing.T) {
	g := newRig(t)
	code := g.code()
	resp := g.form("/token", redeem(code))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	answer := object(t, resp)
	keys := object(t, g.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, issuer.Path+"/jwks", nil)))
	raw, err := json.Marshal(keys)
	require.NoError(t, err)
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(raw, &set))
	require.NotContains(t, string(raw), `"d":`, "no private part")
	token, err := jwt.ParseSigned(answer["id_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, token.Claims(set.Key(token.Headers[0].KeyID)[0], &claims))
	require.Equal(t, []any{ana, "tandem", "no", g.URL(), true}, []any{claims["sub"], claims["aud"], claims["nonce"], claims["iss"], claims["email_verified"]})

	access := "Bearer " + answer["access_token"].(string)
	require.Equal(t, ana, object(t, g.form("/userinfo", nil, "Authorization: "+access))["sub"])
	require.Equal(t, "invalid_grant", object(t, g.form("/token", redeem(code)))["error"])
	require.Equal(t, http.StatusUnauthorized, g.form("/userinfo", nil, "Authorization: "+access).StatusCode, "a code used twice takes its token back")
}

func TestCodesAreForTheirClientVerifierAndMinute(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rig, url.Values)
		want   string
	}{
		"as it should be":       {func(*rig, url.Values) {}, ""},
		"another verifier":      {func(_ *rig, f url.Values) { f.Set("code_verifier", verifier+"x") }, "invalid_grant"},
		"no verifier":           {func(_ *rig, f url.Values) { f.Del("code_verifier") }, "invalid_grant"},
		"another redirect":      {func(_ *rig, f url.Values) { f.Set("redirect_uri", public+"/") }, "invalid_grant"},
		"another code":          {func(_ *rig, f url.Values) { f.Set("code", "x") }, "invalid_grant"},
		"too late":              {func(g *rig, _ url.Values) { g.clock.Advance(61 * time.Second) }, "invalid_grant"},
		"another secret":        {func(_ *rig, f url.Values) { f.Set("client_secret", "x") }, "invalid_client"},
		"no client":             {func(_ *rig, f url.Values) { f.Del("client_id") }, "invalid_client"},
		"another kind of grant": {func(_ *rig, f url.Values) { f.Set("grant_type", "refresh_token") }, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			form := redeem(g.code())
			c.change(g, form)
			got, _ := object(t, g.form("/token", form))["error"].(string)
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheSecretAlsoComesInTheHeader(t *testing.T) {
	g := newRig(t)
	form := redeem(g.code())
	form.Del("client_id")
	form.Del("client_secret")
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape("tandem") + ":" + url.QueryEscape("s:e c")))
	require.Equal(t, http.StatusOK, g.form("/token", form, "Authorization: Basic "+basic).StatusCode)
}

func TestBrowsersAreSentToTheClientOnly(t *testing.T) {
	for name, c := range map[string]struct {
		change func(url.Values)
		code   int
		word   string
	}{
		"another redirect":      {func(q url.Values) { q.Set("redirect_uri", "https://evil.example.org") }, http.StatusBadRequest, ""},
		"a longer redirect":     {func(q url.Values) { q.Set("redirect_uri", redirect+"/x") }, http.StatusBadRequest, ""},
		"another client":        {func(q url.Values) { q.Set("client_id", "x") }, http.StatusBadRequest, ""},
		"a token in the answer": {func(q url.Values) { q.Set("response_type", "id_token") }, http.StatusSeeOther, "unsupported_response_type"},
		"without openid":        {func(q url.Values) { q.Set("scope", "email") }, http.StatusSeeOther, "invalid_scope"},
		"without PKCE":          {func(q url.Values) { q.Del("code_challenge") }, http.StatusSeeOther, "invalid_request"},
		"with plain PKCE":       {func(q url.Values) { q.Set("code_challenge_method", "plain") }, http.StatusSeeOther, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			q := ask()
			c.change(q)
			g := newRig(t)
			form := url.Values{"person": {ana}}
			for key := range q {
				form.Set(key, q.Get(key))
			}
			for _, resp := range []reply{
				g.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, issuer.Path+"/authorize?"+q.Encode(), nil)), g.form("/authorize", form),
			} {
				require.Equal(t, c.code, resp.StatusCode)
				to, err := url.Parse(resp.Header.Get("Location"))
				require.NoError(t, err)
				require.Equal(t, c.word, to.Query().Get("error"))
				require.Empty(t, to.Query().Get("code"))
			}
		})
	}
}

func TestNobodyIsChosenFromAnotherSiteOrOutsideTheList(t *testing.T) {
	g := newRig(t)
	form := ask()
	form.Set("person", ana)
	require.Equal(t, http.StatusForbidden, g.form("/authorize", form, "Sec-Fetch-Site: cross-site").StatusCode)
	form.Set("person", "people/real")
	require.Equal(t, http.StatusBadRequest, g.form("/authorize", form).StatusCode)
}

func TestSigningOutLeadsBackToUsOnly(t *testing.T) {
	g := newRig(t)
	end := func(to string) reply {
		return g.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, issuer.Path+"/end-session?post_logout_redirect_uri="+url.QueryEscape(to), nil))
	}
	require.Equal(t, public+"/signed-out", end(public+"/signed-out").Header.Get("Location"))
	require.Empty(t, end("https://evil.example.org").Header.Get("Location"))
}

func TestAKeyThatWasRotatedOutIsPublishedNoMore(t *testing.T) {
	g := newRig(t)
	keys := func() string {
		return g.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, issuer.Path+"/jwks", nil)).body
	}
	before := keys()
	require.NoError(t, g.Rotate())
	require.NotEqual(t, before, keys())
}

func TestTheClientReachesNobodyElse(t *testing.T) {
	g := newRig(t)
	resp, err := g.Client().Get(g.URL() + "/.well-known/openid-configuration")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, g.URL(), object(t, reply{body: string(body)})["issuer"])
	other, err := g.Client().Get(public + "/elsewhere") //nolint:bodyclose // there is none
	require.Error(t, err)
	require.Nil(t, other)
}

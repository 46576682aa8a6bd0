package signin_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

func TestSomebodySignsInAndOut(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	begun := b.get("/sign-in/aspen?to=/somewhere%3Fx=1")
	ask, err := url.Parse(begun.to)
	require.NoError(t, err)
	q := ask.Query()
	require.Equal(t, "code", q.Get("response_type"))
	require.Equal(t, "S256", q.Get("code_challenge_method"))
	require.Len(t, q.Get("code_challenge"), 43)
	require.Len(t, q.Get("state"), 43)
	require.NotEmpty(t, q.Get("nonce"))
	require.Equal(t, g.url+"/sign-in/aspen/callback", q.Get("redirect_uri"))
	require.Contains(t, begun.head.Get("Set-Cookie"), "HttpOnly; SameSite=Lax")

	done := b.get(b.get(begun.to).to)
	require.Equal(t, http.StatusSeeOther, done.code, done.body)
	require.Equal(t, "/somewhere?x=1", done.to)
	require.Equal(t, 1, g.exchanged, "the code is given back once")
	require.Equal(t, []signin.Account{{
		Issuer: g.idp.Issuer(), Subject: anaSub, Parent: "districts/aspen", Email: anaMail, EmailVerified: true,
	}}, g.roster.accounts)
	account := b.get("/account")
	require.Equal(t, http.StatusOK, account.code)
	require.Contains(t, account.body, "Ana Example")

	out := b.send(http.MethodPost, "/sign-out", nil)
	require.Equal(t, http.StatusSeeOther, out.code)
	require.Equal(t, "/signed-out", out.to, "this issuer knows no signing out")
	require.False(t, b.signedIn())
	require.Empty(t, b.cookie("tandem-session"))
	for _, personal := range []string{anaMail, anaSub, "Ana Example"} {
		require.NotContains(t, g.log.String(), personal)
	}
}

func TestSigningOutGoesOnToAnIssuerThatKnowsIt(t *testing.T) {
	g := newRig(t)
	g.extra = map[string]any{"end_session_endpoint": "https://id.example.org/end?x=1"}
	g.clock.Advance(time.Hour) // read again what the issuer says
	g.idp.FastForward(time.Hour)
	b := g.browser()
	b.signIn("/sign-in/aspen")
	require.Contains(t, b.get("/account").head.Get("Content-Security-Policy"), "form-action 'self' https://id.example.org",
		"browsers check where a form leads, redirects included")
	to, err := url.Parse(b.send(http.MethodPost, "/sign-out", nil).to)
	require.NoError(t, err)
	require.Equal(t, "id.example.org/end", to.Host+to.Path)
	require.Equal(t, "1", to.Query().Get("x"))
	require.Equal(t, g.url+"/signed-out", to.Query().Get("post_logout_redirect_uri"))
	require.Equal(t, 2, strings.Count(to.Query().Get("id_token_hint"), "."))
	require.False(t, b.signedIn())
}

func TestAnIdentityTokenThatIsNotInOrderSignsNobodyIn(t *testing.T) {
	with := func(name string, value any) func(*rig, map[string]any) string {
		return func(g *rig, claims map[string]any) string {
			claims[name] = value
			if value == nil {
				delete(claims, name)
			}
			return g.sign(claims)
		}
	}
	in := func(name string, d time.Duration) func(*rig, map[string]any) string {
		return func(g *rig, claims map[string]any) string {
			claims[name] = g.clock.Now().Add(d).Unix()
			return g.sign(claims)
		}
	}
	for name, c := range map[string]struct {
		tamper func(*rig, map[string]any) string
		log    string
	}{
		"for another client":            {with("aud", "another"), "reason=token_refused"},
		"for several without azp":       {func(g *rig, m map[string]any) string { m["aud"] = []any{g.idp.ClientID, "x"}; return g.sign(m) }, "azp is missing"},
		"authorized for another":        {with("azp", "another"), "azp is another client"},
		"of another issuer":             {with("iss", "https://issuer.example.org"), "reason=token_refused"},
		"with another nonce":            {with("nonce", "another"), "nonce is of another"},
		"without a nonce":               {with("nonce", nil), "nonce is of another"},
		"without a subject":             {with("sub", nil), "sub is missing"},
		"expired":                       {in("exp", -2*time.Minute), "expired"},
		"without an end":                {with("exp", nil), "reason=token_refused"},
		"made in the future":            {in("iat", 2*time.Minute), "iat is in the future"},
		"made long ago":                 {in("iat", -12*time.Minute), "iat is missing or long ago"},
		"without saying when":           {with("iat", nil), "iat is missing or long ago"},
		"beside another access token":   {with("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"},
		"of another tenant":             {with("hd", "birch.example.org"), "reason=wrong_tenant"},
		"of no tenant":                  {with("hd", nil), "reason=wrong_tenant"},
		"of several tenants":            {with("hd", []any{"aspen.example.org"}), "reason=wrong_tenant"},
		"of a tenant in other letters":  {with("hd", "ASPEN.example.org"), "reason=wrong_tenant"},
		"signed with a key taken back":  {func(g *rig, m map[string]any) string { return g.signWith(jose.RS256, oldKey(), m) }, "reason=token_refused"},
		"signed with the public key":    {hmacOfPublicKey, "reason=token_refused"},
		"signed with the client secret": {func(g *rig, m map[string]any) string { return g.signWith(jose.HS256, []byte(g.idp.ClientSecret), m) }, "reason=token_refused"},
		"not signed":                    {unsigned, "reason=token_refused"},
		"missing":                       {func(*rig, map[string]any) string { return "" }, "reason=token_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.tamper = func(claims map[string]any) string { return c.tamper(g, claims) }
			b := g.browser()
			refused := b.signIn("/sign-in/aspen")
			require.GreaterOrEqual(t, refused.code, http.StatusBadRequest)
			require.Contains(t, g.log.String(), c.log)
			require.NotContains(t, g.log.String(), anaMail)
			require.NotContains(t, g.log.String(), anaSub)
			require.NotContains(t, refused.body, anaMail)
			require.Empty(t, b.cookie("tandem-session"))
			require.Empty(t, g.roster.accounts, "nobody was asked for")
			require.False(t, b.signedIn())
		})
	}
}

func hmacOfPublicKey(g *rig, claims map[string]any) string {
	der, err := x509.MarshalPKIXPublicKey(signKey().Public())
	require.NoError(g.t, err)
	return g.signWith(jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), claims)
}

func unsigned(g *rig, claims map[string]any) string {
	body, err := json.Marshal(claims)
	require.NoError(g.t, err)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(body) + "."
}

func TestTokensWithinTheSkewOfClocksPass(t *testing.T) {
	for name, claim := range map[string]struct {
		name string
		by   time.Duration
	}{
		"just expired":         {"exp", -30 * time.Second},
		"from a fast clock":    {"iat", 30 * time.Second},
		"from a slow sign-in":  {"iat", -9 * time.Minute},
		"valid from right now": {"nbf", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.tamper = func(claims map[string]any) string {
				claims[claim.name] = g.clock.Now().Add(claim.by).Unix()
				return g.sign(claims)
			}
			b := g.browser()
			b.signIn("/sign-in/aspen")
			require.True(t, b.signedIn(), g.log.String())
		})
	}
}

func TestAnAnswerIsGoodOnceInItsBrowserForItsIssuer(t *testing.T) {
	refused := func(t *testing.T, g *rig, b *browser, answer page, reason string) {
		t.Helper()
		require.GreaterOrEqual(t, answer.code, http.StatusBadRequest, answer.body)
		require.Contains(t, g.log.String(), "reason="+reason)
		require.False(t, b.signedIn())
	}
	t.Run("a replayed state", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		callback := b.reach("/sign-in/aspen")
		require.Equal(t, http.StatusSeeOther, b.get(callback).code)
		b.send(http.MethodPost, "/sign-out", nil)
		refused(t, g, b, b.get(callback), "stale")
		require.Equal(t, 1, g.exchanged)
	})
	t.Run("the state of another browser", func(t *testing.T) {
		g := newRig(t)
		attacker, victim := g.browser(), g.browser()
		callback := attacker.reach("/sign-in/aspen")
		victim.reach("/sign-in/aspen") // has a cookie of its own
		refused(t, g, victim, victim.get(callback), "other_browser")
		refused(t, g, attacker, attacker.get(callback), "stale")
		require.Zero(t, g.exchanged)
	})
	t.Run("a browser without the cookie", func(t *testing.T) {
		g := newRig(t)
		callback := g.browser().reach("/sign-in/aspen")
		b := g.browser()
		refused(t, g, b, b.get(callback), "other_browser")
	})
	t.Run("a stolen code", func(t *testing.T) {
		g := newRig(t)
		victim, attacker := g.browser(), g.browser()
		stolen, err := url.Parse(victim.reach("/sign-in/aspen"))
		require.NoError(t, err)
		own := edit(t, attacker.reach("/sign-in/aspen"), func(q url.Values) { q.Set("code", stolen.Query().Get("code")) })
		refused(t, g, attacker, attacker.get(own), "code_refused")
	})
	t.Run("a code used before", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		first, err := url.Parse(b.reach("/sign-in/aspen"))
		require.NoError(t, err)
		b.get(first.String())
		b.send(http.MethodPost, "/sign-out", nil)
		second := edit(t, b.reach("/sign-in/aspen"), func(q url.Values) { q.Set("code", first.Query().Get("code")) })
		refused(t, g, b, b.get(second), "code_refused")
	})
	t.Run("the callback of another issuer", func(t *testing.T) {
		g := newRig(t)
		g.provide("birch", provider.Fields{Tenant: "districts/birch"})
		b := g.browser()
		callback := strings.Replace(b.reach("/sign-in/aspen"), "/aspen/", "/birch/", 1)
		refused(t, g, b, b.get(callback), "mixed_up")
		require.Zero(t, g.exchanged)
	})
	t.Run("an answer that names another issuer", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		callback := edit(t, b.reach("/sign-in/aspen"), func(q url.Values) { q.Set("iss", "https://evil.example.org") })
		refused(t, g, b, b.get(callback), "mixed_up")
		require.Zero(t, g.exchanged)
	})
	t.Run("an answer without the issuer that it promised", func(t *testing.T) {
		g := newRig(t)
		g.extra = map[string]any{"authorization_response_iss_parameter_supported": true}
		b := g.browser()
		refused(t, g, b, b.signIn("/sign-in/aspen"), "mixed_up")
		require.Zero(t, g.exchanged)
	})
	t.Run("two codes", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		callback := edit(t, b.reach("/sign-in/aspen"), func(q url.Values) { q.Add("code", "x") })
		refused(t, g, b, b.get(callback), "bad_answer")
	})
	t.Run("after ten minutes", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		callback := b.reach("/sign-in/aspen")
		g.clock.Advance(10 * time.Minute)
		refused(t, g, b, b.get(callback), "stale")
	})
	t.Run("after a no", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		no := edit(t, b.reach("/sign-in/aspen"), func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") })
		refused(t, g, b, b.get(no), "cancelled")
	})
	t.Run("with an error that is no word", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		no := edit(t, b.reach("/sign-in/aspen"), func(q url.Values) { q.Set("error", anaMail) })
		refused(t, g, b, b.get(no), "issuer_refused")
		require.NotContains(t, g.log.String(), anaMail)
	})
	t.Run("of an issuer closed meanwhile", func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		callback := b.reach("/sign-in/aspen")
		_, err := g.service.Update(tenant.Everything(t.Context(), "test"), "identityProviders/aspen", "",
			func(f provider.Fields) provider.Fields { f.Disabled = true; return f })
		require.NoError(t, err)
		refused(t, g, b, b.get(callback), "unknown_provider")
	})
}

func TestSignInsInTwoTabsBothSucceed(t *testing.T) {
	g := newRig(t)
	g.user(anaMail, true)
	b := g.browser()
	first, second := b.reach("/sign-in/aspen?to=/a"), b.reach("/sign-in/aspen?to=/b")
	require.Equal(t, "/a", b.get(first).to)
	require.Equal(t, "/b", b.get(second).to)
	require.True(t, b.signedIn())
}

func TestWhoIsNotInTheRosterIsToldWhy(t *testing.T) {
	for name, c := range map[string]struct {
		mail     string
		verified bool
		begin    string
		refuse   schoolsv1.SignInAccountResponse_Refusal
		says     string
	}{
		"nobody has this mail":              {"eve@aspen.example.org", true, "aspen", 0, "We do not know you here yet"},
		"the mail is not verified":          {anaMail, false, "aspen", 0, "not confirmed"},
		"the same mail in another district": {anaMail, true, "birch", 0, "We do not know you here yet"},
		"the person may not any more":       {anaMail, true, "aspen", schoolsv1.SignInAccountResponse_REFUSAL_DISABLED, "cannot sign in any more"},
		"the person has another account":    {anaMail, true, "aspen", schoolsv1.SignInAccountResponse_REFUSAL_LINKED_ELSEWHERE, "another account"},
		"several have this mail":            {anaMail, true, "aspen", schoolsv1.SignInAccountResponse_REFUSAL_AMBIGUOUS, "Several people"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.provide("birch", provider.Fields{Tenant: "districts/birch"})
			g.roster.refuse = c.refuse
			g.idp.UserQueue.Pop()
			g.user(c.mail, c.verified)
			b := g.browser()
			refused := b.signIn("/sign-in/" + c.begin)
			require.Equal(t, http.StatusForbidden, refused.code)
			require.Contains(t, refused.body, c.says)
			require.False(t, b.signedIn())
			require.Len(t, g.roster.accounts, 1)
			require.Equal(t, "districts/"+c.begin, g.roster.accounts[0].Parent, "accounts are linked in the tenant of the issuer only")
			require.NotContains(t, g.log.String(), c.mail)
		})
	}
}

func TestMicrosoftVouchesForAMailInItsOwnWords(t *testing.T) {
	g := newRig(t)
	g.tamper = func(claims map[string]any) string {
		delete(claims, "email_verified")
		claims["xms_edov"] = "1"
		return g.sign(claims)
	}
	b := g.browser()
	b.signIn("/sign-in/aspen")
	require.True(t, b.signedIn(), g.log.String())
}

func TestUserinfoCompletesATokenOfTheSameAccountOnly(t *testing.T) {
	for name, c := range map[string]struct {
		sub string
		ok  bool
	}{"the same account": {anaSub, true}, "another account": {"another", false}} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.tamper = func(claims map[string]any) string {
				delete(claims, "email")
				return g.sign(claims)
			}
			g.info = map[string]any{"sub": c.sub, "email": anaMail, "email_verified": true, "name": "Ana"}
			b := g.browser()
			b.signIn("/sign-in/aspen")
			require.Equal(t, c.ok, b.signedIn(), g.log.String())
			if c.ok {
				require.Equal(t, "Ana", g.roster.accounts[0].DisplayName)
			}
		})
	}
}

func TestOnlyPathsOfOursAreReturnedTo(t *testing.T) {
	for to, want := range map[string]string{
		"/docs":                         "/docs",
		"/badges/1?x=2#y":               "/badges/1?x=2#y",
		"":                              "/account",
		"https://evil.example.org":      "/account",
		"//evil.example.org":            "/account",
		"/\\evil.example.org":           "/account",
		"/\tx":                          "/account",
		"/sign-in/aspen":                "/account",
		"javascript:alert(1)":           "/account",
		"/" + strings.Repeat("x", 2100): "/account",
	} {
		g := newRig(t)
		done := g.browser().signIn("/sign-in/aspen?" + url.Values{"to": {to}}.Encode())
		require.Equal(t, want, done.to, to)
	}
}

func TestAnIssuerThatIsAwayIsToldFromAPersonWhoIsNotKnown(t *testing.T) {
	g := newRig(t)
	require.NoError(t, g.idp.Shutdown())
	g.clock.Advance(time.Hour)
	away := g.browser().get("/sign-in/aspen")
	require.Equal(t, http.StatusBadGateway, away.code)
	require.Contains(t, away.body, "cannot be reached")
	unknown := g.browser().get("/sign-in/never-was")
	require.Equal(t, http.StatusNotFound, unknown.code)
}

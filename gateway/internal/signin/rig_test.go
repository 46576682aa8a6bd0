package signin_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Somebody in the tests, and what must never be found in a log.
const (
	ana     = "districts/aspen/people/ana"
	anaMail = "ana.canary@aspen.example.org"
	anaSub  = "canary-sub-4711"
)

// signKey signs what mockoidc publishes, oldKey what it published once.
var signKey, oldKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil
	}
	return key
}

// rig is the door with an issuer and a roster.
type rig struct {
	t        *testing.T
	url      string
	clock    *clock.Fake
	idp      *mockoidc.MockOIDC
	roster   *roster
	kept     *store.Store
	sessions *session.Manager
	service  provider.Service
	log      *lockedBuffer

	mu sync.Mutex
	// tamper makes the identity token of the claims; nil leaves it as it is.
	tamper func(claims map[string]any) string
	// info is what userinfo answers; nil leaves it.
	info map[string]any
	// extra is added to the discovery document.
	extra map[string]any
	// exchanged counts the codes that were given back.
	exchanged int
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// roster answers as the schools service does.
type roster struct {
	mu       sync.Mutex
	people   map[string]signin.Person
	mails    map[string]string // district and mail -> person
	accounts []signin.Account
	refuse   schoolsv1.SignInAccountResponse_Refusal
}

func (r *roster) SignIn(_ context.Context, a signin.Account) (string, schoolsv1.SignInAccountResponse_Refusal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accounts = append(r.accounts, a)
	person, known := r.mails[a.Parent+" "+a.Email]
	switch {
	case r.refuse != 0:
		return "", r.refuse, nil
	case !a.EmailVerified:
		return "", schoolsv1.SignInAccountResponse_REFUSAL_EMAIL_UNVERIFIED, nil
	case !known:
		return "", schoolsv1.SignInAccountResponse_REFUSAL_UNKNOWN_PERSON, nil
	}
	return person, 0, nil
}

func (r *roster) Person(_ context.Context, name string) (signin.Person, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.people[name]
	return p, ok, nil
}

func newRig(t *testing.T) *rig {
	t.Helper()
	g := &rig{t: t, clock: clock.NewFake(time.Now()), log: &lockedBuffer{}, roster: &roster{
		people: map[string]signin.Person{ana: {Name: ana, DisplayName: "Ana Example"}},
		mails:  map[string]string{"districts/aspen " + anaMail: ana},
	}}
	g.startIssuer()
	box, err := seal.New(slices.Repeat([]byte{3}, 32))
	require.NoError(t, err)
	g.kept = store.New(kittest.SQLite(t, "gateway", store.Migrations()), g.clock)
	server := httptest.NewUnstartedServer(nil)
	g.url = "http://" + server.Listener.Addr().String()
	g.sessions, err = session.New(session.Options{Store: g.kept, Box: box, Clock: g.clock, PublicURL: g.url})
	require.NoError(t, err)
	local := egress.Options{AllowLoopback: true}
	issuers := signin.NewIssuers(g.clock, egress.New(local), nil)
	g.service = provider.Service{
		Store: g.kept, Clock: g.clock, Box: box, Discover: issuers.Discover,
		Reachable: func(address string) error { return egress.CheckURL(address, local) },
	}
	log := slog.New(slog.NewTextHandler(g.log, nil))
	var handler *signin.Handler
	public, err := pages.New(pages.Options{Log: log, PublicURL: g.url, Viewer: func(r *http.Request) *pages.Viewer { return handler.Viewer(r) }})
	require.NoError(t, err)
	handler, err = signin.New(signin.Options{
		Store: g.kept, Providers: g.service, Sessions: g.sessions, People: g.roster, Issuers: issuers, Pages: public,
		Clock: g.clock, Now: g.clock.Now, Log: log, PublicURL: g.url,
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	handler.Routes(mux)
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	g.provide("aspen", provider.Fields{Tenant: "districts/aspen", TenantClaim: "hd", TenantValue: "aspen.example.org"})
	return g
}

// startIssuer runs mockoidc behind a middleware that lets tests change answers.
func (g *rig) startIssuer() {
	g.t.Helper()
	idp, err := mockoidc.NewServer(signKey())
	require.NoError(g.t, err)
	require.NoError(g.t, idp.AddMiddleware(g.middle))
	server := httptest.NewUnstartedServer(nil)
	require.NoError(g.t, idp.Start(server.Listener, nil))
	g.t.Cleanup(func() { _ = idp.Shutdown() })
	g.idp = idp
	g.user(anaMail, true)
}

// user says who signs in next.
func (g *rig) user(mail string, verified bool) {
	g.idp.QueueUser(&mockoidc.MockUser{Subject: anaSub, Email: mail, EmailVerified: verified})
}

// middle changes what mockoidc answers, and understands the Basic header.
func (g *rig) middle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, secret, ok := r.BasicAuth(); ok {
			_ = r.ParseForm()
			r.Form.Set("client_id", id)
			r.Form.Set("client_secret", secret)
		}
		out := httptest.NewRecorder()
		next.ServeHTTP(out, r)
		body := out.Body.Bytes()
		g.mu.Lock()
		defer g.mu.Unlock()
		switch r.URL.Path {
		case mockoidc.TokenEndpoint:
			g.exchanged++
			body = g.retoken(out.Code, body)
		case mockoidc.UserinfoEndpoint:
			if g.info != nil {
				body, _ = json.Marshal(g.info)
			}
		case mockoidc.DiscoveryEndpoint:
			document := map[string]any{}
			_ = json.Unmarshal(body, &document)
			for key, value := range g.extra {
				document[key] = value
			}
			body, _ = json.Marshal(document)
		}
		for key, values := range out.Header() {
			if key != "Content-Length" {
				w.Header()[key] = values
			}
		}
		w.WriteHeader(out.Code)
		_, _ = w.Write(body)
	})
}

// retoken adds the tenant to the identity token, and what the test wants.
func (g *rig) retoken(code int, body []byte) []byte {
	if code != http.StatusOK {
		return body
	}
	answer, claims := map[string]any{}, map[string]any{}
	_ = json.Unmarshal(body, &answer)
	raw, _ := answer["id_token"].(string)
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return body
	}
	_ = token.UnsafeClaimsWithoutVerification(&claims)
	claims["hd"] = "aspen.example.org"
	answer["id_token"] = g.sign(claims)
	if g.tamper != nil {
		answer["id_token"] = g.tamper(claims)
	}
	body, _ = json.Marshal(answer)
	return body
}

// sign makes a token as the issuer would.
func (g *rig) sign(claims map[string]any) string { return g.signWith(jose.RS256, signKey(), claims) }

func (g *rig) signWith(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	kid, err := g.idp.Keypair.KeyID()
	require.NoError(g.t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	require.NoError(g.t, err)
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(g.t, err)
	return text
}

// provide registers the issuer under an id.
func (g *rig) provide(id string, f provider.Fields) provider.Provider {
	g.t.Helper()
	f.Title, f.Issuer, f.ClientID, f.Secret = "Office of "+id, g.idp.Issuer(), g.idp.ClientID, g.idp.ClientSecret
	p, err := g.service.Create(tenant.Everything(g.t.Context(), "test"), id, f)
	require.NoError(g.t, err)
	return p
}

// browser is a client with cookies that does not follow by itself.
type browser struct {
	rig *rig
	*http.Client
}

func (g *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(g.t, err)
	return &browser{g, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is an answer that was read.
type page struct {
	code int
	to   string
	body string
	head http.Header
}

func (b *browser) get(address string) page { return b.send(http.MethodGet, address, nil) }

func (b *browser) send(method, address string, form url.Values, headers ...string) page {
	b.rig.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.rig.url + address
	}
	req, err := http.NewRequestWithContext(b.rig.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(b.rig.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	resp, err := b.Do(req)
	require.NoError(b.rig.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.rig.t, err)
	return page{resp.StatusCode, resp.Header.Get("Location"), string(body), resp.Header}
}

// reach begins a sign-in and goes to the issuer; it returns where the issuer
// sends the browser.
func (b *browser) reach(begin string) (callback string) {
	b.rig.t.Helper()
	first := b.get(begin)
	require.Equal(b.rig.t, http.StatusSeeOther, first.code, first.body)
	back := b.get(first.to)
	require.Equal(b.rig.t, http.StatusFound, back.code, back.body)
	return back.to
}

// signIn goes all the way.
func (b *browser) signIn(begin string) page {
	b.rig.t.Helper()
	return b.get(b.reach(begin))
}

// cookie is the value of one of our cookies, or "".
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.rig.url)
	require.NoError(b.rig.t, err)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// signedIn tells whether the browser's session is alive.
func (b *browser) signedIn() bool { return b.get("/account").code == http.StatusOK }

// edit changes the query of an address.
func edit(t *testing.T, address string, change func(url.Values)) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	change(q)
	u.RawQuery = q.Encode()
	return u.String()
}

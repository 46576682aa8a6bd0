// Package issuer is a small OpenID provider for development mode: it lets
// anybody in as any of the invented people, and says so in large letters.
//
// It is a real one, so that the embedded default goes the very way that a
// district's own issuer takes: discovery, the code flow with PKCE (S256 only),
// single-use codes of a minute, RS256 keys that can rotate, userinfo and sign-out.
// It has one client, the gateway, and remembers nobody: each sign-in asks anew.
// Everything is in memory; a restart forgets the codes that are on their way.
//
// New refuses to make one outside of development mode, and the program that asks
// for it there does not start. The gateway reaches it in process (Client), since
// its public address may lead elsewhere.
package issuer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/services/kit/clock"
)

// Path is where the issuer is mounted.
const Path = "/dev/issuer"

const (
	codeTTL  = time.Minute
	tokenTTL = 5 * time.Minute
)

// ErrNotDevelopment is why there is no such issuer in a real installation.
var ErrNotDevelopment = errors.New("the built-in issuer asks nobody for a password: it exists in development mode only")

// Person is somebody who can be signed in as. Name is the subject of their tokens.
type Person struct{ Name, DisplayName, Title, Email string }

// Options of New.
type Options struct {
	Dev bool
	// PublicURL is where browsers reach the gateway.
	PublicURL string
	// ClientID and Secret are the gateway's own.
	ClientID, Secret string
	// RedirectURI and SignedOutURI are the only places browsers are sent to.
	RedirectURI, SignedOutURI string
	People                    func(ctx context.Context) ([]Person, error)
	Pages                     *pages.Handler
	Log                       *slog.Logger
	Clock                     clock.Clock // real time
}

// Issuer is the provider.
type Issuer struct {
	opts   Options
	url    string
	path   string // of the URL, as browsers see it
	keys   *keys
	grants *grants
	guard  *http.CrossOriginProtection
}

// New returns the issuer, in development mode only.
func New(o Options) (*Issuer, error) {
	if !o.Dev {
		return nil, ErrNotDevelopment
	}
	if o.ClientID == "" || o.Secret == "" || o.RedirectURI == "" || o.People == nil || o.Pages == nil || o.Log == nil || o.Clock == nil {
		return nil, errors.New("the built-in issuer needs a client, people, pages, a log and a clock")
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Host == "" {
		return nil, fmt.Errorf("built-in issuer: public URL %q is none", o.PublicURL)
	}
	i := &Issuer{
		opts: o, url: o.PublicURL + Path, path: strings.TrimSuffix(public.Path, "/") + Path,
		grants: newGrants(o.Clock), guard: http.NewCrossOriginProtection(),
	}
	if err := i.guard.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("built-in issuer: %w", err)
	}
	if i.keys, err = newKeys(); err != nil {
		return nil, fmt.Errorf("built-in issuer: %w", err)
	}
	return i, nil
}

// URL is the issuer, as its tokens name it.
func (i *Issuer) URL() string { return i.url }

// Rotate makes a new key that signs from now on. The old one is not published any
// more: tokens of a sign-in that is on its way have to be asked for again.
func (i *Issuer) Rotate() error { return i.keys.rotate() }

// Routes puts the endpoints on a mux.
func (i *Issuer) Routes(mux *http.ServeMux) {
	add := func(method, path string, handle http.HandlerFunc) {
		mux.Handle(method+" "+Path+path, edge.Named(Path+path, handle))
	}
	add("GET", "/.well-known/openid-configuration", i.discovery)
	add("GET", "/jwks", i.jwks)
	add("GET", "/authorize", i.authorize)
	add("POST", "/authorize", i.choose)
	add("POST", "/token", i.token)
	add("GET", "/userinfo", i.userinfo)
	add("POST", "/userinfo", i.userinfo)
	add("GET", "/end-session", i.endSession)
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                         i.url,
		"authorization_endpoint":                         i.url + "/authorize",
		"token_endpoint":                                 i.url + "/token",
		"userinfo_endpoint":                              i.url + "/userinfo",
		"jwks_uri":                                       i.url + "/jwks",
		"end_session_endpoint":                           i.url + "/end-session",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{algorithm},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":               []string{"S256"},
		"scopes_supported":                               []string{"openid", "email", "profile"},
		"claims_supported":                               []string{"iss", "sub", "aud", "exp", "iat", "nonce", "email", "email_verified", "name"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (i *Issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, i.keys.public())
}

// endSession has nothing to end: it sends the browser back where it may.
func (i *Issuer) endSession(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("post_logout_redirect_uri")
	if to == "" || to != i.opts.SignedOutURI {
		i.opts.Pages.Trouble(w, r, http.StatusOK, "You are signed out", "The demonstration remembers nobody.", "/", "Home page")
		return
	}
	if state := r.URL.Query().Get("state"); state != "" {
		to += "?" + url.Values{"state": {state}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // to is the one registered address, compared above
}

// Secret is the gateway's secret at this issuer.
func (i *Issuer) Secret() string { return i.opts.Secret }

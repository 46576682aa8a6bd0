package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	secretSize  = 32
	secretChars = 43   // of a secret in base64url
	maxReturn   = 2000 // what a program asks for is long
)

// begin sends the browser to the issuer.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request) {
	if !deliberate(r) {
		http.Redirect(w, r, signInPath, http.StatusSeeOther) // there is somebody who presses a link, or nobody
		return
	}
	p, err := h.find(r.Context(), r.PathValue("provider"))
	if problem.Is(err, problem.KindNotFound) || err == nil && p.Disabled {
		h.refuse(w, r, "", refused(unknownProvider))
		return
	}
	if err != nil {
		h.refuse(w, r, "", failed(err))
		return
	}
	target, cookie, err := h.prepare(r, p)
	if err != nil {
		h.refuse(w, r, p.Name, issuerAway(err))
		return
	}
	http.SetCookie(w, cookie)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// deliberate tells whether a person asked for this address: an issuer that still
// knows them would sign them in without a word, so another site must not be able
// to begin it behind their back.
func deliberate(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-User") == "?1" && r.Header.Get("Sec-Fetch-Dest") == "document"
	default: // our own pages, typed by hand, or an old browser that does not say
		return true
	}
}

// prepare remembers the attempt and returns where it goes and the cookie that
// binds it to the browser. Sign-ins begun in two tabs share the cookie.
func (h *Handler) prepare(r *http.Request, p provider.Provider) (target string, cookie *http.Cookie, err error) {
	ctx := r.Context()
	found, err := h.opts.Issuers.get(ctx, p.Issuer)
	if err != nil {
		return "", nil, err
	}
	conf, err := h.client(p, found)
	if err != nil {
		return "", nil, err
	}
	state, browser := newSecret(), h.browserSecret(r)
	if browser == "" {
		browser = newSecret()
	}
	err = h.opts.Store.InsertAttempt(ctx, Attempt{
		StateHash: hash(state), BrowserHash: hash(browser), Provider: p.Name,
		ReturnTo: localPath(r.URL.Query().Get("to")), Expires: h.opts.Clock.Now().Add(attemptTTL),
	})
	if err != nil {
		return "", nil, err
	}
	target = conf.AuthCodeURL(state, oidc.Nonce(derive(browser, "nonce", state)),
		oauth2.S256ChallengeOption(derive(browser, "verifier", state)))
	return target, h.browserCookie(browser), nil
}

// client is how we speak to the issuer.
func (h *Handler) client(p provider.Provider, found discovered) (*oauth2.Config, error) {
	secret, err := h.secret(p)
	if err != nil {
		return nil, err
	}
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: secret, Endpoint: found.endpoint(secret),
		RedirectURL: h.callbackURL(p), Scopes: append([]string{oidc.ScopeOpenID, "email", "profile"}, p.Scopes...),
	}, nil
}

// browserCookie lasts as long as an attempt, and longer than one: another tab may
// be on its way.
func (h *Handler) browserCookie(value string) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever the public address is https; on a laptop it may not be
		Name: h.browser, Value: value, Path: "/", MaxAge: int(attemptTTL.Seconds()),
		HttpOnly: true, Secure: h.opts.Sessions.Secure(), SameSite: http.SameSiteLaxMode,
	}
}

// browserSecret is what binds this browser to its attempts, or "".
func (h *Handler) browserSecret(r *http.Request) string {
	cookies := r.CookiesNamed(h.browser)
	if len(cookies) != 1 || len(cookies[0].Value) != secretChars {
		return ""
	}
	return cookies[0].Value
}

func newSecret() string {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // never fails: the program would end
	return base64.RawURLEncoding.EncodeToString(b)
}

// derive makes a value for one attempt that only the browser's secret gives.
func derive(browser, purpose, state string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte(purpose + " " + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// localPath is where to go after signing in: a path of ours, or the account page.
func localPath(to string) string {
	plain := len(to) <= maxReturn && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, signInPath) &&
		!strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f })
	if !plain {
		return accountPath
	}
	return to
}

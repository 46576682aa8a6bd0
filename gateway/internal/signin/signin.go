// Package signin is the way of a person from our door to their issuer and back.
//
// GET /sign-in offers the issuers (package provider); a link begins the OpenID
// Connect code flow with PKCE, and the issuer sends the browser back to a
// callback that is that issuer's alone. What was begun is remembered by the
// server under the hash of its state, taken once, and belongs to one browser: a
// cookie with a random secret, from which nonce and code verifier are derived, so
// that neither the database nor a log holds what is needed to finish somebody
// else's sign-in. The identity token is checked in full, then the tenant that the
// provider is pinned to, and only then is the schools service asked which person
// the account belongs to. A session begins (package session).
//
// What goes wrong is told on a page in plain words with the request id; logs get
// the provider and the reason, nothing about the person.
//
// The same package shows people who they are and where they are signed in
// (/account), and signs them out here and at the issuer.
package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/services/kit/clock"
)

const (
	attemptTTL = 10 * time.Minute
	maxListed  = 1000

	signInPath    = "/sign-in"
	signedOutPath = "/signed-out"
	accountPath   = "/account"
)

// Attempt is a sign-in on its way to the issuer and back.
type Attempt struct {
	StateHash   string
	BrowserHash string
	Provider    string // name
	ReturnTo    string // path of ours
	Expires     time.Time
}

// Store keeps attempts.
type Store interface {
	InsertAttempt(ctx context.Context, a Attempt) error
	// TakeAttempt returns and forgets an attempt: a state is good once.
	TakeAttempt(ctx context.Context, stateHash string) (a Attempt, found bool, err error)
	// DeleteAttempts forgets those that expired by then.
	DeleteAttempts(ctx context.Context, expired time.Time) error
}

// Options of New.
type Options struct {
	Store     Store
	Providers provider.Service
	Sessions  *session.Manager
	People    People
	Issuers   *Issuers
	// BuiltIn is the issuer of development mode; nil elsewhere.
	BuiltIn   *BuiltIn
	Pages     *pages.Handler
	Clock     clock.Clock      // real time
	Now       func() time.Time // the product's time, by which grants hold
	Log       *slog.Logger
	PublicURL string
}

// BuiltIn is the issuer that development mode brings along. Its accounts are the
// demo people themselves: the subject of a token is a person's name.
type BuiltIn struct {
	Provider provider.Provider
	Secret   string
}

// Handler serves the pages of signing in and out.
type Handler struct {
	opts    Options
	browser string // name of the cookie that binds attempts to a browser
}

// New returns the handler.
func New(o Options) (*Handler, error) {
	if o.Store == nil || o.Sessions == nil || o.People == nil || o.Issuers == nil || o.Pages == nil || o.Clock == nil || o.Now == nil || o.Log == nil {
		return nil, errors.New("sign-in needs a store, sessions, people, issuers, pages, a clock and a log")
	}
	return &Handler{opts: o, browser: session.CookieName("sign-in", o.Sessions.Secure())}, nil
}

// Routes puts the pages on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	add := func(pattern, name string, handle http.HandlerFunc) { mux.Handle(pattern, edge.Named(name, handle)) }
	add("GET "+signInPath, signInPath, h.choose)
	add("GET "+signInPath+"/{provider}", signInPath+"/{provider}", h.begin)
	add("GET "+signInPath+"/{provider}/callback", signInPath+"/{provider}/callback", h.callback)
	add("GET "+signedOutPath, signedOutPath, h.signedOut)
	add("POST /sign-out", "/sign-out", h.own(h.signOut))
	add("GET "+accountPath, accountPath, h.account)
	add("POST "+accountPath+"/end-session", accountPath+"/end-session", h.own(h.endSession))
	add("POST "+accountPath+"/end-sessions", accountPath+"/end-sessions", h.own(h.endSessions))
}

// Clean forgets sign-ins that came to nothing, and sessions that are over.
func (h *Handler) Clean(ctx context.Context) error {
	_, err := h.opts.Sessions.Clean(ctx)
	return errors.Join(err, h.opts.Store.DeleteAttempts(ctx, h.opts.Clock.Now()))
}

// find returns the provider with an id that people may sign in with.
func (h *Handler) find(ctx context.Context, id string) (provider.Provider, error) {
	if b := h.opts.BuiltIn; b != nil && id == provider.BuiltIn {
		return b.Provider, nil
	}
	return h.opts.Providers.Get(ctx, provider.Collection+id)
}

// secret is our secret at an issuer.
func (h *Handler) secret(p provider.Provider) (string, error) {
	if b := h.opts.BuiltIn; b != nil && p.BuiltIn() {
		return b.Secret, nil
	}
	return h.opts.Providers.Secret(p)
}

// callbackURL is where an issuer sends people back to. Each issuer has its own, so
// that the answer of one can never pass for that of another.
func (h *Handler) callbackURL(p provider.Provider) string {
	return h.opts.PublicURL + signInPath + "/" + p.ID() + "/callback"
}

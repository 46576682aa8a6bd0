package session

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

const (
	// DefaultIdle ends a session that is not used.
	DefaultIdle = 30 * time.Minute
	// DefaultLifetime ends any session.
	DefaultLifetime = 12 * time.Hour

	touchEvery = time.Minute
	most       = 1000 // sessions of one person that are looked at
	batch      = 500
	maxToken   = 100

	looking = "people sign in and out in read-only mode, too" // why sessions are upkeep
)

// Options of New.
type Options struct {
	Store Store
	Box   seal.Box
	// Clock is real time, never the product's: it protects the running system.
	Clock    clock.Clock
	Idle     time.Duration // 0 means DefaultIdle
	Lifetime time.Duration // 0 means DefaultLifetime
	// PublicURL decides whether cookies need https, and which origin is ours.
	PublicURL string
}

// Manager begins, finds and ends sessions.
type Manager struct {
	opts   Options
	scs    *scs.SessionManager
	guard  *http.CrossOriginProtection
	secure bool
}

// New returns a manager.
func New(o Options) (*Manager, error) {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Lifetime <= 0 {
		o.Lifetime = DefaultLifetime
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	m := &Manager{opts: o, scs: scs.New(), guard: http.NewCrossOriginProtection(), secure: public.Scheme == "https"}
	if err := m.guard.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	m.scs.Store, m.scs.Codec, m.scs.HashTokenInStore = adapter{m}, codec{}, true
	m.scs.Lifetime = o.Lifetime
	m.scs.Cookie = scs.SessionCookie{
		Name: CookieName("session", m.secure), Path: "/", HttpOnly: true, Secure: m.secure,
		SameSite: http.SameSiteLaxMode, Persist: false, // a browser that is closed signs out
	}
	return m, nil
}

// CookieName is the name of one of our cookies. The prefix makes browsers refuse
// it from any other host and without https.
func CookieName(name string, secure bool) string {
	if secure {
		return "__Host-tandem-" + name
	}
	return "tandem-" + name
}

// Login is a sign-in that was found good.
type Login struct {
	Subject, Provider   string
	IDToken, EndSession string
}

// Begin signs the browser in: under a new token, whatever it came with. The
// session it had before is over.
func (m *Manager) Begin(w http.ResponseWriter, r *http.Request, l Login) error {
	ctx, err := m.scs.Load(r.Context(), m.token(r))
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	id := ids.New()
	ctx = audit.Work(access.WithIdentity(ctx, access.Identity{Subject: l.Subject, Session: id}), "sessions.begin", "")
	ctx = upkeep.With(ctx, looking)
	var token string
	var expiry time.Time
	err = m.opts.Store.Tx(ctx, func(ctx context.Context) error {
		if err := m.scs.Clear(ctx); err != nil {
			return err
		}
		if err := m.scs.RenewToken(ctx); err != nil {
			return err
		}
		for key, value := range map[string]string{
			keyID: id, keySubject: l.Subject, keyProvider: l.Provider, keyDevice: device(r.UserAgent()),
			keyEndSession: l.EndSession, keyIDToken: string(m.opts.Box.Seal(id, l.IDToken)),
		} {
			m.scs.Put(ctx, key, value)
		}
		token, expiry, err = m.scs.Commit(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	m.scs.WriteSessionCookie(ctx, w, token, expiry)
	return nil
}

// Current returns the session of a request, if it has one that is alive.
func (m *Manager) Current(r *http.Request) (Session, bool, error) {
	token := m.token(r)
	if token == "" {
		return Session{}, false, nil
	}
	ctx, err := m.scs.Load(r.Context(), token)
	if err != nil {
		return Session{}, false, fmt.Errorf("session: %w", err)
	}
	s, found := m.read(ctx)
	return s, found, nil
}

// Use notes that somebody uses a session, which keeps it alive; once a minute is
// often enough.
func (m *Manager) Use(ctx context.Context, s Session) error {
	now := m.opts.Clock.Now()
	if now.Sub(s.Used) < touchEvery {
		return nil
	}
	return m.opts.Store.TouchSession(ctx, s, now)
}

// SignOut ends the session of a request and takes the cookie away. It returns the
// session and its identity token for the way to the issuer.
func (m *Manager) SignOut(w http.ResponseWriter, r *http.Request) (s Session, idToken string, err error) {
	ctx, err := m.scs.Load(r.Context(), m.token(r))
	if err != nil {
		return Session{}, "", fmt.Errorf("session: %w", err)
	}
	s, found := m.read(ctx)
	if found {
		if idToken, err = m.opts.Box.Open(s.ID, s.IDToken); err != nil {
			idToken = "" // the issuer then asks by itself
		}
	}
	ctx = audit.Work(access.WithIdentity(ctx, access.Identity{Subject: s.Subject, Session: s.ID}), "sessions.signOut", "")
	ctx = upkeep.With(ctx, looking)
	if err := m.scs.Destroy(ctx); err != nil {
		return Session{}, "", fmt.Errorf("session: %w", err)
	}
	m.scs.WriteSessionCookie(ctx, w, "", time.Time{})
	return s, idToken, nil
}

// SameOrigin refuses a request that changes something and was sent by a page of
// another origin.
func (m *Manager) SameOrigin(r *http.Request) error { return m.guard.Check(r) }

// Secure tells whether cookies need https.
func (m *Manager) Secure() bool { return m.secure }

// token is the token the request carries, or "". Two are as good as none: one of
// them was planted.
func (m *Manager) token(r *http.Request) string {
	cookies := r.CookiesNamed(m.scs.Cookie.Name)
	if len(cookies) != 1 || len(cookies[0].Value) > maxToken {
		return ""
	}
	return cookies[0].Value
}

func (m *Manager) alive() Alive {
	now := m.opts.Clock.Now()
	return Alive{UsedAfter: now.Add(-m.opts.Idle), Now: now}
}

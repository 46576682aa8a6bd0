// Package session keeps people signed in, on the server's side.
//
// A browser holds a random token in a cookie that scripts cannot read; the
// database holds the token's hash with whose session it is. So a session can be
// shown to its owner and ended at once, and a copy of the database signs nobody
// in. A sign-in always makes a new token. A session ends when it was not used
// for a while (idle), after a fixed time however much it was used (lifetime),
// when its owner says so, and when its issuer is disabled.
//
// Tokens, cookies and the life of one sign-in are those of alexedwards/scs;
// Manager is its store and adds what people are shown. What a person may is never
// kept here: package caller asks for it on every request.
//
// Neighbours: package signin begins and ends sessions, its package api speaks
// SessionsService, package caller asks Manager.Identify, package store implements
// Store.
package session

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// Collection is the first part of the names.
const Collection = "sessions/"

// Session is one place where a person is signed in.
type Session struct {
	ID         string
	Subject    string
	Provider   string // name of the identity provider
	Device     string // browser and system, in words
	TokenHash  string `json:"-"`
	IDToken    []byte `json:"-"` // sealed; signs out at the issuer
	EndSession string // where the issuer signs people out; empty when it does not
	Created    time.Time
	Used       time.Time // to the minute
	Expires    time.Time
}

// Store keeps sessions.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// InsertSession adds a session, unless its provider was disabled or deleted
	// meanwhile: then it is a precondition that failed.
	InsertSession(ctx context.Context, s Session) error
	// SessionByToken returns the session with this hash of a token, alive or not.
	SessionByToken(ctx context.Context, hash string) (s Session, found bool, err error)
	TouchSession(ctx context.Context, s Session, at time.Time) error
	// Sessions lists those of a person that are alive, the newest first, after the
	// one with this id.
	Sessions(ctx context.Context, subject string, alive Alive, after string, limit int) ([]Session, error)
	EndSession(ctx context.Context, s Session) error
	// EndDeadSessions removes up to limit sessions that are not alive.
	EndDeadSessions(ctx context.Context, alive Alive, limit int) (int, error)
}

// Alive says which sessions hold: used after, and expiring after.
type Alive struct{ UsedAfter, Now time.Time }

// Holds tells whether a session is alive.
func (a Alive) Holds(s Session) bool { return s.Used.After(a.UsedAfter) && s.Expires.After(a.Now) }

// List returns where a person is signed in, the newest first.
func (m *Manager) List(ctx context.Context, subject, after string, limit int) ([]Session, error) {
	return m.opts.Store.Sessions(ctx, subject, m.alive(), after, limit)
}

// End ends one session of a person. Somebody else's is as unknown as none.
func (m *Manager) End(ctx context.Context, subject, id string) error {
	return m.opts.Store.Tx(upkeep.With(ctx, looking), func(ctx context.Context) error {
		own, err := m.List(ctx, subject, "", most)
		if err != nil {
			return err
		}
		for _, s := range own {
			if s.ID == id {
				return m.opts.Store.EndSession(ctx, s)
			}
		}
		return problem.NotFound(Collection + id)
	})
}

// EndAll ends all sessions of a person but the one to keep, if any, and says how
// many there were.
func (m *Manager) EndAll(ctx context.Context, subject, keep string) (ended int, err error) {
	return ended, m.opts.Store.Tx(upkeep.With(ctx, looking), func(ctx context.Context) error {
		ended = 0
		own, err := m.List(ctx, subject, "", most)
		if err != nil {
			return err
		}
		for _, s := range own {
			if s.ID == keep {
				continue
			}
			if err := m.opts.Store.EndSession(ctx, s); err != nil {
				return err
			}
			ended++
		}
		return nil
	})
}

// Clean removes what is over, and says how much it was.
func (m *Manager) Clean(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := m.opts.Store.EndDeadSessions(ctx, m.alive(), batch)
		total += n
		if err != nil || n < batch {
			return total, err
		}
	}
}

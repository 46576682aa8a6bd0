package session

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Keys of a session's values.
const (
	keyID         = "id"
	keySubject    = "subject"
	keyProvider   = "provider"
	keyDevice     = "device"
	keyIDToken    = "id_token"
	keyEndSession = "end_session"
	keyCreated    = "created"
	keyUsed       = "used"
	keyExpires    = "expires"
)

var errNoContext = errors.New("sessions are found with a context only")

// codec writes values as JSON: all of ours are text, some of it not UTF-8.
type codec struct{}

type encoded struct {
	Deadline time.Time
	Values   map[string][]byte
}

// Encode implements scs.Codec.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	e := encoded{Deadline: deadline, Values: map[string][]byte{}}
	for key, value := range values {
		if text, ok := value.(string); ok {
			e.Values[key] = []byte(text)
		}
	}
	return json.Marshal(e)
}

// Decode implements scs.Codec.
func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var e encoded
	if err := json.Unmarshal(b, &e); err != nil {
		return time.Time{}, nil, err
	}
	values := map[string]any{}
	for key, value := range e.Values {
		values[key] = string(value)
	}
	return e.Deadline, values, nil
}

// adapter is the store of scs: tokens come hashed, and values go into columns.
type adapter struct{ m *Manager }

// CommitCtx writes a session that has just begun.
func (a adapter) CommitCtx(ctx context.Context, hash string, b []byte, _ time.Time) error {
	_, values, err := codec{}.Decode(b)
	if err != nil {
		return err
	}
	text := func(key string) string { s, _ := values[key].(string); return s }
	now := a.m.opts.Clock.Now()
	return a.m.opts.Store.InsertSession(ctx, Session{
		ID: text(keyID), Subject: text(keySubject), Provider: text(keyProvider), Device: text(keyDevice),
		IDToken: []byte(text(keyIDToken)), EndSession: text(keyEndSession), TokenHash: hash,
		Created: now, Used: now, Expires: now.Add(a.m.opts.Lifetime),
	})
}

// FindCtx finds a session that is alive.
func (a adapter) FindCtx(ctx context.Context, hash string) ([]byte, bool, error) {
	s, found, err := a.m.opts.Store.SessionByToken(ctx, hash)
	if err != nil || !found || !a.m.alive().Holds(s) {
		return nil, false, err
	}
	b, err := codec{}.Encode(s.Expires, map[string]any{
		keyID: s.ID, keySubject: s.Subject, keyProvider: s.Provider, keyDevice: s.Device,
		keyIDToken: string(s.IDToken), keyEndSession: s.EndSession,
		keyCreated: s.Created.Format(time.RFC3339Nano), keyUsed: s.Used.Format(time.RFC3339Nano), keyExpires: s.Expires.Format(time.RFC3339Nano),
	})
	return b, true, err
}

// DeleteCtx ends a session.
func (a adapter) DeleteCtx(ctx context.Context, hash string) error {
	return a.m.opts.Store.Tx(ctx, func(ctx context.Context) error {
		s, found, err := a.m.opts.Store.SessionByToken(ctx, hash)
		if err != nil || !found {
			return err
		}
		return a.m.opts.Store.EndSession(ctx, s)
	})
}

// Commit is never called: scs prefers CommitCtx.
func (adapter) Commit(string, []byte, time.Time) error { return errNoContext }

// Find is never called: scs prefers FindCtx.
func (adapter) Find(string) ([]byte, bool, error) { return nil, false, errNoContext }

// Delete is never called: scs prefers DeleteCtx.
func (adapter) Delete(string) error { return errNoContext }

// read returns the session that was loaded into ctx.
func (m *Manager) read(ctx context.Context) (Session, bool) {
	text := func(key string) string { return m.scs.GetString(ctx, key) }
	moment := func(key string) time.Time { t, _ := time.Parse(time.RFC3339Nano, text(key)); return t }
	s := Session{
		ID: text(keyID), Subject: text(keySubject), Provider: text(keyProvider), Device: text(keyDevice),
		IDToken: []byte(text(keyIDToken)), EndSession: text(keyEndSession),
		Created: moment(keyCreated), Used: moment(keyUsed), Expires: moment(keyExpires),
	}
	return s, s.ID != ""
}

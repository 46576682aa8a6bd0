package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/session"
)

var _ session.Store = (*Store)(nil)

const sessionColumns = `id, token_hash, subject, provider, device, id_token, end_session, created_at, used_at, expires_at`

// InsertSession adds a session, unless its provider is not there any more.
func (s *Store) InsertSession(ctx context.Context, v session.Session) error {
	if v.Provider != provider.Collection+provider.BuiltIn {
		p, err := s.Provider(ctx, v.Provider)
		if problem.Is(err, problem.KindNotFound) || err == nil && p.Disabled {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: v.Provider, Rule: "enabled", Fix: "Sign in another way; this one was closed.",
			})
		}
		if err != nil {
			return err
		}
	}
	ctx = ofSubject(ctx, v.Subject)
	_, err := s.db.Exec(ctx, `INSERT INTO sessions (district_id, `+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		districtID(v.Subject), v.ID, v.TokenHash, v.Subject, v.Provider, v.Device, v.IDToken, v.EndSession,
		sqldb.Micros(v.Created), sqldb.Micros(v.Used), sqldb.Micros(v.Expires))
	if err != nil {
		return sqldb.MapError(err, session.Collection+v.ID)
	}
	return audit.Record(ctx, s.db, audit.Change{Resource: sessionResource(v), After: v})
}

// SessionByToken reads the session with this hash of a token.
func (s *Store) SessionByToken(ctx context.Context, hash string) (session.Session, bool, error) {
	ctx = tenant.Everything(ctx, "a token says whose session it is, and nothing is known before")
	found, err := s.sessions(ctx, `token_hash = $1`, hash)
	if err != nil || len(found) != 1 {
		return session.Session{}, false, err
	}
	return found[0], true, nil
}

// TouchSession notes that a session was used.
func (s *Store) TouchSession(ctx context.Context, v session.Session, at time.Time) error {
	ctx = upkeep.With(ofSubject(ctx, v.Subject), "who looks stays signed in")
	_, err := s.db.Exec(ctx, `UPDATE sessions SET used_at = $3 WHERE district_id = $1 AND id = $2 AND used_at < $3`,
		districtID(v.Subject), v.ID, sqldb.Micros(at))
	return sqldb.MapError(err, session.Collection+v.ID)
}

// Sessions lists the living sessions of a person, the newest first.
func (s *Store) Sessions(ctx context.Context, subject string, alive session.Alive, after string, limit int) ([]session.Session, error) {
	where := `district_id = $1 AND subject = $2 AND used_at > $3 AND expires_at > $4`
	args := []any{districtID(subject), subject, sqldb.Micros(alive.UsedAfter), sqldb.Micros(alive.Now)}
	if after != "" {
		where += ` AND id < $6`
	}
	args = append(args, limit)
	if after != "" {
		args = append(args, after)
	}
	return s.sessions(ofSubject(ctx, subject), where+` ORDER BY id DESC LIMIT $5`, args...)
}

// EndSession ends a session.
func (s *Store) EndSession(ctx context.Context, v session.Session) error {
	ctx = ofSubject(ctx, v.Subject)
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE district_id = $1 AND id = $2`, districtID(v.Subject), v.ID)
		if err != nil || n == 0 {
			return sqldb.MapError(err, session.Collection+v.ID)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: sessionResource(v), Before: v})
	})
}

// EndDeadSessions removes sessions that are over.
func (s *Store) EndDeadSessions(ctx context.Context, alive session.Alive, limit int) (int, error) {
	ctx = tenant.Everything(ctx, "clean up in all districts")
	n, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE (district_id, id) IN (
		SELECT district_id, id FROM sessions WHERE used_at <= $1 OR expires_at <= $2 LIMIT $3)`,
		sqldb.Micros(alive.UsedAfter), sqldb.Micros(alive.Now), limit)
	return int(n), sqldb.MapError(err, "sessions")
}

func (s *Store) sessions(ctx context.Context, where string, args ...any) ([]session.Session, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE `+where, args...)
	if err != nil {
		return nil, sqldb.MapError(err, "sessions")
	}
	defer func() { _ = rows.Close() }()
	var found []session.Session
	for rows.Next() {
		var v session.Session
		var created, used, expires int64
		if err := rows.Scan(&v.ID, &v.TokenHash, &v.Subject, &v.Provider, &v.Device, &v.IDToken, &v.EndSession, &created, &used, &expires); err != nil {
			return nil, fmt.Errorf("read session: %w", err)
		}
		v.Created, v.Used, v.Expires = sqldb.Time(created), sqldb.Time(used), sqldb.Time(expires)
		found = append(found, v)
	}
	return found, rows.Err()
}

// districtID is the district of a person, or the state's id.
func districtID(subject string) string {
	parts := strings.Split(subject, "/")
	if len(parts) > 2 && parts[0] == "districts" {
		return parts[1]
	}
	return tenant.State
}

// ofSubject lets the work touch the rows of the person's district: who may see or
// end a session is its owner, whatever roles they hold there or elsewhere.
func ofSubject(ctx context.Context, subject string) context.Context {
	return tenant.With(ctx, districtID(subject))
}

// sessionResource is a session in the records of its owner's district.
func sessionResource(v session.Session) string {
	if d := districtID(v.Subject); d != tenant.State {
		return "districts/" + d + "/" + session.Collection + v.ID
	}
	return session.Collection + v.ID
}

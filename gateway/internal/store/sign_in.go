package store

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"

	"github.com/tandem-badges/tandem/gateway/internal/signin"
)

var _ signin.Store = (*Store)(nil)

// InsertAttempt remembers a sign-in that was begun.
func (s *Store) InsertAttempt(ctx context.Context, a signin.Attempt) error {
	ctx = tenant.With(ctx, tenant.State) // nobody is signed in yet; the row says nothing about anybody
	ctx = upkeep.With(ctx, "people sign in to look")
	_, err := s.db.Exec(ctx, `
		INSERT INTO sign_ins (district_id, state_hash, browser_hash, provider, return_to, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tenant.State, a.StateHash, a.BrowserHash, a.Provider, a.ReturnTo, sqldb.Micros(a.Expires))
	return sqldb.MapError(err, "sign-in")
}

// TakeAttempt returns a sign-in that was begun and forgets it, so that it is used
// once, whoever asks first.
func (s *Store) TakeAttempt(ctx context.Context, stateHash string) (a signin.Attempt, found bool, err error) {
	ctx = tenant.With(ctx, tenant.State) // nobody is signed in yet; the row says nothing about anybody
	ctx = upkeep.With(ctx, "people sign in to look")
	return a, found, s.db.Tx(ctx, func(ctx context.Context) error {
		rows, err := s.db.Conn(ctx).QueryContext(ctx, `
			DELETE FROM sign_ins WHERE district_id = $1 AND state_hash = $2
			RETURNING state_hash, browser_hash, provider, return_to, expires_at`, tenant.State, stateHash)
		if err != nil {
			return sqldb.MapError(err, "sign-in")
		}
		defer func() { _ = rows.Close() }()
		found = rows.Next()
		if found {
			var expires int64
			if err := rows.Scan(&a.StateHash, &a.BrowserHash, &a.Provider, &a.ReturnTo, &expires); err != nil {
				return sqldb.MapError(err, "sign-in")
			}
			a.Expires = sqldb.Time(expires)
		}
		return rows.Err()
	})
}

// DeleteAttempts forgets the sign-ins that came to nothing.
func (s *Store) DeleteAttempts(ctx context.Context, expired time.Time) error {
	ctx = tenant.With(ctx, tenant.State)
	_, err := s.db.Exec(ctx, `DELETE FROM sign_ins WHERE expires_at <= $1`, sqldb.Micros(expired))
	return sqldb.MapError(err, "sign-in")
}

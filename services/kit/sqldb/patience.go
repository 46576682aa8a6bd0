package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pressly/goose/v3"
)

// How long a migration may wait. A statement that waits for a lock has everybody who
// wants the table afterwards wait behind it, readers too: so it gives up soon, lets
// them pass, and tries again. What runs outside a transaction (CREATE INDEX
// CONCURRENTLY) has nobody wait behind it, and waits for others by design.
const (
	lockWait      = 5 * time.Second
	lockTries     = 12
	lockPause     = time.Second // before the second try; it grows
	lockMaxPause  = 15 * time.Second
	statementMost = 15 * time.Minute

	patientLockWait  = 30 * time.Minute
	patientStatement = 4 * time.Hour

	lookForLock = 250 * time.Millisecond
)

const pgLockNotAvailable = "55P03"

// limits are the timeouts of a session.
type limits struct{ lock, statement time.Duration }

var (
	brief   = limits{lock: lockWait, statement: statementMost}
	patient = limits{lock: patientLockWait, statement: patientStatement}
)

// set gives them to the sessions of a pool to be opened; none are those of the server.
func (l limits) set(params map[string]string) {
	if l == (limits{}) {
		return
	}
	params["lock_timeout"] = fmt.Sprint(l.lock.Milliseconds())
	params["statement_timeout"] = fmt.Sprint(l.statement.Milliseconds())
}

// pools are the connections that migrate.
type pools struct{ brief, patient *sql.DB }

// migrator applies one row of migrations.
type migrator struct {
	db      *DB
	sub     fs.FS
	brief   *goose.Provider
	patient *goose.Provider // for files that say NO TRANSACTION
}

// up applies what is missing up to a version, file by file, each as often as locks make
// it necessary, and returns how many there were.
func (m *migrator) up(ctx context.Context, version int64) (done int, err error) {
	have, err := m.brief.GetDBVersion(ctx)
	if err != nil {
		return 0, err
	}
	for _, source := range m.brief.ListSources() {
		if source.Version <= have || source.Version > version {
			continue
		}
		text, err := fs.ReadFile(m.sub, source.Path)
		if err != nil {
			return done, err
		}
		provider := m.brief
		if strings.Contains(string(text), "-- +goose NO TRANSACTION") {
			provider = m.patient
		}
		err = m.db.despiteLocks(ctx, source.Path, func() error {
			applied, err := provider.UpTo(ctx, source.Version)
			done += len(applied)
			return err
		})
		if err != nil {
			return done, err
		}
	}
	// Nothing is left to do but to refuse a file that was put in before others.
	_, err = m.brief.UpTo(ctx, version)
	return done, err
}

// despiteLocks does a step again that did not get its locks in time.
func (db *DB) despiteLocks(ctx context.Context, what string, step func() error) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = lockPause, lockMaxPause
	tries := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		err := step()
		switch {
		case err != nil && !lockRefused(err):
			err = backoff.Permanent(err)
		case err != nil:
			db.log.WarnContext(ctx, "migration waits for others to let go of a table", "schema", db.schema, "migration", what, "try", tries, "error", err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(lockTries), backoff.WithMaxElapsedTime(0))
	if lockRefused(err) {
		return fmt.Errorf("%s did not get its lock in %d tries of %s: some transaction holds the table for long; "+
			"find it with SELECT pid, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start, end it, and migrate again: %w", what, tries, lockWait, err)
	}
	return err
}

// lockRefused tells whether a step may succeed once others have let go.
func lockRefused(err error) bool {
	code := pgCode(err)
	return code == pgLockNotAvailable || code == pgDeadlockDetected
}

// lockSchema takes the advisory lock of the schema's migrations for the session. It asks again and again
// instead of waiting in one statement, which CREATE INDEX CONCURRENTLY of the process
// that has the lock would wait for, and neither would end.
func lockSchema(ctx context.Context, conn *sql.Conn, schema string) error {
	for {
		var got bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, lockID(schema)).Scan(&got); err != nil || got {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookForLock):
		}
	}
}

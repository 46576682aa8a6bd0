// Package lease lets exactly one of several replicas do a piece of work, such as
// relaying a service's outbox or running a schedule.
//
// A lease is a row in the service's own database with a holder and an expiry.
// Run waits for it, runs the work while it renews the row, ends the work's
// context when it can no longer be sure to hold it, and starts over. Expiry is
// real time, never the product's clock, and the database server's time on
// PostgreSQL, so that replicas with clocks apart agree.
//
// Neighbours: outbox.Relay, operations.Worker and the services' schedules run
// inside a lease; sqldb holds the row.
package lease

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// ErrLost is the cause of the work's context when the lease was lost.
var ErrLost = errors.New("lease lost")

// Run does fn while this process holds the named lease. It returns fn's result
// when fn ends by itself, having given the lease back; when the lease is lost it
// waits for fn to return and then for the lease again. When ctx ends it waits
// for fn, gives the lease back and returns ctx's error.
//
// The holder is for people who read the table. ttl is how long others wait after
// this process dies; renewal happens three times as often.
//
// While the database takes no changes (read-only mode) the work is paused, as if
// the lease had been lost, unless the context is marked as upkeep.
func Run(ctx context.Context, db *sqldb.DB, name, holder string, ttl time.Duration, fn func(ctx context.Context) error) error {
	l := &lease{
		db: db, name: name, holder: holder + "/" + ids.New(), ttl: ttl,
		held: measure.NewSwitch("tandem.lease.held", "1 where this process holds the lease, 0 where it waits for it.",
			measure.Label("schema", db.Schema()), measure.Label("lease", name)),
	}
	err := db.WhileWritable(ctx, func(ctx context.Context) error { return l.run(ctx, fn) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// run waits for the lease and runs fn, as often as the lease is lost.
func (l *lease) run(ctx context.Context, fn func(ctx context.Context) error) error {
	for {
		if err := l.await(ctx); err != nil {
			return err
		}
		l.held.Set(ctx, true)
		lost, err := l.hold(ctx, fn)
		l.held.Set(ctx, false)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !lost {
			return err
		}
	}
}

type lease struct {
	db       *sqldb.DB
	name     string
	holder   string
	ttl      time.Duration
	held     *measure.Switch
	deadline time.Time // until when, by this process's monotonic clock, the lease is surely held
}

// await returns once the lease is held. A database that does not answer is
// waited for: it holds the lease.
func (l *lease) await(ctx context.Context) error {
	for {
		ok, err := l.acquire(ctx)
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(l.ttl / 4):
		}
	}
}

// hold runs fn and renews the lease beside it.
func (l *lease) hold(ctx context.Context, fn func(ctx context.Context) error) (lost bool, err error) {
	work, end := context.WithCancelCause(ctx)
	defer end(nil)
	done := make(chan error, 1)
	go func() { done <- fn(work) }()
	defer l.release(ctx)
	tick := time.NewTicker(l.ttl / 3)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return context.Cause(work) == ErrLost, err //nolint:errorlint // the very value set below
		case <-ctx.Done():
			return false, <-done
		case <-tick.C:
			if !l.renew(ctx) {
				end(ErrLost)
				return true, <-done
			}
		}
	}
}

// renew tells whether the lease is still held: renewed, or not renewed while the
// last renewal is still good.
func (l *lease) renew(ctx context.Context) bool {
	until, cancel := context.WithDeadline(ctx, l.deadline.Add(-l.ttl/6))
	defer cancel()
	ok, err := l.acquire(until)
	if err != nil {
		return time.Now().Before(l.deadline.Add(-l.ttl / 3))
	}
	return ok
}

// acquire takes or renews the row.
func (l *lease) acquire(ctx context.Context) (bool, error) {
	ctx = upkeep.With(tenant.With(ctx), "leases say who works") // they belong to no district
	start := time.Now()
	var held bool
	err := l.db.TxWith(ctx, sqldb.TxOptions{Isolation: sql.LevelReadCommitted}, func(ctx context.Context) error {
		now, err := l.now(ctx)
		if err != nil {
			return err
		}
		res, err := l.db.Conn(ctx).ExecContext(ctx, `
			INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
			WHERE leases.holder = excluded.holder OR leases.expires_at <= $4`,
			l.name, l.holder, now+l.ttl.Microseconds(), now)
		if err != nil {
			return fmt.Errorf("lease %s: %w", l.name, err)
		}
		n, err := res.RowsAffected()
		held = n == 1
		return err
	})
	if held && err == nil {
		l.deadline = start.Add(l.ttl)
	}
	return held, err
}

// now is the time all holders agree on.
func (l *lease) now(ctx context.Context) (int64, error) {
	if l.db.Dialect() == sqldb.SQLite {
		return time.Now().UnixMicro(), nil
	}
	var now int64
	err := l.db.Conn(ctx).QueryRowContext(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&now)
	return now, err
}

// release lets another replica go on at once instead of after the expiry.
func (l *lease) release(ctx context.Context) {
	ctx = upkeep.With(tenant.With(context.WithoutCancel(ctx)), "leases say who works")
	ctx, cancel := context.WithTimeout(ctx, l.ttl/2)
	defer cancel()
	_, _ = l.db.Exec(ctx, `DELETE FROM leases WHERE name = $1 AND holder = $2`, l.name, l.holder)
}

// Clear ends all leases of the database, whoever holds them. It is for a process
// that knows that it is the only one: after a crash it need not wait for its own
// leases to expire.
func Clear(ctx context.Context, db *sqldb.DB) error {
	if _, err := db.Exec(tenant.With(ctx), `DELETE FROM leases`); err != nil {
		return fmt.Errorf("clear leases: %w", err)
	}
	return nil
}

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// pgReadOnly is PostgreSQL's code for a change in a transaction that only reads.
const pgReadOnly = "25006"

// Freezer says whether changes are refused now.
type Freezer interface {
	// Frozen is the refusal, or nil while changes are taken.
	Frozen() error
	// Changed is closed when the answer may have become another.
	Changed() <-chan struct{}
}

// freezer is how a database holds one, or none.
type freezer struct{ now atomic.Pointer[Freezer] }

// FreezeBy has f decide from now on whether the database takes changes. While it
// does not, transactions only read: one that changes a row fails with f's refusal,
// unless its context is marked by package upkeep. What has begun is finished.
func (db *DB) FreezeBy(f Freezer) { db.freezer.now.Store(&f) }

// Frozen is the refusal that a change in this context would meet now, or nil.
func (db *DB) Frozen(ctx context.Context) error {
	f := db.freezer.now.Load()
	if f == nil || upkeep.Is(ctx) {
		return nil
	}
	return (*f).Frozen()
}

// WhileWritable runs fn while the database takes changes: it ends the context of fn
// when the database is frozen, and runs fn anew when it is not any more. It is for
// background work; it returns what fn returned when it was not paused.
func (db *DB) WhileWritable(ctx context.Context, fn func(ctx context.Context) error) error {
	for ctx.Err() == nil {
		if !db.thawed(ctx) {
			continue
		}
		paused, err := db.untilFrozen(ctx, fn)
		if !paused {
			return err
		}
	}
	return nil
}

// thawed waits for a change while the database is frozen.
func (db *DB) thawed(ctx context.Context) bool {
	changed := db.changes()
	if db.Frozen(ctx) == nil {
		return true
	}
	select {
	case <-ctx.Done():
	case <-changed:
	}
	return false
}

// errFrozen ends the context of work that is paused.
var errFrozen = errors.New("paused: the database takes no changes")

// untilFrozen runs fn and tells whether it was ended for the freeze.
func (db *DB) untilFrozen(ctx context.Context, fn func(ctx context.Context) error) (paused bool, err error) {
	work, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		for work.Err() == nil {
			changed := db.changes()
			if db.Frozen(ctx) != nil {
				end(errFrozen)
			}
			select {
			case <-work.Done():
			case <-changed:
			}
		}
	}()
	err = fn(work)
	return errors.Is(context.Cause(work), errFrozen), err
}

// changes is what to wait for; nil, for ever, where nobody freezes.
func (db *DB) changes() <-chan struct{} {
	if f := db.freezer.now.Load(); f != nil {
		return (*f).Changed()
	}
	return nil
}

// readOnly makes a transaction one that cannot change anything, on a connection that
// SQLite lets only read.
func (db *DB) readOnly(opts *sql.TxOptions) *sql.DB {
	opts.ReadOnly = true
	return db.read
}

// refused makes the error of a change in a transaction that only reads the refusal.
func refused(err, frozen error) error {
	var lite *sqlite.Error
	if pgCode(err) == pgReadOnly || errors.As(err, &lite) && lite.Code()&sqlitePrimaryCode == sqlite3.SQLITE_READONLY {
		return problem.WithCause(frozen, err)
	}
	return err
}

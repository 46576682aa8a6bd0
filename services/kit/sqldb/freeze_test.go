package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// frost freezes a database while it is on.
type frost struct {
	mu      sync.Mutex
	on      bool
	changed chan struct{}
}

func newFrost() *frost { return &frost{changed: make(chan struct{})} }

func (f *frost) Frozen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on {
		return problem.ReadOnly("The platform moves.", time.Minute)
	}
	return nil
}

func (f *frost) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *frost) set(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
	close(f.changed)
	f.changed = make(chan struct{})
}

const addLease = `INSERT INTO leases (name, holder, expires_at) VALUES ($1, 'somebody', 0)`

func leases(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM leases`).Scan(&n))
	return n
}

func TestAFrozenDatabaseTakesNoChange(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		ctx, f := kittest.All(t), newFrost()
		db.FreezeBy(f)
		_, err := db.Exec(ctx, addLease, "before")
		require.NoError(t, err)

		f.set(true)
		ways := map[string]func(ctx context.Context) error{
			"Exec": func(ctx context.Context) error { _, err := db.Exec(ctx, addLease, "x"); return err },
			"Tx": func(ctx context.Context) error {
				return db.Tx(ctx, func(ctx context.Context) error {
					_, err := db.Conn(ctx).ExecContext(ctx, addLease, "x")
					return err
				})
			},
			"Alone": func(ctx context.Context) error {
				return db.Alone(ctx, addLease+` RETURNING name`, []any{"x"}, func() {}, func(*sql.Rows) error { return nil })
			},
		}
		for name, change := range ways {
			err := change(ctx)
			refusal, ok := problem.As(err)
			require.True(t, ok, "%s: %v", name, err)
			require.Equal(t, problem.ReasonReadOnly, refusal.Reason, name)
		}
		require.Equal(t, 1, leases(t, db))
		require.NoError(t, db.Tx(ctx, func(ctx context.Context) error {
			var n int
			return db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM leases`).Scan(&n)
		}), "a transaction that only reads goes on")
		marked := upkeep.With(ctx, "a test")
		require.NoError(t, ways["Exec"](marked), "upkeep goes on")
		require.Equal(t, 2, leases(t, db))
		require.Error(t, ways["Tx"](upkeep.Without(marked)))

		f.set(false)
		_, err = db.Exec(ctx, addLease, "after")
		require.NoError(t, err)
	})
}

func TestATransactionThatHasBegunIsFinished(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		ctx, f := kittest.All(t), newFrost()
		db.FreezeBy(f)
		require.NoError(t, db.Tx(ctx, func(ctx context.Context) error {
			f.set(true)
			_, err := db.Conn(ctx).ExecContext(ctx, addLease, "in flight")
			return err
		}))
		require.Equal(t, 1, leases(t, db))
	})
}

func TestWorkRestsWhileTheDatabaseIsFrozen(t *testing.T) {
	db, f := kittest.SQLite(t, "schools", nil), newFrost()
	db.FreezeBy(f)
	f.set(true)
	began, ended := make(chan struct{}, 1), make(chan struct{}, 1)
	kittest.Go(t, func(ctx context.Context) error {
		return db.WhileWritable(ctx, func(ctx context.Context) error {
			began <- struct{}{}
			<-ctx.Done()
			ended <- struct{}{}
			return errors.New("a last word that nobody needs")
		})
	})
	require.Empty(t, began)
	f.set(false)
	<-began
	f.set(true)
	<-ended
	require.Empty(t, began)
	f.set(false)
	<-began
}

func TestWorkThatEndsByItselfIsNotBegunAnew(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	db.FreezeBy(newFrost())
	broken := errors.New("broken")
	require.ErrorIs(t, db.WhileWritable(t.Context(), func(context.Context) error { return broken }), broken)
	require.NoError(t, db.WhileWritable(t.Context(), func(context.Context) error { return nil }))
}

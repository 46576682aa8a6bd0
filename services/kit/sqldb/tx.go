package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

const (
	txAttempts  = 12
	txFirstWait = 5 * time.Millisecond
	txMaxWait   = 500 * time.Millisecond
)

// TxOptions tunes a transaction.
type TxOptions struct {
	// Isolation on PostgreSQL. Zero means serializable, so that a rule checked by
	// reading holds at commit exactly as it does with SQLite's one writer.
	Isolation sql.IsolationLevel
}

type txKey struct{ db *DB }

// transaction is what the context carries.
type transaction struct {
	tx     *sql.Tx
	after  []func()
	failed error // a retryable failure seen by an inner Tx
}

func (db *DB) txFrom(ctx context.Context) *transaction {
	t, _ := ctx.Value(txKey{db}).(*transaction)
	return t
}

// InTx tells whether ctx carries a transaction of this database.
func (db *DB) InTx(ctx context.Context) bool { return db.txFrom(ctx) != nil }

// Tx runs fn in a write transaction that its context carries, and commits when
// fn returns nil. Inside another Tx it joins that one. The outermost Tx runs fn
// again when the database was busy or found no serial order, so fn must have no
// effect but its statements; use AfterCommit for the others.
func (db *DB) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.TxWith(ctx, TxOptions{}, fn)
}

// TxWith is Tx with options; they count for the outermost one only.
func (db *DB) TxWith(ctx context.Context, o TxOptions, fn func(ctx context.Context) error) error {
	if t := db.txFrom(ctx); t != nil {
		err := fn(ctx)
		if IsRetryable(err) {
			t.failed = err // the caller may translate it; the outermost Tx still retries
		}
		return err
	}
	return db.attempts(ctx, func(ctx context.Context) (bool, error) { return db.attempt(ctx, o, fn) })
}

// attempts makes a transaction of attempts, with its span and its time.
func (db *DB) attempts(ctx context.Context, attempt func(ctx context.Context) (retry bool, err error)) error {
	start := time.Now()
	ctx, span := db.guard.transaction(ctx)
	n := int64(0)
	err := retrying(ctx, func() (bool, error) {
		n++
		return attempt(ctx)
	})
	if n > 1 {
		db.meters.retries.Add(ctx, "", n-1)
		span.SetAttributes(attribute.Int64("tandem.attempts", n))
	}
	db.meters.transactions.Since(ctx, start)
	end(span, err)
	return err
}

// aloneKey marks the context of a statement that is a transaction of its own.
type aloneKey struct{}

// Alone runs one statement that may change rows and is a transaction of its own, and
// calls each with every row it returns, anew from the first when it has to run
// again. PostgreSQL gets it in one message with its tenant, where a transaction
// takes four ways there and back; it runs read committed, so that the statement must
// hold by what it locks and by unique keys. Inside a Tx it joins that one.
func (db *DB) Alone(ctx context.Context, query string, args []any, begin func(), each func(rows *sql.Rows) error) error {
	run := func(ctx context.Context) error {
		begin()
		rows, err := db.Conn(ctx).QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if db.dialect != Postgres || db.InTx(ctx) || db.Frozen(ctx) != nil {
		return db.Tx(ctx, run)
	}
	ctx = context.WithValue(ctx, aloneKey{}, true)
	return db.attempts(ctx, func(ctx context.Context) (bool, error) {
		err := run(ctx)
		return IsRetryable(err), err
	})
}

// InTurn runs fn in a transaction, and no other of the same name beside it, in whatever
// process: for what the replicas of a service share and do not keep in their database.
// The turn ends with the transaction, also when the process is killed. Be quick: on
// SQLite nothing else is written meanwhile.
func (db *DB) InTurn(ctx context.Context, name string, fn func(ctx context.Context) error) error {
	return db.TxWith(ctx, TxOptions{Isolation: sql.LevelReadCommitted}, func(ctx context.Context) error {
		if db.dialect == Postgres {
			if _, err := db.Conn(ctx).ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, advisory(name, db.schema)); err != nil {
				return fmt.Errorf("take a turn at %s: %w", name, err)
			}
		}
		return fn(ctx)
	})
}

// retrying calls attempt until it works, or its failure would not pass.
func retrying(ctx context.Context, attempt func() (retry bool, err error)) error {
	wait := txFirstWait
	for n := 1; ; n++ {
		retry, err := attempt()
		if err == nil || !retry || n == txAttempts || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // spreads retries, guards nothing
		}
		wait = min(2*wait, txMaxWait)
	}
}

// attempt runs fn once in a transaction of its own and tells whether a failure
// may pass when repeated.
func (db *DB) attempt(ctx context.Context, o TxOptions, fn func(ctx context.Context) error) (retry bool, err error) {
	opts := &sql.TxOptions{}
	if db.dialect == Postgres {
		opts.Isolation = o.Isolation
		if opts.Isolation == sql.LevelDefault {
			opts.Isolation = sql.LevelSerializable
		}
	}
	pool := db.write
	frozen := db.Frozen(ctx)
	if frozen != nil {
		pool = db.readOnly(opts)
		defer func() { err = refused(err, frozen) }()
	}
	tx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return IsRetryable(err), fmt.Errorf("begin: %w", err)
	}
	t := &transaction{tx: tx}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing; also runs when fn panics
	if err := fn(context.WithValue(ctx, txKey{db}, t)); err != nil {
		return IsRetryable(err) || t.failed != nil, err
	}
	if t.failed != nil {
		return true, t.failed // a swallowed failure: PostgreSQL has aborted the transaction
	}
	committing := db.guard.statement(ctx, "COMMIT")
	err = tx.Commit()
	end(committing, err)
	if err != nil {
		return IsRetryable(err), fmt.Errorf("commit: %w", err)
	}
	for _, f := range t.after {
		f()
	}
	return false, nil
}

// AfterCommit has f called once the transaction carried by ctx is committed, and
// never when it is not. Without a transaction it calls f at once.
func (db *DB) AfterCommit(ctx context.Context, f func()) {
	t := db.txFrom(ctx)
	if t == nil {
		f()
		return
	}
	t.after = append(t.after, f)
}

// ErrNoTx is returned by what must be part of a transaction and is not.
var ErrNoTx = errors.New("call runs outside a transaction: wrap it in DB.Tx")

// Exec runs one statement in a transaction (the one in ctx, or its own) and
// returns the number of rows it changed.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := db.Tx(ctx, func(ctx context.Context) error {
		res, err := db.Conn(ctx).ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

package sqldb

import (
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// The settings live as long as a transaction, whoever's it is: a pool or a pooler
// in between has nothing to carry to the next caller.
const (
	sayTenant     = `SELECT set_config('tandem.districts', $1, true)`
	sayTenantRead = `SELECT set_config('tandem.districts', $1, true), set_config('transaction_read_only', 'on', true)`
	// A plan that is kept must stay good while tables grow: one made for an empty table would read
	// all of it for ever.
	planOnce = `, set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`
	// What is run alone is run often, by keys: planning it anew would cost more than running it.
	sayTenantAlone = sayTenant + planOnce
)

type plannedKey struct{}

// PlannedOnce returns a context whose reads outside a transaction PostgreSQL plans
// once for each connection, whatever their arguments: for those that look up a few
// rows by their keys, and so often that planning costs more than reading.
func PlannedOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, plannedKey{}, true)
}

// idle is PostgreSQL's word for a connection that is in no transaction.
const idle = 'I'

// pgConn is a connection to PostgreSQL that tells the database, with each
// statement, which districts the statement's context may touch.
//
// A statement outside a transaction goes in one message together with the
// setting: PostgreSQL runs what comes before one Sync as one transaction. In a
// transaction the setting goes along with the first statement, and again only
// when the tenant is another one.
type pgConn struct {
	inner *stdlib.Conn
	guard *guard
	tx    bool
	said  string // in the present transaction
}

// Prepare is refused.
func (c *pgConn) Prepare(string) (driver.Stmt, error) { return nil, errUnguarded }

// Begin is refused: database/sql uses BeginTx.
func (c *pgConn) Begin() (driver.Tx, error) { return nil, errUnguarded }

// Close ends the connection.
func (c *pgConn) Close() error { return c.inner.Close() }

// Ping proves that the server answers; it reads no rows.
func (c *pgConn) Ping(ctx context.Context) error { return c.inner.Ping(ctx) }

// CheckNamedValue leaves arguments to the driver.
func (c *pgConn) CheckNamedValue(v *driver.NamedValue) error { return c.inner.CheckNamedValue(v) }

// ResetSession is called before a connection is used again.
func (c *pgConn) ResetSession(ctx context.Context) error { return c.inner.ResetSession(ctx) }

// IsValid keeps a connection out of the pool that is closed or still in a
// transaction, and with it in somebody's tenant.
func (c *pgConn) IsValid() bool {
	return !c.inner.Conn().IsClosed() && !c.tx && c.inner.Conn().PgConn().TxStatus() == idle
}

// BeginTx begins a transaction. Its tenant is that of each statement's context.
func (c *pgConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.inner.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	c.tx, c.said = true, ""
	return pgTx{inner: tx, conn: c}, nil
}

// pgTx is a transaction whose end is the end of its setting.
type pgTx struct {
	inner driver.Tx
	conn  *pgConn
}

// Commit ends the transaction.
func (t pgTx) Commit() error {
	t.conn.tx = false
	return t.inner.Commit()
}

// Rollback undoes the transaction.
func (t pgTx) Rollback() error {
	t.conn.tx = false
	return t.inner.Rollback()
}

// ExecContext runs a statement.
func (c *pgConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	said, err := c.guard.allow(ctx, query)
	if err != nil {
		return nil, err
	}
	span := c.guard.statement(ctx, query)
	result, err := c.exec(ctx, said, query, args)
	end(span, err)
	return result, err
}

func (c *pgConn) exec(ctx context.Context, said, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.tx && c.said == said {
		return c.inner.ExecContext(ctx, query, args)
	}
	results, err := c.send(ctx, said, query, args)
	if err != nil {
		return nil, err
	}
	tag, err := results.Exec()
	if cerr := results.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, retryable(err)
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

// QueryContext runs a statement that answers rows.
func (c *pgConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	said, err := c.guard.allow(ctx, query)
	if err != nil {
		return nil, err
	}
	span := c.guard.statement(ctx, query)
	rows, err := c.query(ctx, said, query, args)
	return traced(span, rows, err)
}

func (c *pgConn) query(ctx context.Context, said, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.tx && c.said == said {
		return c.inner.QueryContext(ctx, query, args)
	}
	results, err := c.send(ctx, said, query, args)
	if err != nil {
		return nil, err
	}
	rows, err := newPgRows(results)
	if err != nil {
		return nil, retryable(err)
	}
	return rows, nil
}

// send sends the setting and the statement together, and returns what the
// statement answers.
func (c *pgConn) send(ctx context.Context, said, query string, named []driver.NamedValue) (pgx.BatchResults, error) {
	if c.inner.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	args := make([]any, len(named))
	for i, v := range named {
		args[i] = v.Value
	}
	setting := sayTenantRead
	switch {
	case c.tx:
		setting = sayTenant
	case ctx.Value(aloneKey{}) != nil:
		setting = sayTenantAlone
	case ctx.Value(plannedKey{}) != nil:
		setting = sayTenantRead + planOnce
	}
	batch := &pgx.Batch{}
	batch.Queue(setting, said)
	batch.Queue(query, args...)
	results := c.inner.Conn().SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close()
		return nil, retryable(err)
	}
	if c.tx {
		c.said = said
	}
	return results, nil
}

// retryable has database/sql take another connection when this one was gone
// before anything was sent.
func retryable(err error) error {
	if pgconn.SafeToRetry(err) {
		return driver.ErrBadConn
	}
	return err
}

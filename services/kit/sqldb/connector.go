package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
)

// errUnguarded refuses the ways around the guard that database/sql knows.
var errUnguarded = errors.New("sqldb: statements are not prepared by hand, and transactions begin with a context")

// liteConnector opens connections to a SQLite file behind the guard.
type liteConnector struct {
	dsn    string
	driver driver.Driver
	guard  *guard
}

// openLite opens a pool on a SQLite file.
func openLite(dsn string, g *guard) (*sql.DB, error) {
	plain, err := sql.Open("sqlite", dsn) // connects to nothing; it knows the registered driver
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(liteConnector{dsn: dsn, driver: plain.Driver(), guard: g}), plain.Close()
}

// Connect opens one connection.
func (c liteConnector) Connect(context.Context) (driver.Conn, error) {
	inner, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(liteInner)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver of SQLite lacks what %T has not", inner), inner.Close())
	}
	return &liteConn{liteInner: full, guard: c.guard}, nil
}

// Driver is asked for by database/sql.
func (c liteConnector) Driver() driver.Driver { return c.driver }

// liteInner is what the driver's connections can do.
type liteInner interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// liteConn is a connection to SQLite that runs no statement without a tenant. It
// cannot hide rows: there the application's own filters are the only wall.
type liteConn struct {
	liteInner
	guard *guard
}

// Prepare is refused.
func (c *liteConn) Prepare(string) (driver.Stmt, error) { return nil, errUnguarded }

// ExecContext runs a statement.
func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if _, err := c.guard.allow(ctx, query); err != nil {
		return nil, err
	}
	span := c.guard.statement(ctx, query)
	result, err := c.liteInner.ExecContext(ctx, query, args)
	end(span, err)
	return result, err
}

// QueryContext runs a statement that answers rows.
func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if _, err := c.guard.allow(ctx, query); err != nil {
		return nil, err
	}
	span := c.guard.statement(ctx, query)
	rows, err := c.liteInner.QueryContext(ctx, query, args)
	return traced(span, rows, err)
}

// pgConnector opens connections to PostgreSQL behind the guard.
type pgConnector struct {
	driver.Connector
	guard *guard
}

// Connect opens one connection.
func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	plain, ok := inner.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver of PostgreSQL is %T", inner), inner.Close())
	}
	return &pgConn{inner: plain, guard: c.guard}, nil
}

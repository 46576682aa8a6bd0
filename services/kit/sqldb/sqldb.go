// Package sqldb opens a service's database and carries its transactions.
//
// A service owns one database: a SQLite file or a PostgreSQL schema. The flow is
// Open, Migrate, then Tx around every change: the transaction travels in the
// context, so that stores, package outbox and package inbox commit together
// without passing a handle around. SQL text is the same for both dialects, with
// $1 placeholders, times as microseconds (Micros, Time) and JSON as text.
//
// Every statement runs for the tenants its context says (package tenant): one
// that says none is refused (guard.go), and on PostgreSQL row-level security shows
// it the rows of these districts only (pgconn.go tells, rls.go makes the policies).
//
// Neighbours: outbox, inbox, lease, idempotency and operations keep their rows
// in tables this package migrates next to the service's own; package problem
// receives driver errors through MapError; Provision gives every service its
// schema and a role that owns nothing.
package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Dialect names the kind of database.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options says which database to open.
type Options struct {
	URL      string       // sqlite:PATH, or postgres://... of the service's own role
	OwnerURL string       // PostgreSQL only: who migrates; empty means URL
	Schema   string       // PostgreSQL schema and name of the version table: the service's name
	MaxConns int          // connections that read; 0 means a sensible default
	Log      *slog.Logger // nil means silence
}

// Querier runs statements: a transaction, or a pool that only reads.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is a service's database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	schema  string
	path    string // SQLite file
	owner   string // PostgreSQL URL for migrations
	write   *sql.DB
	read    *sql.DB
	guard   guard
	freezer freezer
	meters  meters
	log     *slog.Logger

	mu    sync.Mutex
	wakes map[string]chan struct{}
}

var schemaName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Open opens the database and proves that it answers, to a user who is not above
// its policies. It creates a missing SQLite file and its folder, and no tables:
// see Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	if !schemaName.MatchString(o.Schema) {
		return nil, fmt.Errorf("database schema %q: want a lower-case word such as the service's name", o.Schema)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db := &DB{schema: o.Schema, log: o.Log, wakes: map[string]chan struct{}{}}
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite:"):
		err = db.openSQLite(o)
	case IsPostgres(o.URL):
		err = db.openPostgres(o)
	default:
		return nil, fmt.Errorf("database URL: want sqlite:PATH or postgres://HOST/NAME")
	}
	if err != nil {
		return nil, err
	}
	if err = db.Ping(ctx); err == nil {
		err = db.mustObey(ctx)
	}
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open %s database of %s: %w", db.dialect, o.Schema, err)
	}
	db.measured()
	return db, nil
}

// IsPostgres tells whether the URL names a PostgreSQL database.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Dialect tells which kind of database this is, for the few statements that
// cannot be the same on both.
func (db *DB) Dialect() Dialect { return db.dialect }

// Schema is the name the database was opened with: the service's name.
func (db *DB) Schema() string { return db.schema }

// Ping proves that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	ctx = tenant.With(ctx) // looks at no rows
	var one int
	return db.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
}

// Close ends all connections.
func (db *DB) Close() error {
	if db.meters.stop != nil { // nil where it was never open
		db.meters.stop()
	}
	err := db.read.Close()
	if db.write != db.read {
		if werr := db.write.Close(); err == nil {
			err = werr
		}
	}
	return err
}

// Conn returns the transaction carried by ctx, or else a pool to read from. On
// SQLite that pool cannot write: changes belong into Tx.
func (db *DB) Conn(ctx context.Context) Querier {
	if t := db.txFrom(ctx); t != nil {
		return t.tx
	}
	return db.read
}

// Wakes is the channel on which Wake with the same topic is heard. One listener
// per topic hears each call; calls while nobody listens are kept as one.
func (db *DB) Wakes(topic string) <-chan struct{} { return db.wakeChan(topic) }

// Wake tells the listener of the topic in this process that there is work. It
// never blocks; a listener also polls, since other processes cannot call it.
func (db *DB) Wake(topic string) {
	select {
	case db.wakeChan(topic) <- struct{}{}:
	default:
	}
}

func (db *DB) wakeChan(topic string) chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	c, ok := db.wakes[topic]
	if !ok {
		c = make(chan struct{}, 1)
		db.wakes[topic] = c
	}
	return c
}

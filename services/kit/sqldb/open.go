package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	defaultPostgresConns = 16
	connIdle             = 5 * time.Minute
	connLifetime         = time.Hour
	busyTimeout          = 5 * time.Second
	dirMode              = 0o700 // a database holds what only its service may read
	fileMode             = 0o600
)

// sqlitePragmas make every acknowledged commit survive a power cut, and let
// readers go on while the one writer writes.
var sqlitePragmas = []string{"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"}

func (db *DB) openSQLite(o Options) error {
	db.dialect, db.path = SQLite, strings.TrimPrefix(o.URL, "sqlite:")
	db.guard.tracer = newTracer(SQLite, o.Schema)
	if db.path == "" || db.path == ":memory:" {
		return fmt.Errorf("database URL: want sqlite:PATH with the path of a file")
	}
	if err := os.MkdirAll(filepath.Dir(db.path), dirMode); err != nil {
		return fmt.Errorf("folder of the database: %w", err)
	}
	_, err := os.Stat(db.path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if db.write, err = openLite(sqliteDSN(db.path, sqlitePragmas), &db.guard); err != nil {
		return fmt.Errorf("open %s: %w", db.path, err)
	}
	db.write.SetMaxOpenConns(1)
	// The writer connects first: journal_mode(WAL) of a new file is its work.
	if err = firstConnection(db.write); err == nil && fresh {
		err = closeToOthers(db.path)
	}
	if err != nil {
		_ = db.write.Close()
		return fmt.Errorf("open %s: %w", db.path, err)
	}
	db.read, err = openLite(sqliteDSN(db.path, append([]string{"query_only(1)"}, sqlitePragmas[1:]...)), &db.guard)
	if err != nil {
		_ = db.write.Close()
		return fmt.Errorf("open %s: %w", db.path, err)
	}
	conns := o.MaxConns
	if conns <= 0 {
		conns = max(4, runtime.NumCPU())
	}
	db.read.SetMaxOpenConns(conns)
	db.read.SetMaxIdleConns(conns)
	return nil
}

// closeToOthers takes a new file away from other users of the machine, to whom the mask of
// most systems would show it. Files that SQLite puts beside it later follow its mode.
func closeToOthers(path string) error {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+end, fileMode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// firstConnection connects to a file that other processes may be turning into a WAL
// database at this moment: SQLite refuses that step at once when somebody else is at
// it, whatever the busy timeout says, so it is tried again here for as long.
func firstConnection(pool *sql.DB) error {
	_, err := backoff.Retry(context.Background(), func() (struct{}, error) {
		err := pool.Ping()
		if err != nil && !IsRetryable(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewConstantBackOff(10*time.Millisecond)), backoff.WithMaxElapsedTime(busyTimeout))
	return err
}

func sqliteDSN(path string, pragmas []string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (db *DB) openPostgres(o Options) error {
	db.dialect, db.owner = Postgres, o.OwnerURL
	db.guard.tracer = newTracer(Postgres, o.Schema)
	if db.owner == "" {
		db.owner = o.URL
	}
	cfg, err := parseURL(o.URL, o.Schema)
	if err != nil {
		return err
	}
	pool := tuned(sql.OpenDB(pgConnector{Connector: stdlib.GetConnector(*cfg), guard: &db.guard}))
	conns := o.MaxConns
	if conns <= 0 {
		conns = defaultPostgresConns
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	db.write, db.read = pool, pool
	return nil
}

// ErrBypass refuses a database user whom policies do not hold back.
var ErrBypass = errors.New("the database user of a service is a superuser or has BYPASSRLS, which puts it above row-level security; use the role that migrate prepares")

// mustObey proves that policies count for the user of this database.
func (db *DB) mustObey(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	ctx = tenant.With(ctx) // looks at no rows of a tenant
	var above bool
	err := db.read.QueryRowContext(ctx, `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&above)
	if err == nil && above {
		err = ErrBypass
	}
	return err
}

// openOwner opens a pool of the owner, who makes schemas, roles, tables and
// policies. He is of no tenant, and a policy that is forced counts for him too, so
// that his migrations say that they mean everybody's rows.
func openOwner(rawURL, schema string, within limits) (*sql.DB, error) {
	cfg, err := parseURL(rawURL, schema)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["tandem.districts"] = tenant.All
	within.set(cfg.RuntimeParams)
	return tuned(stdlib.OpenDB(*cfg)), nil
}

// parseURL reads a URL; unqualified names are those of the schema. It does not
// quote the URL in errors: it may hold a password.
func parseURL(rawURL, schema string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, fmt.Errorf("database URL of %s is not a PostgreSQL URL", schema)
	}
	if schema != "" {
		cfg.RuntimeParams["search_path"] = schema
		cfg.RuntimeParams["application_name"] = "tandem_" + schema
	}
	return cfg, nil
}

func tuned(pool *sql.DB) *sql.DB {
	pool.SetConnMaxIdleTime(connIdle)
	pool.SetConnMaxLifetime(connLifetime)
	return pool
}

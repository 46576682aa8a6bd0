package sqldb

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

const (
	defaultPostgresConns = 16
	connIdle             = 5 * time.Minute
	connLifetime         = time.Hour
	dirMode              = 0o700 // a database holds what only its service may read
)

// sqlitePragmas make every acknowledged commit survive a power cut, and let
// readers go on while the one writer writes.
var sqlitePragmas = []string{"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"}

func (db *DB) openSQLite(o Options) error {
	db.dialect, db.path = SQLite, strings.TrimPrefix(o.URL, "sqlite:")
	if db.path == "" || db.path == ":memory:" {
		return fmt.Errorf("database URL: want sqlite:PATH with the path of a file")
	}
	if err := os.MkdirAll(filepath.Dir(db.path), dirMode); err != nil {
		return fmt.Errorf("folder of the database: %w", err)
	}
	var err error
	if db.write, err = sql.Open("sqlite", sqliteDSN(db.path, sqlitePragmas)); err != nil {
		return fmt.Errorf("open %s: %w", db.path, err)
	}
	db.write.SetMaxOpenConns(1)
	// The writer connects first: journal_mode(WAL) of a new file is its work.
	if err = db.write.Ping(); err != nil {
		_ = db.write.Close()
		return fmt.Errorf("open %s: %w", db.path, err)
	}
	db.read, err = sql.Open("sqlite", sqliteDSN(db.path, append([]string{"query_only(1)"}, sqlitePragmas[1:]...)))
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

func sqliteDSN(path string, pragmas []string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (db *DB) openPostgres(o Options) error {
	db.dialect, db.owner = Postgres, o.OwnerURL
	if db.owner == "" {
		db.owner = o.URL
	}
	pool, err := openPool(o.URL, o.Schema)
	if err != nil {
		return err
	}
	conns := o.MaxConns
	if conns <= 0 {
		conns = defaultPostgresConns
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	db.write, db.read = pool, pool
	return nil
}

// openPool opens a pool whose unqualified names are those of the schema. It
// does not quote the URL in errors: it may hold a password.
func openPool(rawURL, schema string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, fmt.Errorf("database URL of %s is not a PostgreSQL URL", schema)
	}
	if schema != "" {
		cfg.RuntimeParams["search_path"] = schema
		cfg.RuntimeParams["application_name"] = "tandem_" + schema
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetConnMaxIdleTime(connIdle)
	pool.SetConnMaxLifetime(connLifetime)
	return pool, nil
}

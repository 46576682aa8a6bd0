package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"

	"github.com/pressly/goose/v3"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// kitVersions records which of the platform's migrations were applied.
const kitVersions = "kit_version"

// ownVersions records the same of the service's own.
func ownVersions(schema string) string { return "goose_" + schema }

//go:embed migrations
var kitMigrations embed.FS

// Migrate brings the database to the newest version: first the tables of the
// platform (outbox, inbox, leases and so on), then the service's own from fsys,
// which has a folder per dialect. Several processes may call it at once; one
// works and the others wait.
//
// On PostgreSQL it connects as the owner; the service's role cannot change
// tables. There it also puts every table that has a district behind row-level
// security, so that a new table cannot be forgotten.
func (db *DB) Migrate(ctx context.Context, fsys fs.FS) error {
	return db.migrate(ctx, fsys, func(string) int64 { return math.MaxInt64 })
}

// MigrateTo is Migrate to exactly the versions that a table of versions names, as
// SchemaVersions told them: what was kept with an older schema is put into that one.
func (db *DB) MigrateTo(ctx context.Context, fsys fs.FS, versions map[string]int64) error {
	return db.migrate(ctx, fsys, func(table string) int64 { return versions[table] })
}

func (db *DB) migrate(ctx context.Context, fsys fs.FS, upTo func(table string) int64) error {
	kit, err := fs.Sub(kitMigrations, "migrations")
	if err != nil {
		return err
	}
	ctx = tenant.Everything(ctx, "a migration changes everybody's rows")
	run := db.migrateSQLite
	if db.dialect == Postgres {
		run = db.migratePostgres
	}
	return run(ctx, func(to pools) error {
		if err := db.up(ctx, to, kit, kitVersions, upTo(kitVersions)); err != nil {
			return err
		}
		if fsys == nil {
			return nil
		}
		own := ownVersions(db.schema)
		return db.up(ctx, to, fsys, own, upTo(own))
	})
}

// migrateSQLite holds the write lock of a small file beside the database, since
// goose commits each migration on its own and SQLite knows no session locks.
func (db *DB) migrateSQLite(ctx context.Context, fn func(pools) error) error {
	lock, err := sql.Open("sqlite", sqliteDSN(db.path+".migrate", []string{"busy_timeout(60000)"}))
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	defer func() { _ = lock.Close() }()
	tx, err := lock.BeginTx(ctx, nil) // immediate: waits for another process
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(pools{brief: db.write, patient: db.write})
}

// migratePostgres holds an advisory lock of the schema as the owner.
func (db *DB) migratePostgres(ctx context.Context, fn func(pools) error) error {
	pool, err := openOwner(db.owner, db.schema, brief)
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	unhurried, err := openOwner(db.owner, db.schema, patient)
	if err != nil {
		return err
	}
	defer func() { _ = unhurried.Close() }()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer func() { _ = conn.Close() }() // ends the session, and with it the lock
	if err := lockSchema(ctx, conn, db.schema); err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	if err := ensureSchema(ctx, conn, db.schema); err != nil {
		return err
	}
	if err = fn(pools{brief: pool, patient: unhurried}); err == nil {
		err = db.despiteLocks(ctx, "row-level security", func() error { return db.wall(ctx, pool) })
	}
	if _, uerr := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockID(db.schema)); err == nil {
		err = uerr
	}
	return err
}

func (db *DB) up(ctx context.Context, to pools, fsys fs.FS, table string, version int64) error {
	if version <= 0 {
		return nil
	}
	sub, err := fs.Sub(fsys, string(db.dialect))
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	m := migrator{db: db, sub: sub}
	for _, one := range []struct {
		pool *sql.DB
		as   **goose.Provider
	}{{to.brief, &m.brief}, {to.patient, &m.patient}} {
		*one.as, err = goose.NewProvider(dialect, one.pool, sub, goose.WithTableName(table), goose.WithDisableGlobalRegistry(true))
		if err != nil {
			return fmt.Errorf("migrations of %s for %s: %w", db.schema, db.dialect, err)
		}
	}
	done, err := m.up(ctx, version)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", db.schema, err)
	}
	if done > 0 {
		db.log.InfoContext(ctx, "database migrated", "schema", db.schema, "table", table, "migrations", done)
	}
	return nil
}

// ensureSchema creates the schema where it is missing. It looks first: CREATE
// SCHEMA IF NOT EXISTS needs a privilege even when there is nothing to do.
func ensureSchema(ctx context.Context, q Querier, schema string) error {
	var exists bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, schema).Scan(&exists)
	if err != nil {
		return fmt.Errorf("look for schema %s: %w", schema, err)
	}
	if exists {
		return nil
	}
	if _, err := q.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+schema); err != nil {
		return fmt.Errorf("create schema %s: %w", schema, err)
	}
	return nil
}

func lockID(schema string) int64 { return advisory("migrations", schema) }

// advisory is the number of a lock by which processes take turns.
func advisory(what, schema string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("tandem " + what + " of " + schema))
	return int64(h.Sum64()) //nolint:gosec // any 64 bits will do
}

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// look is the time between two looks at a schema that somebody else migrates.
const look = 500 * time.Millisecond

// SchemaVersion is how far one row of migrations has come in a database.
type SchemaVersion struct {
	Table string // that records what was applied
	Have  int64  // newest applied migration, 0 for none
	Want  int64  // newest migration this program knows
}

// Behind tells whether the program needs what is not there yet. A schema that is
// ahead is none of its business: migrations only add in one release.
func (v SchemaVersion) Behind() bool { return v.Have < v.Want }

// ErrSchemaBehind is the cause when a database lacks migrations that this program needs.
var ErrSchemaBehind = errors.New("the schema is older than this program: run `tandem migrate` with its version")

// Wanted tells how far the migrations go that this program knows for the schema of a
// service: the platform's, which every schema has, and then the service's own. It opens
// no database, so that all of them are still to be applied.
func Wanted(schema string, dialect Dialect, fsys fs.FS) ([]SchemaVersion, error) {
	kit, err := fs.Sub(kitMigrations, "migrations")
	if err != nil {
		return nil, err
	}
	var out []SchemaVersion
	for _, row := range []struct {
		table string
		fsys  fs.FS
	}{{kitVersions, kit}, {ownVersions(schema), fsys}} {
		if row.fsys == nil {
			continue
		}
		want, err := newest(row.fsys, dialect)
		if err != nil {
			return nil, err
		}
		out = append(out, SchemaVersion{Table: row.table, Want: want})
	}
	return out, nil
}

// SchemaVersions tells how far the platform's and the service's migrations have come. It
// only reads, so that a service's role may ask.
func (db *DB) SchemaVersions(ctx context.Context, fsys fs.FS) ([]SchemaVersion, error) {
	ctx = tenant.Everything(ctx, "versions of a schema belong to nobody")
	versions, err := Wanted(db.schema, db.dialect, fsys)
	if err != nil {
		return nil, err
	}
	for i, v := range versions {
		if versions[i].Have, err = db.applied(ctx, v.Table); err != nil {
			return nil, err
		}
	}
	return versions, nil
}

// AwaitSchema returns once nothing that this program needs is missing: somebody
// else migrates. It fails with ErrSchemaBehind when that does not happen in time.
func (db *DB) AwaitSchema(ctx context.Context, fsys fs.FS, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for told := false; ; told = true {
		versions, err := db.SchemaVersions(ctx, fsys)
		if err == nil {
			err = behind(versions)
		}
		if err == nil || time.Now().After(deadline) || !errors.Is(err, ErrSchemaBehind) {
			return err
		}
		if !told {
			db.log.InfoContext(ctx, "waiting until the database is migrated", "schema", db.schema, "at_most", wait, "error", err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(look):
		}
	}
}

func behind(versions []SchemaVersion) error {
	for _, v := range versions {
		if v.Behind() {
			return fmt.Errorf("%w (%s is at %d, wanted is %d)", ErrSchemaBehind, v.Table, v.Have, v.Want)
		}
	}
	return nil
}

// newest is the version of the last file.
func newest(fsys fs.FS, dialect Dialect) (int64, error) {
	files, err := fs.Glob(fsys, string(dialect)+"/*.sql")
	if err != nil {
		return 0, err
	}
	var last int64
	for _, file := range files {
		version, err := goose.NumericComponent(path.Base(file))
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", file, err)
		}
		last = max(last, version)
	}
	return last, nil
}

// applied is the newest version that a table records; a table that is not there
// records none.
func (db *DB) applied(ctx context.Context, table string) (version int64, err error) {
	exists := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1`
	if db.dialect == Postgres {
		exists = `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1`
	}
	var found int
	if err := db.read.QueryRowContext(ctx, exists, table).Scan(&found); err != nil || found == 0 {
		return 0, err
	}
	err = db.read.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+table+` WHERE is_applied`).Scan(&version)
	return version, err
}

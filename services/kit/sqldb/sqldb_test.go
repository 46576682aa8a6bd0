package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const schoolsTable = `-- +goose Up
CREATE TABLE schools (
  district_id TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, open BOOLEAN NOT NULL, changed_at BIGINT NOT NULL,
  PRIMARY KEY (district_id, id));
CREATE TABLE teams (district_id TEXT NOT NULL, school_id TEXT NOT NULL, n BIGINT NOT NULL,
  FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id));
`

func migrations() fstest.MapFS {
	file := &fstest.MapFile{Data: []byte(schoolsTable)}
	return fstest.MapFS{"sqlite/00001_schools.sql": file, "postgres/00001_schools.sql": file}
}

func addSchool(ctx context.Context, db *sqldb.DB, id string) error {
	_, err := db.Conn(ctx).ExecContext(ctx, `INSERT INTO schools (district_id, id, title, open, changed_at) VALUES ($1, $2, $3, $4, $5)`,
		"d1", id, "School "+id, true, sqldb.Micros(kittest.Start()))
	return sqldb.MapError(err, "districts/d1/schools/"+id)
}

func count(t *testing.T, db *sqldb.DB, table string) (n int) {
	t.Helper()
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

func TestTransactions(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		t.Run("commit when the function returns nil, and call after-commit work once", func(t *testing.T) {
			calls := 0
			require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error {
				db.AfterCommit(ctx, func() { calls++ })
				require.True(t, db.InTx(ctx))
				return addSchool(ctx, db, "a")
			}))
			require.Equal(t, 1, calls)
			require.Equal(t, 1, count(t, db, "schools"))
		})
		t.Run("roll back on an error, and call no after-commit work", func(t *testing.T) {
			wrong := errors.New("wrong")
			err := db.Tx(kittest.All(t), func(ctx context.Context) error {
				db.AfterCommit(ctx, func() { t.Error("called though rolled back") })
				require.NoError(t, addSchool(ctx, db, "b"))
				return wrong
			})
			require.ErrorIs(t, err, wrong)
			require.Equal(t, 1, count(t, db, "schools"))
		})
		t.Run("roll back on a panic", func(t *testing.T) {
			require.Panics(t, func() {
				_ = db.Tx(kittest.All(t), func(ctx context.Context) error {
					require.NoError(t, addSchool(ctx, db, "b"))
					panic("broken") //nolint:forbidigo // the transaction must roll back on it
				})
			})
			require.Equal(t, 1, count(t, db, "schools"))
		})
		t.Run("join an outer one, which sees the rows and decides", func(t *testing.T) {
			undo := errors.New("undo")
			err := db.Tx(kittest.All(t), func(ctx context.Context) error {
				require.NoError(t, db.Tx(ctx, func(ctx context.Context) error { return addSchool(ctx, db, "c") }))
				var n int
				require.NoError(t, db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM schools`).Scan(&n))
				require.Equal(t, 2, n)
				return undo
			})
			require.ErrorIs(t, err, undo)
			require.Equal(t, 1, count(t, db, "schools"))
		})
	})
}

func TestRulesCheckedByReadingHoldAtCommit(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		var wg sync.WaitGroup
		refused := errors.New("the district is full")
		add := func(id string) error {
			return db.Tx(kittest.All(t), func(ctx context.Context) error {
				var n int
				if err := db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM schools`).Scan(&n); err != nil {
					return err
				}
				if n >= 3 {
					return refused
				}
				return addSchool(ctx, db, id)
			})
		}
		for i := range 8 {
			wg.Go(func() {
				if err := add(fmt.Sprint("s", i)); err != nil && !errors.Is(err, refused) {
					t.Errorf("add: %v", err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 3, count(t, db, "schools"))
	})
}

func TestAConflictIsRetriedThoughTheStoreTranslatedIt(t *testing.T) {
	db := kittest.OpenPostgres(t, kittest.Postgres(t), "schools", migrations())
	require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error { return addSchool(ctx, db, "a") }))
	attempts := 0
	err := db.Tx(kittest.All(t), func(ctx context.Context) error {
		attempts++
		var title string
		if err := db.Conn(ctx).QueryRowContext(ctx, `SELECT title FROM schools`).Scan(&title); err != nil {
			return err
		}
		if attempts == 1 { // somebody else changes the row meanwhile
			_, err := db.Exec(kittest.All(t), `UPDATE schools SET title = 'Other'`)
			require.NoError(t, err)
		}
		_, err := db.Conn(ctx).ExecContext(ctx, `UPDATE schools SET title = $1`, title+"!")
		return sqldb.MapError(err, "districts/d1/schools/a")
	})
	require.NoError(t, err)
	require.Equal(t, 2, attempts)
	var title string
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT title FROM schools`).Scan(&title))
	require.Equal(t, "Other!", title, "no update is lost")
}

func TestErrorsBecomeDomainErrors(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		add := func(ctx context.Context) error { return addSchool(ctx, db, "a") }
		require.NoError(t, db.Tx(kittest.All(t), add))
		t.Run("a taken key is AlreadyExists", func(t *testing.T) {
			err := db.Tx(kittest.All(t), add)
			require.True(t, problem.Is(err, problem.KindAlreadyExists), "%v", err)
		})
		t.Run("no row is NotFound", func(t *testing.T) {
			var title string
			err := db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT title FROM schools WHERE id = $1`, "no").Scan(&title)
			require.True(t, problem.Is(sqldb.MapError(err, "x"), problem.KindNotFound))
		})
		t.Run("a missing parent is a foreign key failure", func(t *testing.T) {
			_, err := db.Exec(kittest.All(t), `INSERT INTO teams VALUES ('d1', 'no', 1)`)
			require.True(t, sqldb.IsForeignKey(err), "%v", err)
		})
		t.Run("others pass unchanged", func(t *testing.T) {
			_, err := db.Exec(kittest.All(t), `SELECT nonsense`)
			require.Error(t, err)
			require.Equal(t, err, sqldb.MapError(err, "x"))
		})
	})
}

func TestValuesAreEqualOnBothDialects(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error { return addSchool(ctx, db, "a") }))
		var open bool
		var at int64
		var twice string
		// One parameter used twice and out of order.
		err := db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t),
			`SELECT open, changed_at, $2 || $1 || $2 FROM schools WHERE id = $3 AND (district_id, id) > ($4, $5)`,
			"b", "a", "a", "d0", "z").Scan(&open, &at, &twice)
		require.NoError(t, err)
		require.True(t, open)
		require.Equal(t, kittest.Start(), sqldb.Time(at))
		require.Equal(t, "aba", twice)
	})
}

func TestZeroTimeStaysZero(t *testing.T) {
	require.True(t, sqldb.Time(sqldb.Micros(time.Time{})).IsZero())
	require.Equal(t, sql.NullInt64{}, sqldb.NullMicros(time.Time{}))
	require.True(t, sqldb.NullTime(sql.NullInt64{}).IsZero())
}

func TestTheReadPoolOfSQLiteCannotWrite(t *testing.T) {
	db := kittest.SQLite(t, "schools", migrations())
	require.Error(t, addSchool(kittest.All(t), db, "a"))
}

func TestSQLiteIsOpenedDurable(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error {
			var got string
			require.NoError(t, db.Conn(ctx).QueryRowContext(ctx, `PRAGMA `+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
			return nil
		}))
	}
}

func TestManyProcessesMayMigrateAtOnce(t *testing.T) {
	together := func(t *testing.T, o sqldb.Options) {
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				db, err := sqldb.Open(kittest.All(t), o)
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				defer func() { _ = db.Close() }()
				if err := db.Migrate(kittest.All(t), migrations()); err != nil {
					t.Errorf("migrate: %v", err)
				}
			})
		}
		wg.Wait()
	}
	t.Run("sqlite", func(t *testing.T) {
		together(t, sqldb.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "a folder", "x.db"), Schema: "schools"})
	})
	t.Run("postgres", func(t *testing.T) {
		owner := kittest.Postgres(t)
		urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
		require.NoError(t, err)
		together(t, sqldb.Options{URL: urls["schools"], OwnerURL: owner, Schema: "schools"})
	})
}

func TestAWrongURLIsRefused(t *testing.T) {
	for name, o := range map[string]sqldb.Options{
		"an unknown scheme":                  {URL: "mysql://x", Schema: "schools"},
		"SQLite without a file":              {URL: "sqlite::memory:", Schema: "schools"},
		"a schema that is no word":           {URL: "sqlite:x.db", Schema: "schools; DROP"},
		"a PostgreSQL URL that is malformed": {URL: "postgres://u:secret@[", Schema: "schools"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqldb.Open(kittest.All(t), o)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestWakesReachTheListener(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	db.Wake("work")
	db.Wake("work") // kept as one
	<-db.Wakes("work")
	select {
	case <-db.Wakes("work"):
		t.Fatal("heard twice")
	default:
	}
}

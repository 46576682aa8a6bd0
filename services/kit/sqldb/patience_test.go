package sqldb_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// waited tells how often the log says that a migration waits.
type waited struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *waited) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *waited) says(words string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(w.text.Bytes(), []byte(words))
}

// steps are migrations of a service: a table, and then more.
func steps(dialect string, more ...string) fstest.MapFS {
	all := fstest.MapFS{dialect + "/00001_t.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (id BIGINT PRIMARY KEY);")}}
	for i, text := range more {
		all[dialect+"/0000"+string(rune('2'+i))+"_more.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

func TestAMigrationThatWaitsForALockLetsReadersPassAndTriesAgain(t *testing.T) {
	owner, log := kittest.Postgres(t), &waited{}
	urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
	require.NoError(t, err)
	db, err := sqldb.Open(t.Context(), sqldb.Options{
		URL: urls["schools"], OwnerURL: owner, Schema: "schools", Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, db.Migrate(t.Context(), steps("postgres")))

	reading, done := make(chan struct{}), make(chan struct{})
	read := make(chan error, 1)
	go func() { // a transaction that has read the table and stays open
		read <- db.Tx(kittest.All(t), func(ctx context.Context) error {
			_, err := db.Conn(ctx).ExecContext(ctx, `SELECT count(*) FROM things`)
			close(reading)
			<-done
			return err
		})
	}()
	<-reading
	migrated := make(chan error, 1)
	go func() {
		migrated <- db.Migrate(t.Context(), steps("postgres", "-- +goose Up\nALTER TABLE things ADD COLUMN note TEXT NOT NULL DEFAULT '';"))
	}()
	kittest.Eventually(t, func() bool { return log.says("migration waits for others") }, "the migration gives up its place")
	var n int
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM things`).Scan(&n), "readers get through")
	close(done)
	require.NoError(t, <-read)
	require.NoError(t, <-migrated, "and it comes to its end")
	_, err = db.Exec(kittest.All(t), `INSERT INTO things (id, note) VALUES (1, 'x')`)
	require.NoError(t, err)
}

func TestProcessesThatStartTogetherDoNotBlockAnIndexThatIsMadeBesideThem(t *testing.T) {
	index := "-- +goose NO TRANSACTION\n-- +goose Up\nDROP INDEX CONCURRENTLY IF EXISTS things_id;\nCREATE INDEX CONCURRENTLY things_id ON things (id DESC);"
	owner := kittest.Postgres(t)
	urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
	require.NoError(t, err)
	errs := make(chan error, 4)
	for range cap(errs) {
		db, err := sqldb.Open(t.Context(), sqldb.Options{URL: urls["schools"], OwnerURL: owner, Schema: "schools", Log: kittest.Log(t)})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		go func() { errs <- db.Migrate(t.Context(), steps("postgres", index)) }()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	pool, err := sql.Open("pgx", owner)
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	var valid bool
	require.NoError(t, pool.QueryRowContext(t.Context(), `SELECT indisvalid FROM pg_index WHERE indexrelid = 'schools.things_id'::regclass`).Scan(&valid))
	require.True(t, valid)
}

func TestAFileThatWasPutInBeforeOthersIsRefused(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		all := steps(string(db.Dialect()), "-- +goose Up\nCREATE TABLE later (id BIGINT);", "-- +goose Up\nCREATE TABLE last (id BIGINT);")
		late := string(db.Dialect()) + "/00002_more.sql"
		forgotten := all[late]
		delete(all, late)
		require.NoError(t, db.Migrate(t.Context(), all))
		all[late] = forgotten
		require.ErrorContains(t, db.Migrate(t.Context(), all), "missing")
	})
}

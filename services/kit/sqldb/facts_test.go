package sqldb_test

import (
	"database/sql"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func oneTenantTable() fstest.MapFS {
	text := []byte("-- +goose Up\nCREATE TABLE notes (district_id TEXT NOT NULL, body TEXT NOT NULL);\n")
	return fstest.MapFS{"sqlite/00001_a.sql": {Data: text}, "postgres/00001_a.sql": {Data: text}}
}

func TestADatabaseTellsAboutItself(t *testing.T) {
	kittest.Databases(t, "facts", oneTenantTable(), func(t *testing.T, db *sqldb.DB) {
		f, err := db.Facts(t.Context())
		require.NoError(t, err)
		require.Positive(t, f.Pool)
		require.Empty(t, f.Open)
		require.False(t, f.Owner)
		if db.Dialect() == sqldb.SQLite {
			require.Regexp(t, `^SQLite 3\.`, f.Server)
			return
		}
		require.Regexp(t, `^PostgreSQL [0-9.]+$`, f.Server)
		require.GreaterOrEqual(t, f.Major, 14)
		require.Equal(t, "tandem_facts", f.User)
		require.Less(t, f.Ahead.Abs(), time.Minute, "it runs on this machine")
		require.Positive(t, f.Used)
		require.Greater(t, f.Limit, f.Used)
	})
}

func TestADatabaseTellsOfTheConnectionsOfOthers(t *testing.T) {
	owner := kittest.Postgres(t)
	db := kittest.OpenPostgres(t, owner, "facts", oneTenantTable())
	pool, err := sql.Open("pgx", owner)
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	const others = 20
	for range others {
		conn, err := pool.Conn(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.PingContext(t.Context()))
	}
	f, err := db.Facts(t.Context())
	require.NoError(t, err)
	require.Greater(t, f.Used, others, "those of the owner count, and this one")
}

func TestADatabaseTellsOfWhatIsOpen(t *testing.T) {
	owner := kittest.Postgres(t)
	db := kittest.OpenPostgres(t, owner, "facts", oneTenantTable())
	pool, err := sql.Open("pgx", owner)
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	for _, change := range []string{
		`ALTER TABLE facts.notes NO FORCE ROW LEVEL SECURITY`,
		`CREATE POLICY mine ON facts.notes USING (true)`,
	} {
		_, err = pool.ExecContext(t.Context(), change)
		require.NoError(t, err)
		f, err := db.Facts(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"notes"}, f.Open, change)
		require.NoError(t, db.Migrate(t.Context(), oneTenantTable()))
	}
	_, err = pool.ExecContext(t.Context(), `ALTER TABLE facts.notes OWNER TO tandem_facts; ALTER ROLE tandem_facts CONNECTION LIMIT 7`)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = pool.Exec(`ALTER ROLE tandem_facts CONNECTION LIMIT -1`) })
	f, err := db.Facts(t.Context())
	require.NoError(t, err)
	require.True(t, f.Owner)
	require.Equal(t, 7, f.Limit)
}

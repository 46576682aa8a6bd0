package sqldb_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// things are the migrations of a service, up to the given one.
func things(last int) fstest.MapFS {
	all := []string{
		"-- +goose Up\nCREATE TABLE thing (district_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (district_id, id));\n",
		"-- +goose Up\nALTER TABLE thing ADD COLUMN note TEXT;\n",
	}
	fsys := fstest.MapFS{}
	for i, text := range all[:last] {
		for _, dialect := range []string{"sqlite", "postgres"} {
			fsys[dialect+"/0000"+string(rune('1'+i))+"_thing.sql"] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return fsys
}

func TestAServiceWaitsForItsSchema(t *testing.T) {
	kittest.Databases(t, "things", things(1), func(t *testing.T, db *sqldb.DB) {
		require.NoError(t, db.AwaitSchema(t.Context(), things(1), 0))

		err := db.AwaitSchema(t.Context(), things(2), 0)
		require.ErrorIs(t, err, sqldb.ErrSchemaBehind)
		require.ErrorContains(t, err, "goose_things is at 1, wanted is 2")

		waited := make(chan error, 1)
		go func() { waited <- db.AwaitSchema(t.Context(), things(2), time.Minute) }()
		require.NoError(t, db.Migrate(t.Context(), things(2)))
		require.NoError(t, <-waited)

		require.NoError(t, db.AwaitSchema(t.Context(), things(1), 0), "a newer schema serves an older program")
		versions, err := db.SchemaVersions(t.Context(), things(1))
		require.NoError(t, err)
		require.Equal(t, sqldb.SchemaVersion{Table: "goose_things", Have: 2, Want: 1}, versions[1])
	})
}

func TestADatabaseNobodyMigratedIsBehind(t *testing.T) {
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: "sqlite:" + t.TempDir() + "/things.db", Schema: "things"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.ErrorIs(t, db.AwaitSchema(t.Context(), things(1), 0), sqldb.ErrSchemaBehind)
}

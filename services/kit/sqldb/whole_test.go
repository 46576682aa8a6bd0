package sqldb_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestWhatMayHideRowsIsFoundBeforeSomebodyReliesOnSeeingAll(t *testing.T) {
	owner := kittest.Postgres(t)
	kittest.OpenPostgres(t, owner, "schools", nil)
	urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
	require.NoError(t, err)
	admin, err := pgx.Connect(t.Context(), owner)
	require.NoError(t, err)
	defer func() { _ = admin.Close(t.Context()) }()
	service, err := pgx.Connect(t.Context(), urls["schools"])
	require.NoError(t, err)
	defer func() { _ = service.Close(t.Context()) }()
	unfiltered := func(said bool) error {
		tx, err := service.Begin(t.Context())
		require.NoError(t, err)
		defer func() { _ = tx.Rollback(t.Context()) }()
		if said {
			require.NoError(t, sqldb.Everybody(t.Context(), tx))
		}
		return sqldb.Unfiltered(t.Context(), tx, "schools")
	}
	require.NoError(t, unfiltered(true))
	require.ErrorContains(t, unfiltered(false), "not for every district")
	for _, c := range []struct{ do, undo, want string }{
		{`CREATE POLICY mine ON schools.outbox AS RESTRICTIVE USING (false)`, `DROP POLICY mine ON schools.outbox`, `schools.outbox has policy "restrictive mine"`},
		{`CREATE POLICY mine ON schools.outbox USING (true)`, `DROP POLICY mine ON schools.outbox`, `schools.outbox has policy "mine"`},
		{`ALTER TABLE schools.inbox ENABLE ROW LEVEL SECURITY`, `ALTER TABLE schools.inbox DISABLE ROW LEVEL SECURITY`, `schools.inbox lacks the policy`},
	} {
		_, err := admin.Exec(t.Context(), c.do)
		require.NoError(t, err)
		require.ErrorContains(t, unfiltered(true), c.want)
		_, err = admin.Exec(t.Context(), c.undo)
		require.NoError(t, err)
	}
	require.NoError(t, unfiltered(true))
}

func TestASchemaIsMadeAsOldAsWasAskedFor(t *testing.T) {
	for name, db := range map[string]*sqldb.DB{"sqlite": fresh(t, ""), "postgres": fresh(t, kittest.Postgres(t))} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, db.MigrateTo(t.Context(), nil, map[string]int64{"kit_version": 2}))
			versions, err := db.SchemaVersions(t.Context(), nil)
			require.NoError(t, err)
			require.EqualValues(t, 2, versions[0].Have)
			require.True(t, versions[0].Behind())
			require.NoError(t, db.Migrate(t.Context(), nil))
			versions, err = db.SchemaVersions(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, versions[0].Want, versions[0].Have)
		})
	}
}

// fresh opens a database in which nothing was migrated.
func fresh(t *testing.T, owner string) *sqldb.DB {
	t.Helper()
	o := sqldb.Options{URL: "sqlite:" + t.TempDir() + "/schools.db", Schema: "schools"}
	if owner != "" {
		urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
		require.NoError(t, err)
		o.URL, o.OwnerURL = urls["schools"], owner
	}
	db, err := sqldb.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

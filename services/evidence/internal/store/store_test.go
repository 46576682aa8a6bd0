package store_test

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence/internal/store"
	"github.com/tandem-badges/tandem/services/evidence/internal/store/storetest"
)

func TestContractOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *sqldb.DB { return kittest.SQLite(t, "evidence", store.Migrations()) })
}

func TestContractOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *sqldb.DB {
		return kittest.OpenPostgres(t, kittest.Postgres(t), "evidence", store.Migrations())
	})
}

// TestBothDialectsHaveTheSameTables compares what the databases say after migrating.
func TestBothDialectsHaveTheSameTables(t *testing.T) {
	found := map[string][]string{}
	queries := map[sqldb.Dialect]string{
		sqldb.SQLite: `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' AND m.name <> 'kit_version'`,
		sqldb.Postgres: `SELECT table_name || '.' || column_name FROM information_schema.columns
			WHERE table_schema = 'evidence' AND table_name NOT LIKE 'goose_%' AND table_name <> 'kit_version'`,
	}
	kittest.Databases(t, "evidence", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		rows, err := db.Conn(kittest.All(t)).QueryContext(kittest.All(t), queries[db.Dialect()])
		require.NoError(t, err)
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var column string
			require.NoError(t, rows.Scan(&column))
			found[string(db.Dialect())] = append(found[string(db.Dialect())], column)
		}
		require.NoError(t, rows.Err())
		slices.Sort(found[string(db.Dialect())])
	})
	require.Contains(t, found["sqlite"], "manifests.previous_digest")
	if pg := found["postgres"]; pg != nil {
		require.Equal(t, found["sqlite"], pg)
	}
}

// TestTenantComesFirst holds every key to begin with the district.
func TestTenantComesFirst(t *testing.T) {
	for _, dialect := range []string{"sqlite", "postgres"} {
		text, err := fs.ReadFile(store.Migrations(), dialect+"/00001_init.sql")
		require.NoError(t, err)
		keys := regexp.MustCompile(`(?:PRIMARY KEY|UNIQUE INDEX \w+ ON \w+) \((\w+)`).FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, keys)
		for _, key := range keys {
			require.Equal(t, "district_id", key[1], key[0])
		}
	}
}

package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/store"
	"github.com/tandem-badges/tandem/services/assessments/internal/store/storetest"
)

const schema = "assessments"

func TestContractOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *sqldb.DB { return kittest.SQLite(t, schema, store.Migrations()) })
}

func TestContractOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *sqldb.DB {
		return kittest.OpenPostgres(t, kittest.Postgres(t), schema, store.Migrations())
	})
}

// columns lists table.column of a database.
func columns(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	query := `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1`
	if db.Dialect() == sqldb.SQLite {
		query = `SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1`
	}
	rows, err := db.Conn(kittest.All(t)).QueryContext(kittest.All(t), query)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		out = append(out, name)
	}
	require.NoError(t, rows.Err())
	return out
}

func TestBothDialectsHaveTheSameColumns(t *testing.T) {
	lite := columns(t, kittest.SQLite(t, schema, store.Migrations()))
	post := columns(t, kittest.OpenPostgres(t, kittest.Postgres(t), schema, store.Migrations()))
	require.Contains(t, lite, "responses.options")
	require.ElementsMatch(t, lite, post)
}

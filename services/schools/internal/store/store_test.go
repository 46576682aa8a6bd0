package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/store"
	"github.com/tandem-badges/tandem/services/schools/internal/store/storetest"
)

func tables() []string {
	return []string{
		"districts", "schools", "feeder_systems", "feeder_schools", "people", "grants", "accounts", "restrictions", "cycles", "announced_windows", "teams", "members", "journeys",
		"goals", "steps", "reflections", "notes",
		"proj_survey_results", "proj_self_assessments", "proj_evidence", "proj_badge_rules", "proj_awards",
	}
}

func TestContract(t *testing.T) {
	kittest.Databases(t, "schools", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		storetest.Run(t, func(t *testing.T) *store.Store {
			t.Helper()
			for _, table := range tables() {
				_, err := db.Exec(kittest.All(t), `DELETE FROM `+table)
				require.NoError(t, err)
			}
			return store.New(db, clock.NewFake(kittest.Start()))
		})
	})
}

func TestBothMigrationsMakeTheSameTablesAndColumns(t *testing.T) {
	columns := map[sqldb.Dialect][]string{}
	kittest.Databases(t, "schools", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		query := `SELECT m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'
			AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' AND m.name <> 'kit_version' ORDER BY 1`
		if db.Dialect() == sqldb.Postgres {
			query = `SELECT (table_name || '.' || column_name) COLLATE "C" FROM information_schema.columns WHERE table_schema = 'schools'
				AND table_name NOT LIKE 'goose_%' AND table_name <> 'kit_version' ORDER BY 1`
		}
		rows, err := db.Conn(kittest.All(t)).QueryContext(kittest.All(t), query)
		require.NoError(t, err)
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			columns[db.Dialect()] = append(columns[db.Dialect()], name)
		}
		require.NoError(t, rows.Err())
		for _, table := range tables() {
			require.Contains(t, fmt.Sprint(columns[db.Dialect()]), table+".district_id")
		}
	})
	if len(columns) == 2 {
		require.Equal(t, columns[sqldb.SQLite], columns[sqldb.Postgres])
	}
}

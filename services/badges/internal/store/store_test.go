package store_test

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/badges/internal/store/storetest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestTheContractHoldsOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *sqldb.DB { return kittest.SQLite(t, "badges", migrations.FS) })
}

func TestTheContractHoldsOnPostgreSQL(t *testing.T) {
	kittest.Postgres(t)
	storetest.Run(t, func(t *testing.T) *sqldb.DB {
		return kittest.OpenPostgres(t, kittest.Postgres(t), "badges", migrations.FS)
	})
}

func TestBothDialectsMakeTheSameTablesAndColumns(t *testing.T) {
	tables := func(dialect string) map[string][]string {
		raw, err := fs.ReadFile(migrations.FS, dialect+"/00001_init.sql")
		require.NoError(t, err)
		out := map[string][]string{}
		for _, table := range regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`).FindAllStringSubmatch(string(raw), -1) {
			for _, column := range regexp.MustCompile(`(?m)^  ([a-z_]+) +([A-Z]+)`).FindAllStringSubmatch(table[2], -1) {
				kind := column[2]
				if kind == "BYTEA" {
					kind = "BLOB"
				}
				out[table[1]] = append(out[table[1]], column[1]+" "+kind)
			}
		}
		return out
	}
	require.NotEmpty(t, tables("sqlite"))
	require.Equal(t, tables("sqlite"), tables("postgres"))
	for table, columns := range tables("sqlite") {
		require.Equal(t, "district_id TEXT", columns[0], table)
	}
}

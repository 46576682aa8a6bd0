package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestTheSchemasOfTheProgramAreThoseThatAMigrationReaches(t *testing.T) {
	wanted, err := Schemas()
	require.NoError(t, err)
	for _, service := range DatabaseNames() {
		kittest.Databases(t, service, migrations(service), func(t *testing.T, db *sqldb.DB) {
			there, err := db.SchemaVersions(t.Context(), migrations(service))
			require.NoError(t, err)
			require.Len(t, there, 2)
			require.Equal(t, wanted["platform"], there[0].Have)
			require.Equal(t, wanted[service], there[1].Have)
		})
	}
}

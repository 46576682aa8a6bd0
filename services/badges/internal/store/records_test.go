package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1" // what is checked

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
)

func TestEveryTableSaysWhatItHoldsAboutPeople(t *testing.T) {
	kittest.Databases(t, "badges", migrations.FS, func(t *testing.T, db *sqldb.DB) {
		wrong, err := store.Records().Check(t.Context(), db)
		require.NoError(t, err)
		require.Empty(t, wrong)
	})
}

func TestEveryPersonalFieldIsKeptWhereItIsDeclared(t *testing.T) {
	require.Empty(t, store.Records().CheckFields("tandem.badges.v1"))
}

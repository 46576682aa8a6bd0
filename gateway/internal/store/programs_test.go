package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/connect"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/store/storetest"
)

func TestContractOfPrograms(t *testing.T) {
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		storetest.Programs(t, func(t *testing.T) connect.Store {
			t.Helper()
			for _, table := range []string{"programs", "program_tokens"} {
				_, err := db.Exec(tenant.Everything(t.Context(), "each test begins empty"), `DELETE FROM `+table)
				require.NoError(t, err)
			}
			return store.New(db, clock.NewFake(kittest.Start()))
		})
	})
}

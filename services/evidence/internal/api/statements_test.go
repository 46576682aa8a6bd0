package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

// What a person may not know of costs the database what nothing costs.
func TestAForeignNameRunsTheStatementsOfAMissingOne(t *testing.T) {
	kittest.Databases(t, evidence.Name, evidence.Migrations, func(t *testing.T, db *sqldb.DB) {
		w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.DB = db })
		a := w.Create(t, "a1", nil)
		n := kittest.SameStatements(t, w.Conn, db, "tandem.evidence.v1", et.As(t, accessv1.Role_ROLE_DISTRICT_COORDINATOR, et.FarDistrict),
			a.GetName(), et.School, et.Journey+"/portfolio", et.Journey)
		require.Greater(t, n, 15)
	})
}

package assessments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

// What a person may not know of costs the database what nothing costs.
func TestAForeignNameRunsTheStatementsOfAMissingOne(t *testing.T) {
	kittest.Databases(t, assessments.Name, assessments.Migrations, func(t *testing.T, db *sqldb.DB) {
		w := start(t, db)
		campaign := w.draft("fall", nil)
		stranger := w.as("districts/elsewhere/people/cora", accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/elsewhere")
		n := kittest.SameStatements(t, w.conn, db, "tandem.assessments.v1", stranger,
			campaign.GetName(), campaign.GetName()+"/links/l1", "districts/d1/schools/oak", team)
		require.Greater(t, n, 20)
	})
}

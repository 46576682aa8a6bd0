package schools_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools"
)

// What a person may not know of costs the database what nothing costs.
func TestAForeignNameRunsTheStatementsOfAMissingOne(t *testing.T) {
	kittest.Databases(t, "schools", schools.Migrations, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		r.land()
		team := r.aTeam()
		n := kittest.SameStatements(t, r.conn, db, "tandem.schools.v1", r.coordinator(),
			d2, other, d2+"/people/pia", other+"/teams/t1", other+"/teams/t1/members/sam", other+"/teams/t1/journeys/j1")
		require.Greater(t, n, 100)
		kittest.SameStatements(t, r.conn, db, "tandem.schools.v1",
			r.as(d2+"/people/olu", accessv1.Role_ROLE_DISTRICT_COORDINATOR, d2), d1, s1, team, team+"/members/sam", d1+"/people/cora")
	})
}

package badges_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
)

// What a person may not know of costs the database what nothing costs.
func TestAForeignNameRunsTheStatementsOfAMissingOne(t *testing.T) {
	kittest.Databases(t, "badges", badges.Migrations, func(t *testing.T, db *sqldb.DB) {
		w := bt.Start(t, bt.Options{DB: db}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
		a := w.Draft(bt.Journey, bt.Badge)
		stranger := kittest.Context(t, "districts/elsewhere/people/cora",
			access.Grant{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/elsewhere"})
		n := kittest.SameStatements(t, w.Conn, db, "tandem.badges.v1", stranger,
			a.GetName(), a.GetName()+"/reviews/r1", a.GetName()+"/decisions/d1", bt.School, bt.School+"/awards/a1")
		require.Greater(t, n, 20)
	})
}

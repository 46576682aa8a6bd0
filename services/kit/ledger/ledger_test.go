package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/ledger"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestAReadingIsEnteredInTheLedgerOfEachDistrict(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		ctx := access.WithIdentity(requestid.With(t.Context(), "request-1"), access.Identity{
			Subject: "people/p", Grants: []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}},
		})
		for range 3 {
			require.NoError(t, ledger.Enter(ctx, db, ledger.Reading{
				Action: "people.list", Resource: "districts/maple", Records: map[string]int{"maple": 2, "birch": 1},
			}))
		}
		found, err := ledger.List(kittest.All(t), db, ledger.Query{District: "maple", Limit: 2})
		require.NoError(t, err)
		require.Len(t, found, 2)
		d := found[0]
		require.Equal(t, []any{"people/p", "people.list", "districts/maple", 2, "state_admin", "request-1"},
			[]any{d.Subject, d.Action, d.Resource, d.Records, d.Purpose, d.RequestID})
		rest, err := ledger.List(kittest.All(t), db, ledger.Query{District: "maple", Limit: 9, Before: found[1].Time, BeforeID: found[1].ID})
		require.NoError(t, err)
		require.Len(t, rest, 1, "the page after")
		other, err := ledger.List(kittest.All(t), db, ledger.Query{District: "birch", Limit: 9, Subject: "people/p"})
		require.NoError(t, err)
		require.Len(t, other, 3)
		none, err := ledger.List(kittest.All(t), db, ledger.Query{District: "maple", Limit: 9, Resource: "districts/map", Before: time.Now().Add(time.Hour)})
		require.NoError(t, err)
		require.Empty(t, none)
		_, err = db.Exec(kittest.All(t), `DELETE FROM disclosures`)
		require.ErrorContains(t, err, "only added to")
	})
}

func TestAReadingThatCannotBeEnteredIsRefused(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	_, err := db.Exec(kittest.All(t), `DROP TABLE disclosures`)
	require.NoError(t, err)
	err = ledger.Enter(t.Context(), db, ledger.Reading{Action: "people.get", Records: map[string]int{"maple": 1}})
	require.True(t, problem.Is(err, problem.KindUnavailable), "%v", err)
	require.True(t, problem.Is(ledger.Enter(t.Context(), nil, ledger.Reading{}), problem.KindUnavailable))
}

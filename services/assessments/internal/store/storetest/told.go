package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// told is how many answers the events of each campaign tell of, in their order.
func told(t *testing.T, db *sqldb.DB) map[string][]int32 {
	t.Helper()
	rows, err := db.Conn(kittest.All(t)).QueryContext(kittest.All(t),
		`SELECT payload FROM outbox WHERE type = 'tandem.assessments.v1.ResponseCounted' ORDER BY seq`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	out := map[string][]int32{}
	for rows.Next() {
		var payload []byte
		require.NoError(t, rows.Scan(&payload))
		var ev assessmentsv1.ResponseCounted
		require.NoError(t, proto.Unmarshal(payload, &ev))
		_, id, _ := strings.Cut(ev.GetName(), "/campaigns/")
		out[id] = append(out[id], ev.GetCounted())
	}
	require.NoError(t, rows.Err())
	return out
}

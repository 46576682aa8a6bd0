package accessmatrix_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/tandem/internal/accessmatrix"
)

func rows(t *testing.T) []accessmatrix.Row {
	t.Helper()
	all, err := accessmatrix.Rows()
	require.NoError(t, err)
	return all
}

// The table is written by hand with the command below, after it was read:
// go run ./services/tandem/internal/accessmatrix/report -table services/tandem/internal/accessmatrix/testdata/matrix.csv
func TestEveryRPCAnswersEveryCallerAsTheTableSays(t *testing.T) {
	var have bytes.Buffer
	require.NoError(t, accessmatrix.WriteTable(&have, rows(t)))
	want, err := os.ReadFile("testdata/matrix.csv")
	require.NoError(t, err)
	wanted, got := lines(string(want)), lines(have.String())
	for _, rpc := range accessmatrix.RPCs() {
		require.NotEmpty(t, wanted[rpc.Name()], "%s has no line in testdata/matrix.csv: say who may call it", rpc.Name())
		require.Equal(t, wanted[rpc.Name()], got[rpc.Name()], rpc.Name())
	}
	require.Equal(t, len(wanted), len(got), "the table has lines of RPCs that are gone")
}

// lines groups the lines of a table by their RPC.
func lines(table string) map[string][]string {
	found := map[string][]string{}
	for line := range strings.Lines(table) {
		rpc, _, _ := strings.Cut(line, ",")
		found[rpc] = append(found[rpc], line)
	}
	return found
}

// What holds of every row, whatever the table says.
func TestNoCallerReachesAnotherDistrict(t *testing.T) {
	for _, row := range rows(t) {
		scope := row.RPC.Rule.GetScope()
		public, internal, anywhere := scope == accessv1.Scope_SCOPE_PUBLIC, scope == accessv1.Scope_SCOPE_INTERNAL, scope == accessv1.Scope_SCOPE_SIGNED_IN
		for i, place := range accessmatrix.Places() {
			outcome := row.Outcomes[i]
			if outcome == accessmatrix.NotPlaced {
				continue
			}
			who := row.RPC.Name() + " by " + row.Caller.Name + " at " + place.Name
			if accessmatrix.Relation(row.Caller, place) == "other district" && !public && !internal && !anywhere {
				require.Equal(t, accessmatrix.Hidden, outcome, who)
			}
			if row.Caller.Nobody && !public {
				require.Equal(t, accessmatrix.SignIn, outcome, who)
			}
			if internal && row.Caller.Name != "service:gateway" && !row.Caller.Nobody {
				require.Equal(t, accessmatrix.Refused, outcome, who)
			}
		}
	}
}

func TestRelations(t *testing.T) {
	want := map[string][]string{
		"state admin@state":          {"own", "below", "below", "below", "below", "below"},
		"team lead@district":         {"above", "own", "below", "below", "other district", "other district"},
		"team lead@school":           {"above", "above", "own", "sibling school", "other district", "other district"},
		"machine:people.read":        {"above", "own", "below", "below", "other district", "other district"},
		"without a role":             {"none", "none", "none", "none", "none", "none"},
		"nobody":                     {"none", "none", "none", "none", "none", "none"},
		"outside evaluator@district": {"above", "own", "below", "below", "other district", "other district"},
	}
	for _, caller := range accessmatrix.Callers() {
		var have []string
		for _, place := range accessmatrix.Places() {
			have = append(have, accessmatrix.Relation(caller, place))
		}
		if expected, ok := want[caller.Name]; ok {
			require.Equal(t, expected, have, caller.Name)
			delete(want, caller.Name)
		}
	}
	require.Empty(t, want)
}

func TestEveryRoleAndScopeCalls(t *testing.T) {
	names := map[string]bool{}
	for _, caller := range accessmatrix.Callers() {
		require.False(t, names[caller.Name], caller.Name)
		names[caller.Name] = true
	}
	for _, scope := range access.Scopes() {
		require.True(t, names["machine:"+scope.Name], scope.Name)
	}
	require.Len(t, names, 10*3+1+len(access.Scopes())+4)
}

func TestReports(t *testing.T) {
	all := rows(t)
	var page, sheet bytes.Buffer
	require.NoError(t, accessmatrix.WriteHTML(&page, "v1", all))
	require.Contains(t, page.String(), "schools.v1.JourneysService.ChooseStandard")
	require.Contains(t, page.String(), `<td class="no-people">no people</td>`)
	require.NoError(t, accessmatrix.WriteCSV(&sheet, all))
	read, err := csv.NewReader(&sheet).ReadAll()
	require.NoError(t, err)
	require.Contains(t, read, []string{"schools.v1.JourneysService.ChooseStandard", "journeys.choose", "team lead@school", "school beside", "sibling school", "hidden"})
}

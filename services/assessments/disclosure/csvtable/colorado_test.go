package csvtable_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
	"github.com/tandem-badges/tandem/services/assessments/disclosure/csvtable"
)

// TestCrossedGroupsOfAStateAreProtected takes all schools with totals by district and
// by charter, which is no network, and holds the figures of the published benchmark.
func TestCrossedGroupsOfAStateAreProtected(t *testing.T) {
	folder := os.Getenv("TANDEM_SHARED")
	if folder == "" {
		folder = "../../../../../shared"
	}
	file, err := os.Open(filepath.Join(folder, "data", "colorado-schools-2024.csv"))
	if err != nil {
		t.Skipf("skip: TANDEM_SHARED not found: crossed groups of Colorado's schools not run: %v", err)
	}
	defer func() { _ = file.Close() }()
	table, err := csvtable.Load("schools", file, csvtable.Layout{
		Rows: "school_id", Groups: []string{"district_id", "charter"}, Total: "total", Rule: disclosure.Rule{Minimum: 10},
		Cells: []string{"native_american", "asian", "black", "hispanic", "white", "pacific_islander", "multiracial"},
	})
	require.NoError(t, err)
	outcome, err := table.Protect(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4775, outcome.Primary)
	require.LessOrEqual(t, outcome.Ratio(), 1.3)
	require.Empty(t, outcome.Narrow)

	var published bytes.Buffer
	require.NoError(t, table.Write(&published))
	read, err := csvtable.Read("published", &published)
	require.NoError(t, err)
	joint, err := csvtable.Join(read)
	require.NoError(t, err)
	report, err := joint.System.AuditUnknown(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean())
	require.Len(t, report.Intervals, outcome.Primary+outcome.Secondary)
	require.EqualValues(t, 9, report.Narrowest.Width(), "not wider than asked for")
}

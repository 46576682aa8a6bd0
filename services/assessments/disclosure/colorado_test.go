package disclosure_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// colorado is the table school by race with totals by school, district and state.
func colorado(t testing.TB) *disclosure.System {
	folder := os.Getenv("TANDEM_SHARED")
	if folder == "" {
		folder = "../../../../shared"
	}
	file, err := os.Open(filepath.Join(folder, "data", "colorado-schools-2024.csv"))
	if err != nil {
		t.Skipf("skip: TANDEM_SHARED not found: the table of Colorado's schools not run: %v", err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	b := &builder{}
	b.Rule.Minimum = 10
	schools := map[string][][]int{}
	var order []string
	for _, l := range lines[1:] {
		var row []int
		for c := 5; c <= 12; c++ {
			v, err := strconv.ParseInt(l[c], 10, 64)
			require.NoError(t, err)
			row = append(row, b.cell("school "+l[2]+" "+lines[0][c], v))
		}
		b.sum(row[0], row[1:])
		if schools[l[0]] == nil {
			order = append(order, l[0])
		}
		schools[l[0]] = append(schools[l[0]], row)
	}
	var districts [][]int
	for _, d := range order {
		districts = append(districts, b.across("district "+d, schools[d]))
	}
	b.across("state", districts)
	return &b.System
}

// TestAStatesTableIsProtectedAtABoundedPrice holds the figures of the published
// benchmark.
func TestAStatesTableIsProtectedAtABoundedPrice(t *testing.T) {
	for width, atMost := range map[int64]float64{1: 1.12, 9: 1.28} {
		s := colorado(t)
		s.Rule.Least = width
		outcome, err := s.Protect(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4775, outcome.Primary)
		require.LessOrEqual(t, outcome.Ratio(), atMost)
		require.Empty(t, outcome.Narrow)

		known, err := s.Audit(t.Context())
		require.NoError(t, err)
		require.True(t, known.Clean())
		for i := range s.Cells {
			if s.Cells[i].Status == disclosure.Hidden {
				s.Cells[i].Value = 0
			}
		}
		unknown, err := s.AuditUnknown(t.Context())
		require.NoError(t, err)
		require.True(t, unknown.Clean())
		require.Zero(t, unknown.Recoverable)
		require.Equal(t, width, unknown.Narrowest.Width(), "not wider than asked for")
		for i := range known.Intervals {
			require.Equal(t, known.Intervals[i].Low, unknown.Intervals[i].Low)
			require.Equal(t, known.Intervals[i].High, unknown.Intervals[i].High)
		}
	}
}

// TestPrimarySuppressionOfAStateFails is why hiding small numbers is not enough.
func TestPrimarySuppressionOfAStateFails(t *testing.T) {
	s := colorado(t)
	for i := range s.Cells {
		if s.Rule.Protects(s.Cells[i].Value) {
			s.Cells[i].Status = disclosure.Hidden
		}
	}
	report, err := s.Audit(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Intervals, 4775)
	require.Equal(t, 532, report.Recoverable)
	require.Equal(t, 2479, report.TooNarrow)
}

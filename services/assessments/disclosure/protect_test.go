package disclosure_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// TestProtectedSystemsPassTheAudit holds for every shape: the rule holds for
// readers who do not know which cells are small, nothing is changed but statuses,
// and all that has to be hidden is.
func TestProtectedSystemsPassTheAudit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySystem().Draw(t, "system")
		before := slices.Clone(s.Cells)
		outcome, err := s.Protect(t.Context())
		if err != nil {
			requireHopeless(t, s, before, err)
			return
		}
		report, err := s.Audit(t.Context())
		require.NoError(t, err)
		require.True(t, report.Clean(), "%+v", report)
		primary := 0
		for i, c := range s.Cells {
			require.Equal(t, before[i].Value, c.Value)
			if before[i].Status == disclosure.Free {
				require.Equal(t, disclosure.Free, c.Status)
			} else if s.Rule.Protects(c.Value) {
				primary++
				require.Equal(t, disclosure.Hidden, c.Status)
			}
			if c.Status == disclosure.Hidden {
				s.Cells[i].Value = 0
			}
		}
		require.Equal(t, primary, outcome.Primary)
		require.Equal(t, len(report.Intervals), outcome.Primary+outcome.Secondary)
		outside, err := s.AuditUnknown(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, outside.TooNarrow, len(outcome.Narrow))
	})
}

// requireHopeless checks that a refusal is right: even with everything hidden, a
// cell is too narrow.
func requireHopeless(t *rapid.T, s *disclosure.System, before []disclosure.Cell, err error) {
	var impossible *disclosure.ImpossibleError
	require.ErrorAs(t, err, &impossible)
	require.Equal(t, before, s.Cells, "a refusal changes nothing")
	for i := range s.Cells {
		if c := &s.Cells[i]; c.Status == disclosure.Shown && !c.Fixed {
			c.Status = disclosure.Hidden
		}
	}
	report, err := s.Audit(t.Context())
	require.NoError(t, err)
	for _, c := range impossible.Cells {
		at := slices.IndexFunc(report.Intervals, func(i disclosure.Interval) bool { return i.Cell == c })
		require.True(t, at < 0 || report.Intervals[at].Width() < s.Rule.Width(), "%s can be protected", s.Cells[c].Label)
	}
}

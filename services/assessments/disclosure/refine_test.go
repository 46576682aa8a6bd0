package disclosure_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// TestRefinedNetworksProtect holds for every shape: what is protected by a network
// that says less than the table passes the exact audit.
func TestRefinedNetworksProtect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySystem().Draw(t, "system")
		before := slices.Clone(s.Cells)
		outcome, err := s.ProtectRefined(t.Context())
		if err != nil {
			requireHopeless(t, s, before, err)
			return
		}
		report, err := s.Audit(t.Context())
		require.NoError(t, err)
		require.True(t, report.Clean(), "%+v", report)
		require.Equal(t, len(report.Intervals), outcome.Primary+outcome.Secondary)
	})
}

// TestBoundsHoldWhatIsTrue compares both bounds with intervals that are exact (and
// held to scipy's by TestIntervalsAreThoseOfTheOracle).
func TestBoundsHoldWhatIsTrue(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		b := kinds[rapid.SampledFrom([]string{"crossed", "cube", "filter", "sums"}).Draw(t, "kind")](t)
		b.Rule.Minimum = 10
		s := &b.System
		conceal(t, s)
		inner, outer, err := s.Bounds(t.Context())
		require.NoError(t, err)
		report, err := s.Audit(t.Context())
		require.NoError(t, err)
		exact := map[int]disclosure.Interval{}
		for _, i := range report.Intervals {
			exact[i.Cell] = i
		}
		for c, i := range inner {
			if e, hidden := exact[c]; hidden {
				found++
				require.LessOrEqual(t, e.Low, i.Low, "%s cannot be less", s.Cells[c].Label)
				require.GreaterOrEqual(t, e.High, i.High, "%s cannot be more", s.Cells[c].Label)
			}
		}
		for c, o := range outer {
			if e, hidden := exact[c]; hidden {
				require.LessOrEqual(t, o.Low, e.Low, s.Cells[c].Label)
				require.GreaterOrEqual(t, o.High, e.High, s.Cells[c].Label)
			}
		}
	})
	require.Positive(t, found, "no refined network was drawn")
}

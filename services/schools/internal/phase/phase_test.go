package phase_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

func TestWorkIsOpenUntilTheBadgeIsWon(t *testing.T) {
	open := map[phase.Phase]bool{
		phase.Forming: true, phase.Discovering: true, phase.Choosing: true, phase.Planning: true, phase.Underway: true,
		phase.Presented: true, phase.Applied: true, phase.Awarded: false, phase.Sustaining: false, phase.Lapsed: false,
	}
	require.Len(t, phase.All(), len(open))
	for _, p := range phase.All() {
		require.Equal(t, open[p], p.Open(), p)
		require.True(t, p.Valid(), p)
	}
	require.False(t, phase.Phase("").Valid())
	require.False(t, phase.Phase("FORMING").Valid())
}

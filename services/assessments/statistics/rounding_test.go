package statistics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Of many constants and weights some always round.
func TestNoConstantPassesForAnError(t *testing.T) {
	for k := 1; k < 60; k++ {
		n := 40 + k
		x, weights, varying, other := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], weights[i] = float64(k)/7, 0.1+float64(i*k%11)/3
			varying[i], other[i] = float64(i%5), float64(i%7)
		}
		e := ok[statistics.Estimate](t)(design(t, n, statistics.Columns{Weights: weights}).Mean(x))
		require.Equal(t, x[0], e.Value)
		require.Zero(t, e.SE)
		r := ok[statistics.Reliability](t)(ok[*statistics.Items](t)(statistics.ItemsOf(x, varying, other)).Reliability(statistics.Scale{}))
		require.Equal(t, []int{0}, r.Constant)
	}
}

// Below 1 epsilon is a share of the sum of the weights, as in R.
func TestASmallEpsilonIsAShareOfTheWeights(t *testing.T) {
	d := design(t, 4, statistics.Columns{Weights: []float64{1000, 2000, 3000, 4000}})
	margins := []statistics.Margin{
		{Name: "a", Categories: []string{"x", "x", "y", "y"}, Totals: map[string]float64{"x": 4000, "y": 6000}},
		{Name: "b", Categories: []string{"x", "y", "x", "y"}, Totals: map[string]float64{"x": 5000, "y": 5000}},
	}
	_, coarse, err := d.Rake(margins, statistics.RakeOptions{Epsilon: 0.9, Rounds: 100})
	require.NoError(t, err)
	require.Equal(t, 1, coarse.Rounds, "a round changes no cell by 9000")
	_, fine, err := d.Rake(margins, statistics.RakeOptions{Epsilon: 1, Rounds: 100})
	require.NoError(t, err)
	require.Greater(t, fine.Rounds, 1)
}

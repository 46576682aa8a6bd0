package statistics_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// drawStrata draws a stratified sample, as rows and as sums.
func drawStrata(t *rapid.T) (rows statistics.Columns, x []float64, strata []statistics.Stratum, tallies []statistics.TallyStratum) {
	for s := range rapid.IntRange(1, 5).Draw(t, "strata") {
		name := string(rune('a' + s))
		n := rapid.IntRange(2, 15).Draw(t, "rows")
		population := float64(n + rapid.IntRange(0, 30).Draw(t, "others"))
		tally := statistics.Tally{Options: []statistics.OptionTally{
			{Option: "1", Score: 1, Scored: true}, {Option: "2", Score: 2, Scored: true}, {Option: "3", Score: 3, Scored: true, Favorable: true}, {Option: "na"},
		}}
		var first, second statistics.Moments
		other := statistics.Tally{Options: slices.Clone(tally.Options)}
		for i := range n {
			answer := rapid.IntRange(-1, 3).Draw(t, "answer")
			weight := rapid.Float64Range(0.5, 4).Draw(t, "weight")
			rows.Weights, rows.Strata = append(rows.Weights, weight), append(rows.Strata, name)
			rows.Population = append(rows.Population, population)
			value, moments, part := math.NaN(), &first, &tally
			if i%2 == 1 {
				moments, part = &second, &other
			}
			part.Add(answer, weight)
			if answer >= 0 && answer < 3 {
				value = float64(answer + 1)
				moments.Add(weight, value, 1)
			} else {
				moments.Add(weight, 0, 0)
			}
			x = append(x, value)
		}
		first.Merge(second)
		require.NoError(t, tally.Merge(other))
		strata = append(strata, statistics.Stratum{Name: name, Population: population, Moments: first})
		tallies = append(tallies, statistics.TallyStratum{Name: name, Population: population, Tally: tally})
	}
	return rows, x, strata, tallies
}

func TestSumsGiveTheEstimatesOfRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, x, strata, tallies := drawStrata(t)
		d, err := statistics.NewDesign(len(x), rows)
		require.NoError(t, err)
		fromRows, err := d.Mean(x)
		fromSums, errSums := statistics.RatioOfStrata(statistics.LonelyFail, strata...)
		fromTallies, errTallies := statistics.MeanOfTallies(statistics.LonelyFail, tallies...)
		if err != nil {
			require.Error(t, errSums)
			require.Error(t, errTallies)
			return
		}
		require.NoError(t, errSums)
		require.NoError(t, errTallies)
		requireSame(t, fromRows, fromSums)
		requireSame(t, fromRows, fromTallies)
		favorable := make([]float64, len(x))
		for i := range x {
			favorable[i] = math.NaN()
			if !math.IsNaN(x[i]) {
				favorable[i] = math.Floor(x[i] / 3)
			}
		}
		fromRows, err = d.Share(favorable)
		require.NoError(t, err)
		fromTallies, err = statistics.FavorableOfTallies(statistics.LonelyFail, tallies...)
		require.NoError(t, err)
		requireSame(t, fromRows, fromTallies)
		shares, err := statistics.DistributionOfTallies(statistics.LonelyFail, tallies...)
		require.NoError(t, err)
		require.InDelta(t, 1, shares[0].Value+shares[1].Value+shares[2].Value, 1e-12)
		requireSame(t, fromRows, shares[2].Estimate)
	})
}

func requireSame(t require.TestingT, a, b statistics.Estimate) {
	require.InDelta(t, a.Value, b.Value, 1e-12)
	require.InDelta(t, a.SE, b.SE, 1e-9)
	require.InDelta(t, a.Sum, b.Sum, 1e-9)
	require.InDelta(t, a.Effective, b.Effective, 1e-9)
	require.Equal(t, []any{a.DF, a.N, a.Rows, a.Sample, a.Units}, []any{b.DF, b.N, b.Rows, b.Sample, b.Units})
}

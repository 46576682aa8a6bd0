package statistics_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

func TestRakedWeightsArePositiveAndMeetTheMargins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(12, 60).Draw(t, "rows")
		letters, numbers := make([]string, n), make([]string, n)
		weights := make([]float64, n)
		for i := range n {
			// Each combination occurs, so that a solution exists.
			letters[i] = []string{"a", "b", "c"}[i%3]
			numbers[i] = []string{"1", "2"}[(i/3)%2]
			weights[i] = rapid.Float64Range(0.1, 10).Draw(t, "weight")
		}
		share := rapid.Float64Range(0.1, 0.8).Draw(t, "a")
		half := rapid.Float64Range(0.1, 0.9).Draw(t, "1")
		margins := []statistics.Margin{
			{Name: "letter", Categories: letters, Totals: map[string]float64{"a": 1000 * share, "b": 100, "c": 900 - 1000*share}},
			{Name: "number", Categories: numbers, Totals: map[string]float64{"1": 1000 * half, "2": 1000 - 1000*half}},
		}
		d, err := statistics.NewDesign(n, statistics.Columns{Weights: weights})
		require.NoError(t, err)
		raked, report, err := d.Rake(margins, statistics.RakeOptions{Epsilon: 1e-11, Rounds: 10_000})
		require.NoError(t, err)
		require.True(t, report.Converged)
		require.Less(t, report.Discrepancy, 1e-6)
		require.GreaterOrEqual(t, report.Effect.Effect, 1-1e-12)
		for _, m := range margins {
			sums := map[string]float64{}
			for i, w := range raked.Weights() {
				require.Positive(t, w)
				sums[m.Categories[i]] += w
			}
			for name, total := range m.Totals {
				require.InEpsilon(t, total, sums[name], 1e-6)
			}
		}
	})
}

func TestTrimmingKeepsTheSumAndStrictlyTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0.01, 50), 2, 40).Draw(t, "weights")
		sum := 0.0
		for _, w := range weights {
			sum += w
		}
		mean := sum / float64(len(weights))
		bounds := statistics.Bounds{
			Lower: mean * rapid.Float64Range(0, 0.8).Draw(t, "lower"), Upper: mean * rapid.Float64Range(1.2, 5).Draw(t, "upper"), Strict: true,
		}
		trimmed, err := statistics.TrimWeights(weights, bounds)
		if err != nil {
			require.ErrorAs(t, err, new(*statistics.RefusedError))
			return
		}
		after := 0.0
		for _, w := range trimmed {
			require.True(t, w >= bounds.Lower && w <= bounds.Upper, "%v is outside of %v", w, bounds)
			after += w
		}
		require.InEpsilon(t, sum, after, 1e-9)
	})
}

func TestAdjustedPValuesKeepTheOrderAndGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 50).Draw(t, "p")
		holm, err := statistics.AdjustP(p, statistics.Holm)
		require.NoError(t, err)
		bh, err := statistics.AdjustP(p, statistics.BenjaminiHochberg)
		require.NoError(t, err)
		for i := range p {
			require.True(t, p[i] <= bh[i] && bh[i] <= holm[i]+1e-15 && holm[i] <= 1, "p %v, bh %v, holm %v", p[i], bh[i], holm[i])
			for j := range p {
				if p[i] < p[j] {
					require.LessOrEqual(t, holm[i], holm[j])
					require.LessOrEqual(t, bh[i], bh[j])
				}
			}
		}
	})
}

func TestIntervalsOfSharesLieInsideAndHoldTheEstimate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 80).Draw(t, "n")
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(rapid.IntRange(0, 1).Draw(t, "success"))
		}
		d, err := statistics.NewDesign(n, statistics.Columns{})
		require.NoError(t, err)
		e, err := d.Share(x)
		require.NoError(t, err)
		for _, method := range []statistics.Method{statistics.Wilson, statistics.Logit, statistics.Beta} {
			i, err := e.ShareInterval(method, 0.95)
			if err != nil {
				require.ErrorAs(t, err, new(*statistics.RefusedError))
				require.NotEqual(t, statistics.Wilson, method, "Wilson always has an interval")
				require.Contains(t, []float64{0, 1}, e.Value)
				continue
			}
			require.True(t, 0 <= i.Low && i.Low <= e.Value && e.Value <= i.High && i.High <= 1, "%s: %v of %v", method, i, e.Value)
			require.Less(t, i.Low, i.High)
		}
	})
}

func TestTheWilsonIntervalIsSymmetricAndShrinksWithThePopulation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		x := rapid.IntRange(0, n).Draw(t, "x")
		a, err := statistics.WilsonInterval(x, n, 0, 0.95)
		require.NoError(t, err)
		b, err := statistics.WilsonInterval(n-x, n, 0, 0.95)
		require.NoError(t, err)
		require.InDelta(t, a.Low, 1-b.High, 1e-12)
		require.InDelta(t, a.High, 1-b.Low, 1e-12)
		c, err := statistics.WilsonInterval(x, n, float64(n+rapid.IntRange(0, 2*n).Draw(t, "others")), 0.95)
		require.NoError(t, err)
		require.LessOrEqual(t, c.High-c.Low, a.High-a.Low)
		require.True(t, c.Contains(float64(x)/float64(n)))
	})
}

// Missing answers and groups do not blur what the formula says.
func TestWilsonOfASimpleSampleIsThatOfItsCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(4, 60).Draw(t, "n")
		x, groups := make([]float64, n), make([]string, n)
		for i := range x {
			x[i] = rapid.SampledFrom([]float64{0, 1, 1, math.NaN()}).Draw(t, "answer")
			groups[i] = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group")
		}
		d, err := statistics.NewDesign(n, statistics.Columns{})
		require.NoError(t, err)
		shares, err := d.ShareBy(x, groups)
		if err != nil {
			require.ErrorAs(t, err, new(*statistics.InputError), "nobody answered")
			return
		}
		for _, s := range shares {
			yes, all, rows := 0, 0, 0
			for i := range x {
				if groups[i] == s.Name {
					rows++
					if !math.IsNaN(x[i]) {
						all++
						yes += int(x[i])
					}
				}
			}
			got, err := s.ShareInterval(statistics.Wilson, 0.9)
			if rows < 2 {
				require.ErrorAs(t, err, new(*statistics.RefusedError))
				continue
			}
			require.NoError(t, err)
			want, err := statistics.WilsonInterval(yes, all, 0, 0.9)
			require.NoError(t, err)
			require.InDelta(t, want.Low, got.Low, 1e-12)
			require.InDelta(t, want.High, got.High, 1e-12)
		}
	})
}

func TestNothingDependsOnTheOrderOfRows(t *testing.T) {
	folder := t.TempDir()
	makeFixtures(t, 21, folder)
	f := readTable(t, folder+"/sample.csv")
	all := func() []float64 {
		a := ask(t, f, statistics.Columns{
			Weights: f.number(t, "weight"), Strata: f.text(t, "stratum"), Clusters: f.text(t, "cluster"), Population: f.number(t, "psus"),
		})
		v := values{}
		a.answers(t, "x", v)
		a.shares(t, "x", v)
		a.tests(t, "x", v)
		var flat []float64
		for _, name := range slices.Sorted(maps.Keys(v)) {
			flat = append(flat, v[name]...)
		}
		items := ok[*statistics.Items](t)(statistics.ItemsOf(f.number(t, "score"), f.number(t, "real"), f.number(t, "size")))
		r := ok[statistics.Reliability](t)(items.Reliability(statistics.Scale{}))
		return append(flat, r.Raw, r.G6, r.ASE)
	}
	before := all()
	shuffle := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		shuffle.Shuffle(len(f.rows), func(i, j int) { f.rows[i], f.rows[j] = f.rows[j], f.rows[i] })
		for i, x := range all() {
			require.InDelta(t, before[i], x, 1e-12*math.Max(1, math.Abs(before[i])))
		}
	}
}

func TestAlphaDoesNotDependOnTheOrderOfItemsOrOnShifts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := 40, rapid.IntRange(2, 5).Draw(t, "items")
		columns, moved := make([][]float64, k), make([][]float64, k)
		shift := rapid.Float64Range(-10, 10).Draw(t, "shift")
		for c := range columns {
			columns[c] = make([]float64, n)
			moved[k-1-c] = make([]float64, n)
			for i := range n {
				columns[c][i] = float64(rapid.IntRange(1, 5).Draw(t, "answer"))
				moved[k-1-c][i] = columns[c][i] + shift
			}
		}
		a, err := statistics.ItemsOf(columns...)
		require.NoError(t, err)
		b, err := statistics.ItemsOf(moved...)
		require.NoError(t, err)
		ra, err := a.Reliability(statistics.Scale{})
		if err != nil {
			return
		}
		rb, err := b.Reliability(statistics.Scale{})
		require.NoError(t, err)
		require.InDelta(t, ra.Raw, rb.Raw, 1e-9*math.Max(1, math.Abs(ra.Raw)))
		require.LessOrEqual(t, ra.Raw, 1.0)
	})
}

func TestPiecesOfItemsGiveTheReliabilityOfTheWhole(t *testing.T) {
	folder := t.TempDir()
	makeFixtures(t, 22, folder)
	f := readTable(t, folder+"/items.csv")
	var columns [][]float64
	for _, name := range f.names {
		columns = append(columns, f.number(t, name))
	}
	whole := ok[statistics.Reliability](t)(ok[*statistics.Items](t)(statistics.ItemsOf(columns...)).Reliability(statistics.Scale{}))
	var pieces [3]*statistics.Items
	for p := range pieces {
		pieces[p] = ok[*statistics.Items](t)(statistics.NewItems(len(columns), 3))
	}
	for i := range f.rows {
		row := make([]float64, len(columns))
		for c := range columns {
			row[c] = columns[c][i]
		}
		require.NoError(t, pieces[i%3].Add(row))
	}
	require.NoError(t, pieces[0].Merge(pieces[1]))
	require.NoError(t, pieces[0].Merge(pieces[2]))
	merged := ok[statistics.Reliability](t)(pieces[0].Reliability(statistics.Scale{}))
	require.InDelta(t, whole.Raw, merged.Raw, 1e-12)
	require.InDelta(t, whole.ASE, merged.ASE, 1e-12)
	require.InDelta(t, whole.Mean, merged.Mean, 1e-12)
	require.InDelta(t, whole.Items[2].Total, merged.Items[2].Total, 1e-12)
	require.ErrorAs(t, pieces[0].Merge(ok[*statistics.Items](t)(statistics.NewItems(2, 3))), new(*statistics.InputError))
}

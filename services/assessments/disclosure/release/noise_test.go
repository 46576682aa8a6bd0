package release

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNoiseHasTheDistributionItShould draws with a fixed seed and compares with the
// discrete Laplace distribution by chi-square, with a margin that a right sampler
// misses once in millions.
func TestNoiseHasTheDistributionItShould(t *testing.T) {
	const draws, far = 20_000, 6
	for name, l := range map[string]laplace{
		"budget of 1":            {share: 1, whole: 1},
		"a half":                 {share: 500_000, whole: 1_000_000},
		"three fifths, 2 levels": {share: 600_000, whole: 2_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			l.random = rand.NewChaCha8([32]byte{1})
			seen := make([]float64, 2*far+1) // the ends stand for all that is farther out
			for range draws {
				n, err := l.draw()
				require.NoError(t, err)
				seen[max(-far, min(far, n))+far]++
			}
			p := math.Exp(-float64(l.share) / float64(l.whole))
			var chi float64
			for i := range seen {
				x := math.Abs(float64(i - far))
				share := (1 - p) / (1 + p) * math.Pow(p, x)
				if x == far {
					share = math.Pow(p, far) / (1 + p)
				}
				chi += (seen[i] - draws*share) * (seen[i] - draws*share) / (draws * share)
			}
			require.Less(t, chi, 55.0, "12 degrees of freedom: %v", seen)
		})
	}
}

func TestNoiseWithoutRandomnessIsRefused(t *testing.T) {
	broken := errors.New("no entropy")
	_, err := Noisy(small(), One, failing{broken})
	require.ErrorIs(t, err, broken)
	_, err = Noisy(small(), 0, nil)
	require.ErrorContains(t, err, "budget")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func small() Table {
	return Table{
		Population: "p", Round: 1, Categories: []string{"yes", "no"},
		Places: []Place{{ID: "state", Parent: -1}, {ID: "a", Parent: 0}, {ID: "b", Parent: 0}, {ID: "a1", Parent: 1}, {ID: "a2", Parent: 1}},
		Counts: [][]int64{{9, 5}, {3, 5}, {6, 0}, {0, 1}, {3, 4}},
	}
}

// TestNoisyTablesAddUp holds for any noise: the table is a table again.
func TestNoisyTablesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := small()
		budget := Epsilon(rapid.Int64Range(1000, 10*int64(One)).Draw(t, "budget"))
		before, err := json.Marshal(table)
		require.NoError(t, err)
		noisy, err := Noisy(table, budget, rand.NewChaCha8([32]byte{rapid.Byte().Draw(t, "seed")}))
		require.NoError(t, err)
		require.NoError(t, noisy.validate())
		after, err := json.Marshal(table)
		require.NoError(t, err)
		require.Equal(t, before, after, "the true table is left alone")
	})
}

// TestNearestIsNearest compares with all numbers that have the sum.
func TestNearestIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(-5, 8), 1, 4).Draw(t, "values")
		sum := rapid.Int64Range(0, 9).Draw(t, "sum")
		found := nearest(values, sum)
		require.Equal(t, sum, total(found))
		require.GreaterOrEqual(t, slices.Min(found), int64(0))
		distance := func(of []int64) (d int64) {
			for i := range of {
				d += (of[i] - values[i]) * (of[i] - values[i])
			}
			return d
		}
		best := int64(math.MaxInt64)
		var try func(prefix []int64, left int64)
		try = func(prefix []int64, left int64) {
			if len(prefix) == len(values)-1 {
				best = min(best, distance(append(slices.Clone(prefix), left)))
				return
			}
			for n := range left + 1 {
				try(append(slices.Clone(prefix), n), left-n)
			}
		}
		try(nil, sum)
		require.Equal(t, best, distance(found))
	})
}

func ledger() *Ledger {
	return &Ledger{Total: 3 * One, Places: []Place{{ID: "state", Parent: -1}, {ID: "a", Parent: 0}, {ID: "b", Parent: 0}}}
}

func about(place string) Table {
	return Table{Population: "item", Round: 1, Categories: []string{"yes"}, Places: []Place{{ID: place, Parent: -1}}, Counts: [][]int64{{50}}}
}

func TestTheLedgerAddsUpWhatConcernsTheSamePeople(t *testing.T) {
	l := ledger()
	spend := func(people, place string, budget Epsilon) error {
		_, err := l.Noisy(people, about(place), budget, nil)
		return err
	}
	left := func(place string) Epsilon {
		n, err := l.Left("fall", place)
		require.NoError(t, err)
		return n
	}
	require.NoError(t, spend("fall", "a", 2*One))
	require.NoError(t, spend("fall", "b", One), "other people")
	require.Equal(t, []Epsilon{One, 2 * One, One}, []Epsilon{left("a"), left("b"), left("state")})
	require.ErrorIs(t, spend("fall", "state", One+1), ErrSpent)
	require.NoError(t, spend("fall", "state", One))
	require.ErrorIs(t, spend("fall", "a", 1), ErrSpent)
	require.NoError(t, spend("fall", "b", One))
	require.NoError(t, spend("spring", "a", 3*One), "another wave")
	require.ErrorContains(t, spend("fall", "elsewhere", 1), "elsewhere")
	both := about("state")
	both.Places, both.Counts = append(both.Places, Place{ID: "a", Parent: -1}), append(both.Counts, []int64{1})
	_, err := l.Noisy("winter", both, One, nil)
	require.ErrorContains(t, err, "within each other")
}

func TestARefusedReleaseCostsNothing(t *testing.T) {
	l := ledger()
	_, err := l.Noisy("fall", about("a"), 4*One, nil)
	require.ErrorIs(t, err, ErrSpent)
	require.Empty(t, l.Spent)
	_, err = l.Noisy("fall", about("a"), One, failing{errors.New("no entropy")})
	require.Error(t, err)
	require.Empty(t, l.Spent)
}

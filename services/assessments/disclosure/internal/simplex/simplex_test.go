package simplex_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/internal/simplex"
)

// eq is an equation of all variables in order.
func eq(sum float64, coefficients ...float64) simplex.Equation {
	e := simplex.Equation{Sum: sum}
	e.Terms = terms(coefficients...)
	return e
}

func terms(coefficients ...float64) []simplex.Term {
	var list []simplex.Term
	for i, c := range coefficients {
		if c != 0 {
			list = append(list, simplex.Term{Variable: int32(i), Coefficient: c})
		}
	}
	return list
}

func TestPrograms(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		equations []simplex.Equation
		upper     []float64
		cost      []float64
		least     float64
	}{
		"one sum":            {[]simplex.Equation{eq(10, 1, 1)}, nil, []float64{1, 0}, 0},
		"the most":           {[]simplex.Equation{eq(10, 1, 1)}, nil, []float64{-1, 0}, -10},
		"a bound":            {[]simplex.Equation{eq(10, 1, 1)}, []float64{4, inf}, []float64{-1, 0}, -4},
		"a bound elsewhere":  {[]simplex.Equation{eq(10, 1, 1)}, []float64{inf, 7}, []float64{1, 0}, 3},
		"both at bounds":     {[]simplex.Equation{eq(0, 1, -1, 1, -1)}, []float64{3, 2, 5, 4}, []float64{-1, 0, -1, 0}, -6},
		"redundant":          {[]simplex.Equation{eq(10, 1, 1), eq(20, 2, 2), eq(-10, -1, -1)}, nil, []float64{-2, 0}, -20},
		"unlimited":          {[]simplex.Equation{eq(0, 1, -1)}, nil, []float64{-1, 0}, -inf},
		"fractions":          {[]simplex.Equation{eq(1, 1, 1, 0), eq(1, 0, 1, 1), eq(1, 1, 0, 1)}, nil, []float64{1, 1, 1}, 1.5},
		"nothing is limited": {nil, nil, []float64{1, 1}, 0},
		// Beale's program, on which the steepest step alone goes around in circles.
		"circles": {
			[]simplex.Equation{eq(0, 0.25, -60, -1./25, 9, 1), eq(0, 0.5, -90, -1./50, 3, 0, 1), eq(1, 0, 0, 1, 0, 0, 0, 1)},
			nil,
			[]float64{-0.75, 150, -1. / 50, 6, 0, 0, 0},
			-1. / 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tableau, err := simplex.New(len(c.cost), c.equations, c.upper)
			require.NoError(t, err)
			require.NotNil(t, tableau)
			for range 2 { // the second time from the answer
				least, err := tableau.Minimize(terms(c.cost...))
				require.NoError(t, err)
				if math.IsInf(c.least, 0) {
					require.Equal(t, c.least, least) //nolint:testifylint // infinities
				} else {
					require.InDelta(t, c.least, least, 1e-9)
				}
			}
		})
	}
}

func TestContradictionsHaveNoTableau(t *testing.T) {
	for name, equations := range map[string][]simplex.Equation{
		"two sums":       {eq(10, 1, 1), eq(11, 1, 1)},
		"negative":       {eq(-1, 1, 1)},
		"nothing is one": {eq(1, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			tableau, err := simplex.New(2, equations, nil)
			require.NoError(t, err)
			require.Nil(t, tableau)
		})
	}
	tableau, err := simplex.New(2, []simplex.Equation{eq(10, 1, 1)}, []float64{4, 5})
	require.NoError(t, err)
	require.Nil(t, tableau, "bounds count as well")
}

// TestSolutionsSatisfyTheirEquations walks from answer to answer, from a search
// and from standing still, and holds equations and bounds.
func TestSolutionsSatisfyTheirEquations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "variables")
		var upper, at []float64
		for range n {
			at = append(at, float64(rapid.IntRange(0, 9).Draw(t, "value")))
			upper = append(upper, rapid.SampledFrom([]float64{math.Inf(1), 9, 12}).Draw(t, "upper"))
		}
		var sums, zero []simplex.Equation
		for range rapid.IntRange(1, 5).Draw(t, "equations") {
			e := simplex.Equation{}
			for v := range n {
				if c := rapid.IntRange(-1, 1).Draw(t, "coefficient"); c != 0 {
					e.Terms = append(e.Terms, simplex.Term{Variable: int32(v), Coefficient: float64(c)})
					e.Sum += float64(c) * at[v]
				}
			}
			sums, zero = append(sums, e), append(zero, simplex.Equation{Terms: e.Terms})
		}
		searched, err := simplex.New(n, sums, upper)
		require.NoError(t, err)
		require.NotNil(t, searched, "there is a solution")
		still := simplex.Still(n, zero, upper)
		for range 4 {
			var aim []float64
			for range n {
				aim = append(aim, float64(rapid.IntRange(-2, 2).Draw(t, "aim")))
			}
			least, err := searched.Minimize(terms(aim...))
			require.NoError(t, err)
			require.LessOrEqual(t, least, dot(aim, at)+1e-6, "the known solution is not better")
			requireSolved(t, searched, sums, upper)
			_, err = still.Minimize(terms(aim...))
			require.NoError(t, err)
			requireSolved(t, still, zero, upper)
		}
	})
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func requireSolved(t *rapid.T, s *simplex.Tableau, equations []simplex.Equation, upper []float64) {
	for _, e := range equations {
		var sum float64
		for _, term := range e.Terms {
			sum += term.Coefficient * s.Value(term.Variable)
		}
		require.InDelta(t, e.Sum, sum, 1e-6)
	}
	for v, u := range upper {
		require.GreaterOrEqual(t, s.Value(int32(v)), -1e-6)
		require.LessOrEqual(t, s.Value(int32(v)), u+1e-6)
	}
}

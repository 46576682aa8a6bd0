package statistics

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Omega is McDonald's omega total of one factor: the share of the variance of
// the sum of the standardized items that the factor explains.
type Omega struct {
	Estimator string
	Total     float64
	Loadings  []float64 // of the items in Items, after Reversed ones were reversed
	Items     []int
	// Reversed are the items that load against the others; their sign was turned.
	Reversed []int
	// AtLimit are the items of which the factor explains all that it may: the
	// model does not hold for them (a Heywood case), and Total is too high.
	AtLimit []int
	// Residual is the root mean square of the correlations that the factor leaves.
	Residual float64
}

const (
	omegaEstimator = "McDonald's omega total, one factor by minimum residuals on pairwise correlations, rows unweighted"
	// leastUnique is the share of an item that no factor may explain, as in psych.
	leastUnique = 0.005
	// factorRounds and factorPrecision end the search for loadings.
	factorRounds    = 100_000
	factorPrecision = 1e-12
)

// Omega computes omega total as psych::omega does with nfactors = 1: one factor
// by minimum residuals on correlations. Unlike alpha it lets items load
// differently. It refuses composites, small samples, and fewer than three items,
// for which a factor is not determined.
func (s *Items) Omega(scale Scale) (Omega, error) {
	items, _, err := s.check("omega", scale, 3)
	if err != nil {
		return Omega{}, err
	}
	r := s.correlations(items)
	loadings, err := oneFactor(r)
	if err != nil {
		return Omega{}, err
	}
	o := Omega{Estimator: omegaEstimator, Items: items, Loadings: loadings}
	signs := make([]float64, len(items))
	for a, l := range loadings {
		signs[a] = 1
		if l < 0 {
			signs[a], loadings[a] = -1, -l
			o.Reversed = append(o.Reversed, items[a])
		}
		if l*l >= 1-leastUnique-1e-9 {
			o.AtLimit = append(o.AtLimit, items[a])
		}
	}
	var total, unique, residual sum
	for a := range loadings {
		unique.add(1 - loadings[a]*loadings[a])
		for b := range loadings {
			entry := r.At(a, b) * signs[a] * signs[b]
			total.add(entry)
			if a != b {
				left := entry - loadings[a]*loadings[b]
				residual.add(left * left)
			}
		}
	}
	if total.value() <= 0 {
		return Omega{}, refused("omega", "the items do not agree at all: their sum has no variance of its own")
	}
	o.Total = 1 - unique.value()/total.value()
	n := float64(len(items))
	o.Residual = math.Sqrt(residual.value() / (n * (n - 1)))
	return o, nil
}

// oneFactor finds the loadings that leave the smallest squares of correlations
// unexplained, the diagonal aside (Harman and Jones 1966): each loading in turn
// is set to its best value beside the others until none moves. Signs are such
// that most load positively.
func oneFactor(r *mat.SymDense) ([]float64, error) {
	l, err := firstLoadings(r)
	if err != nil {
		return nil, err
	}
	for range factorRounds {
		moved := 0.0
		for i := range l {
			var top, bottom sum
			for j := range l {
				if j != i {
					top.add(r.At(i, j) * l[j])
					bottom.add(l[j] * l[j])
				}
			}
			if bottom.value() == 0 {
				return nil, refused("omega", "the items do not agree at all: no factor is found")
			}
			best := top.value() / bottom.value()
			if best*best > 1-leastUnique {
				best = beyondLimit(top.value(), bottom.value())
			}
			moved = math.Max(moved, math.Abs(best-l[i]))
			l[i] = best
		}
		if moved < factorPrecision {
			if sumOf(l) < 0 {
				for i := range l {
					l[i] = -l[i]
				}
			}
			return l, nil
		}
	}
	return nil, refused("omega", "no factor is found: the search does not end")
}

// beyondLimit is the best loading where more than the limit would be explained:
// what is too much counts as a residual of the item's own variance. It solves
// l^3 + (bottom - limit) l = top, from a side where Newton's steps cannot miss.
func beyondLimit(top, bottom float64) float64 {
	limit := 1 - leastUnique
	l := math.Copysign(math.Max(1, math.Abs(top/bottom)), top)
	for range 100 {
		step := (l*l*l + (bottom-limit)*l - top) / (3*l*l + bottom - limit)
		l -= step
		if math.Abs(step) < factorPrecision {
			break
		}
	}
	return l
}

// firstLoadings start from the first principal factor, communalities being
// squared multiple correlations.
func firstLoadings(r *mat.SymDense) ([]float64, error) {
	n := r.SymmetricDim()
	reduced := mat.NewSymDense(n, nil)
	reduced.CopySym(r)
	for i, c := range squaredMultiple(r) {
		reduced.SetSym(i, i, c)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(reduced, true) {
		return nil, refused("omega", "the correlations have no factors")
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	l := make([]float64, n)
	for i := range l {
		l[i] = vectors.At(i, n-1) * math.Sqrt(math.Max(values[n-1], 0.01))
	}
	return l, nil
}

package statistics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// correlationOf divides covariances by the standard deviations on the diagonal.
func correlationOf(c *mat.SymDense) *mat.SymDense {
	n := c.SymmetricDim()
	r := mat.NewSymDense(n, nil)
	for i := range n {
		r.SetSym(i, i, 1)
		for j := range i {
			r.SetSym(i, j, c.At(i, j)/math.Sqrt(c.At(i, i)*c.At(j, j)))
		}
	}
	return r
}

// without leaves out one row and column.
func without(m *mat.SymDense, out int) *mat.SymDense {
	n := m.SymmetricDim()
	left := mat.NewSymDense(n-1, nil)
	for i, a := 0, 0; i < n; i++ {
		if i == out {
			continue
		}
		for j, b := 0, 0; j <= i; j++ {
			if j == out {
				continue
			}
			left.SetSym(a, b, m.At(i, j))
			b++
		}
		a++
	}
	return left
}

func medianBelow(r *mat.SymDense) float64 {
	var below []float64
	for i := range r.SymmetricDim() {
		for j := range i {
			below = append(below, r.At(i, j))
		}
	}
	slices.Sort(below)
	half := len(below) / 2
	if len(below)%2 == 1 {
		return below[half]
	}
	return (below[half-1] + below[half]) / 2
}

// smallest is the share of the largest singular value below which one is zero.
var smallest = math.Sqrt(0x1p-52)

// squaredMultiple is how much of each variable the others explain: 1 less the
// inverse of the diagonal of the inverse (a pseudo-inverse where variables
// depend on each other), within [0, 1].
func squaredMultiple(r *mat.SymDense) []float64 {
	n := r.SymmetricDim()
	var svd mat.SVD
	explained := make([]float64, n)
	if !svd.Factorize(r, mat.SVDThin) {
		return slices.Repeat([]float64{math.NaN()}, n)
	}
	values := svd.Values(nil)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	for i := range n {
		inverse := 0.0
		for k, d := range values {
			if d > smallest*values[0] {
				inverse += v.At(i, k) * u.At(i, k) / d
			}
		}
		explained[i] = math.Min(1, math.Max(0, 1-1/inverse))
	}
	return explained
}

package statistics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// sum adds up with the lost low bits kept aside (Neumaier 1974), so that long
// columns lose nothing and their order does not matter.
type sum struct{ total, lost float64 }

func (s *sum) add(x float64) {
	t := s.total + x
	if math.Abs(s.total) >= math.Abs(x) {
		s.lost += (s.total - t) + x
	} else {
		s.lost += (x - t) + s.total
	}
	s.total = t
}

func (s *sum) value() float64 { return s.total + s.lost }

func sumOf(xs []float64) float64 {
	var s sum
	for _, x := range xs {
		s.add(x)
	}
	return s.value()
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// tQuantile is the quantile of Student's t; infinite degrees of freedom are the
// normal distribution.
func tQuantile(p, df float64) float64 {
	if math.IsInf(df, 1) {
		return distuv.UnitNormal.Quantile(p)
	}
	return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(p)
}

// tTwoSided is the probability of a t at least so far from zero.
func tTwoSided(t, df float64) float64 {
	t = math.Abs(t)
	if math.IsInf(df, 1) {
		return math.Erfc(t / math.Sqrt2)
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: df}.CDF(-t)
}

func checkConfidence(c float64) error {
	if !(c > 0 && c < 1) {
		return invalid("confidence", "has to lie between 0 and 1, such as 0.95")
	}
	return nil
}

func checkLength(field string, got, want int) error {
	if got != want {
		return invalid(field, "has %d rows where the design has %d", got, want)
	}
	return nil
}

// checkWeights wants each weight finite and not negative, and one above zero.
func checkWeights(field string, weights []float64) error {
	positive := false
	for i, w := range weights {
		if !finite(w) || w < 0 {
			return invalidRow(field, i, "a weight is a finite number, zero or more")
		}
		positive = positive || w > 0
	}
	if !positive {
		return invalid(field, "at least one weight has to be above zero")
	}
	return nil
}

// checkValues refuses infinities; NaN is a missing value.
func checkValues(field string, values []float64) error {
	for i, x := range values {
		if math.IsInf(x, 0) {
			return invalidRow(field, i, "a value is finite, or NaN where it is missing")
		}
	}
	return nil
}

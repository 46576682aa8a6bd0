package statistics

import (
	"math"
	"slices"
)

// Adjustment corrects p values of many tests: one in twenty looks significant
// without any change.
type Adjustment string

const (
	// Holm keeps the chance of any false finding below the level (Holm 1979).
	Holm Adjustment = "holm"
	// BenjaminiHochberg keeps the share of false ones among the findings below it
	// (1995): more findings, for a list that somebody looks into.
	BenjaminiHochberg Adjustment = "bh"
)

// AdjustP adjusts p values of tests made together: p.adjust in R. NaN, a test
// that was not made, stays NaN and does not count.
func AdjustP(p []float64, method Adjustment) ([]float64, error) {
	var order []int
	for i, x := range p {
		switch {
		case math.IsNaN(x):
		case x < 0 || x > 1:
			return nil, invalidRow("p", i, "%g is no p value: it lies in [0, 1]", x)
		default:
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted := slices.Repeat([]float64{math.NaN()}, len(p))
	n := len(order)
	bound := 0.0
	switch method {
	case Holm:
		for rank, i := range order {
			bound = math.Max(bound, math.Min(1, float64(n-rank)*p[i]))
			adjusted[i] = bound
		}
	case BenjaminiHochberg:
		bound = 1
		for rank := n; rank > 0; rank-- {
			i := order[rank-1]
			bound = math.Min(bound, float64(n)/float64(rank)*p[i])
			adjusted[i] = bound
		}
	default:
		return nil, invalid("method", "%q is none of holm, bh", string(method))
	}
	return adjusted, nil
}

// Finding is what a difference means in practice.
type Finding string

const (
	// Noise is a difference that chance explains.
	Noise Finding = "noise"
	// Small is a difference that is there, and too small to act on.
	Small Finding = "small"
	// Notable is a difference that is there and large enough to matter.
	Notable Finding = "notable"
)

// Practice is when a difference counts. A large sample finds differences that
// are of no use, so the size decides too.
type Practice struct {
	Level float64 // of adjusted p values, such as 0.05
	Least float64 // the smallest difference that matters, in the unit of the difference
}

// Finding weighs a difference with its adjusted p value.
func (p Practice) Finding(difference, adjusted float64) Finding {
	switch {
	case !(adjusted <= p.Level):
		return Noise
	case math.Abs(difference) < p.Least:
		return Small
	}
	return Notable
}

// Wave is one school, or another unit, in two waves that asked different people.
type Wave struct {
	Name          string
	Before, After Estimate
}

// Change is what a comparison of two waves found in one unit.
type Change struct {
	Name string
	Test
	Adjusted float64 // p value among all units; NaN where there is no test
	Finding  Finding
	// Refused says why there is no test; nil where there is one.
	Refused error
}

// Changes compares two waves in many units at once, with p values adjusted over
// all units that can be tested. Order and number are those of the units.
func Changes(units []Wave, method Adjustment, practice Practice, confidence float64) ([]Change, error) {
	if !(practice.Level > 0 && practice.Level < 1) || !(practice.Least >= 0) {
		return nil, invalid("practice", "the level lies between 0 and 1, and the least difference is zero or more")
	}
	if err := checkConfidence(confidence); err != nil {
		return nil, err
	}
	changes, p := make([]Change, len(units)), make([]float64, len(units))
	for i, u := range units {
		changes[i] = Change{Name: u.Name, Finding: Noise}
		changes[i].Test, changes[i].Refused = Difference(u.After, u.Before, confidence)
		p[i] = changes[i].P
		if changes[i].Refused != nil {
			p[i] = math.NaN()
		}
	}
	adjusted, err := AdjustP(p, method)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		changes[i].Adjusted = adjusted[i]
		changes[i].Finding = practice.Finding(changes[i].Difference, adjusted[i])
	}
	return changes, nil
}

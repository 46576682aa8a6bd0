package disclosure

import (
	"context"
	"math"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/internal/simplex"
)

// nearly is how close to a whole number an end counts as one.
const nearly = 1e-6

// auditLinear computes the intervals of a part that is no network, by two linear
// programs per cell.
func auditLinear(ctx context.Context, p part, into []Interval) error {
	short := make(map[int32]int32, len(p.cells))
	for i, c := range p.cells {
		short[c] = id(i)
	}
	equations := make([]simplex.Equation, len(p.rows))
	for i, r := range p.rows {
		equations[i].Sum = float64(r.rest)
		for k, c := range r.cells {
			equations[i].Terms = append(equations[i].Terms, simplex.Term{Variable: short[c], Coefficient: float64(r.signs[k])})
		}
	}
	t, err := simplex.New(len(p.cells), equations, nil)
	if err != nil {
		return err
	}
	if t == nil {
		return ErrContradiction
	}
	for i, c := range p.cells {
		if err := ctx.Err(); err != nil {
			return err
		}
		low, err := t.Minimize([]simplex.Term{{Variable: id(i), Coefficient: 1}})
		if err != nil {
			return err
		}
		high, err := t.Minimize([]simplex.Term{{Variable: id(i), Coefficient: -1}})
		if err != nil {
			return err
		}
		into[c] = rounded(low, -high)
	}
	return nil
}

// rounded is a real interval, and the whole numbers in it.
func rounded(low, high float64) Interval {
	i := Interval{Low: int64(math.Ceil(low - nearly)), High: Unbounded, LowReal: low, HighReal: high}
	if !math.IsInf(high, 1) {
		i.High = max(int64(math.Floor(high+nearly)), i.Low)
	}
	return i
}

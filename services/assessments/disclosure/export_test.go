package disclosure

import (
	"context"
	"math"
)

// ProtectRefined is Protect as it is for large tables: parts of any size that are no
// network are protected by a refined one, where there is one.
func (s *System) ProtectRefined(ctx context.Context) (Outcome, error) { return s.protect(ctx, 0) }

// Bounds are, for each hidden cell of parts that are no network, what a refined
// network lets it reach and what networks with fewer sums limit it to.
func (s *System) Bounds(ctx context.Context) (inner, outer map[int]Interval, err error) {
	varies, value := make([]bool, len(s.Cells)), make([]int64, len(s.Cells))
	for i, c := range s.Cells {
		varies[i], value[i] = c.Status != Shown, c.Value
	}
	rows, err := s.rowsOf(varies, value)
	if err != nil {
		return nil, nil, err
	}
	inner, outer = map[int]Interval{}, map[int]Interval{}
	for _, p := range partsOf(rows, varies) {
		if networkOf(p) != nil {
			continue
		}
		if n := refinedNetwork(p); n != nil {
			e := newNetEngine(&board{system: s, open: varies}, n)
			for _, c := range p.cells {
				for _, k := range e.arcsOf[c] {
					low, high := e.flow.interval(k)
					off := value[c] - e.flow.value[k]
					if high != Unbounded {
						high += off
					}
					inner[int(c)] = exactly(low+off, high)
				}
			}
		}
		bound := &sight{part: p}
		for d := range bound.bound {
			bound.bound[d], bound.seen[d] = make([]float64, len(p.cells)), make([]float64, len(p.cells))
		}
		for i := range p.cells {
			bound.bound[upper][i] = math.Inf(1)
		}
		if err := bound.relax(ctx, nest(inGivenOrder(p.rows), nil)); err != nil {
			return nil, nil, err
		}
		for i, c := range p.cells {
			outer[int(c)] = rounded(bound.bound[lower][i], bound.bound[upper][i])
		}
	}
	return inner, outer, nil
}

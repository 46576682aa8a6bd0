package disclosure

import "context"

// relax bounds every cell by what networks allow in which some of the sums are left
// out: fewer sums never make an interval narrower.
func (s *sight) relax(ctx context.Context, rows []row) error {
	without, _ := takeGates(rows)
	for _, chosen := range [][]row{without, inPairs(rows)} {
		n := networkFrom(s.part.cells, chosen)
		if n == nil {
			continue
		}
		values := feasible(n)
		if values == nil {
			return ErrContradiction
		}
		varies := map[int32]bool{}
		for _, r := range chosen {
			for _, c := range r.cells {
				varies[c] = true
			}
		}
		f := newFlow(n, values, always(int(s.part.cells[len(s.part.cells)-1])+1))
		for k, c := range n.cell {
			if k%64 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if !varies[c] {
				continue
			}
			low, high := f.interval(id(k))
			s.bound[lower][k] = max(s.bound[lower][k], float64(low))
			if high != Unbounded {
				s.bound[upper][k] = min(s.bound[upper][k], float64(high))
			}
		}
	}
	return nil
}

// inPairs keeps rows as long as no cell stands in more than two of them.
func inPairs(rows []row) (kept []row) {
	degree := map[int32]int{}
	for _, r := range rows {
		fits := true
		for _, c := range r.cells {
			fits = fits && degree[c] < 2
		}
		if !fits {
			continue
		}
		kept = append(kept, r)
		for _, c := range r.cells {
			degree[c]++
		}
	}
	return kept
}

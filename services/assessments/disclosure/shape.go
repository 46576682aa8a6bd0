package disclosure

import (
	"cmp"
	"container/heap"
	"slices"
)

// row is a sum as an equation: the cells times their signs, 1 for parts and -1
// for the total, make what is left of the constants.
type row struct {
	cells []int32
	signs []int8
	rest  int64
}

// rowsOf are the sums restricted to the cells that vary; the others are constants
// of these values. It fails where only constants are left that do not add up.
func (s *System) rowsOf(varies []bool, value []int64) ([]row, error) {
	rows := make([]row, 0, len(s.Sums))
	for _, sum := range s.Sums {
		var r row
		add := func(c int, sign int8) {
			if varies[c] {
				r.cells, r.signs = append(r.cells, id(c)), append(r.signs, sign)
			} else {
				r.rest -= int64(sign) * value[c]
			}
		}
		add(sum.Total, -1)
		for _, p := range sum.Parts {
			add(p, 1)
		}
		if len(r.cells) > 0 {
			rows = append(rows, r)
		} else if r.rest != 0 {
			return nil, ErrContradiction
		}
	}
	return rows, nil
}

// id is the short form of an index of a cell or a row.
func id(i int) int32 { return int32(i) } //nolint:gosec // a system has far fewer cells than that

// part is a set of cells that no row ties to others, and the rows among them.
type part struct {
	cells []int32
	rows  []row
}

// partsOf splits the varying cells into independent parts, in order of their
// first cells.
func partsOf(rows []row, varies []bool) []part {
	parent := make([]int32, len(varies))
	for i := range parent {
		parent[i] = id(i)
	}
	find := func(c int32) int32 {
		for parent[c] != c {
			parent[c] = parent[parent[c]]
			c = parent[c]
		}
		return c
	}
	for _, r := range rows {
		first := find(r.cells[0])
		for _, c := range r.cells[1:] {
			if other := find(c); other < first {
				parent[first], first = other, other
			} else {
				parent[other] = first
			}
		}
	}
	number := map[int32]int{}
	var parts []part
	for c := range varies {
		if !varies[c] {
			continue
		}
		root := find(id(c))
		n, known := number[root]
		if !known {
			n = len(parts)
			number[root] = n
			parts = append(parts, part{})
		}
		parts[n].cells = append(parts[n].cells, id(c))
	}
	for _, r := range rows {
		n := number[find(r.cells[0])]
		parts[n].rows = append(parts[n].rows, r)
	}
	return parts
}

// independent leaves out rows that follow from others: the row sums of a district
// follow from those of its schools and the column sums. Rows with many cells that
// stand in more than two rows are left out first, because a cell of a network
// stands in two. A row that is left out is certainly implied; one that is kept
// may be, which does no harm.
func independent(rows []row) []row {
	degree := map[int32]int{}
	for _, r := range rows {
		for _, c := range r.cells {
			degree[c]++
		}
	}
	crowded := make([]float64, len(rows))
	most := 0
	for i, r := range rows {
		for _, c := range r.cells {
			most = max(most, degree[c])
			if degree[c] > 2 {
				crowded[i] += 1 / float64(len(r.cells))
			}
		}
	}
	if most <= 2 {
		return rows
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(crowded[a], crowded[b]) })
	e := elimination{pivot: map[int32]int{}}
	kept := make([]row, 0, len(rows))
	for _, i := range order {
		if e.add(rows[i]) {
			kept = append(kept, rows[i])
		}
	}
	return kept
}

// elimination is Gauss' in whole numbers: only entries of 1 and -1 serve as
// pivots, so that it stays exact.
type elimination struct {
	reduced []map[int32]int64
	cells   []int32       // the pivot of each reduced row
	pivot   map[int32]int // the row of each pivot
}

// add tells whether a row says something that those before it do not.
func (e *elimination) add(r row) bool {
	rest := make(map[int32]int64, len(r.cells))
	var waiting intHeap
	put := func(c int32, v int64) {
		if k, is := e.pivot[c]; is && rest[c] == 0 {
			heap.Push(&waiting, k)
		}
		if rest[c] += v; rest[c] == 0 {
			delete(rest, c)
		}
	}
	for i, c := range r.cells {
		put(c, int64(r.signs[i]))
	}
	for waiting.Len() > 0 {
		k := heap.Pop(&waiting).(int)
		c := e.cells[k]
		factor := rest[c] * e.reduced[k][c] // the pivot is 1 or -1, so dividing is multiplying
		if factor == 0 {
			continue
		}
		for other, v := range e.reduced[k] {
			put(other, -factor*v)
		}
	}
	if len(rest) == 0 {
		return false
	}
	if c, ok := pivotOf(rest, r.cells[0]); ok {
		e.pivot[c] = len(e.reduced)
		e.reduced = append(e.reduced, rest)
		e.cells = append(e.cells, c)
	}
	return true
}

func pivotOf(rest map[int32]int64, preferred int32) (int32, bool) {
	if v := rest[preferred]; v == 1 || v == -1 {
		return preferred, true
	}
	best, found := int32(0), false
	for c, v := range rest {
		if (v == 1 || v == -1) && (!found || c < best) {
			best, found = c, true
		}
	}
	return best, found
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

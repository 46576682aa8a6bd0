package disclosure

import (
	"maps"
	"slices"
)

// nest writes sums over groups as sums over the groups that lie in them: where a
// row has all cells of another, or all but one, it gets that one instead. Some rows are
// left alone.
func nest(rows []row, except map[int]bool) []row {
	rows = slices.Clone(rows)
	at := rowsAt(rows)
	for _, i := range shortFirst(rows) {
		if except[i] {
			continue
		}
		shared := map[int]int{}
		for _, c := range rows[i].cells {
			for _, k := range at[c] {
				shared[k]++
			}
		}
		alone := rows[i].single(rows, at)
		for _, k := range slices.Sorted(maps.Keys(shared)) {
			n := shared[k]
			if k == i || len(rows[k].cells) <= n || k != alone && (n < 2 || n < len(rows[i].cells)-1) {
				continue
			}
			less, ok := rows[k].less(rows[i])
			if !ok {
				continue
			}
			for _, c := range rows[i].cells {
				at[c] = slices.DeleteFunc(at[c], func(row int) bool { return row == k })
			}
			for _, c := range less.cells[len(rows[k].cells)-n:] { // what came from the other row
				at[c] = append(at[c], k)
			}
			rows[k] = less
		}
	}
	return rows
}

// single is, for a group with one part that stands in too many rows, the longest row
// where the group can stand for the part: a sum over a larger group. -1 for other
// rows.
func (r row) single(rows []row, at map[int32][]int) int {
	best := -1
	if len(r.cells) != 2 || r.signs[0] == r.signs[1] || len(at[r.cells[0]]) != 2 || len(at[r.cells[1]]) < 3 {
		return best
	}
	for _, k := range at[r.cells[1]] {
		longer := best < 0 || len(rows[k].cells) > len(rows[best].cells)
		if longer && !slices.Contains(at[r.cells[0]], k) {
			best = k
		}
	}
	return best
}

// less is a row less another, or plus it, so that cells vanish which both have. It
// fails where they do not have the same signs.
func (r row) less(other row) (row, bool) {
	sign := make(map[int32]int8, len(other.cells))
	for i, c := range other.cells {
		sign[c] = other.signs[i]
	}
	var factor int8
	for i, c := range r.cells {
		if s := sign[c]; s != 0 {
			if factor != 0 && factor != r.signs[i]*s {
				return r, false
			}
			factor = r.signs[i] * s
		}
	}
	left := row{rest: r.rest - int64(factor)*other.rest}
	for i, c := range r.cells {
		if sign[c] == 0 {
			left.cells, left.signs = append(left.cells, c), append(left.signs, r.signs[i])
		}
		sign[c] = 0
	}
	for i, c := range other.cells {
		if sign[c] != 0 {
			left.cells, left.signs = append(left.cells, c), append(left.signs, -factor*other.signs[i])
		}
	}
	return left, true
}

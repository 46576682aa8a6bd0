package simplex

import "math"

// ordering is the order in which the columns of a basis are eliminated.
type ordering struct {
	columns [][]Term
	basis   []int32
	inRow   [][]int32 // the columns of the basis in each row
	left    []int     // how many of them are left
	taken   []bool    // rows
	done    map[int32]bool
	single  []int32 // rows that had one column left
	first   int     // columns before this one in the basis are done
}

func newOrdering(columns [][]Term, basis []int32, rows int) *ordering {
	o := &ordering{
		columns: columns, basis: basis, inRow: make([][]int32, rows), left: make([]int, rows), taken: make([]bool, rows),
		done: make(map[int32]bool, len(basis)),
	}
	for _, c := range basis {
		for _, t := range columns[c] {
			o.inRow[t.Variable] = append(o.inRow[t.Variable], c)
			o.left[t.Variable]++
		}
	}
	for r, n := range o.left {
		if n == 1 {
			o.single = append(o.single, index(r))
		}
	}
	return o
}

// pop is the next column, and the row it should be eliminated with, -1 when any will
// do. Where no row has one column left, a column with few rows left is next.
func (o *ordering) pop() (column, row int32) {
	for len(o.single) > 0 {
		r := o.single[len(o.single)-1]
		o.single = o.single[:len(o.single)-1]
		if o.taken[r] || o.left[r] != 1 {
			continue
		}
		for _, c := range o.inRow[r] {
			if !o.done[c] {
				return c, r
			}
		}
	}
	fewest := math.MaxInt
	for i := o.first; i < len(o.basis); i++ {
		c := o.basis[i]
		if o.done[c] {
			if i == o.first {
				o.first++
			}
			continue
		}
		n := 0
		for _, t := range o.columns[c] {
			if !o.taken[t.Variable] {
				n++
			}
		}
		if n < fewest {
			column, fewest = c, n
		}
		if n <= 1 {
			break
		}
	}
	return column, -1
}

// untouched tells that nothing that was eliminated before changes a column.
func (o *ordering) untouched(column []Term) bool {
	for _, t := range column {
		if o.taken[t.Variable] {
			return false
		}
	}
	return true
}

// pivot is the row of a column to eliminate it with: the one that was told, or one
// that few other columns have, if the number there is not small.
func (o *ordering) pivot(column []Term, row int32) int32 {
	var most float64
	for _, t := range column {
		if !o.taken[t.Variable] {
			most = max(most, math.Abs(t.Coefficient))
		}
	}
	best := int32(-1)
	for _, t := range column {
		r := t.Variable
		if o.taken[r] || math.Abs(t.Coefficient) < most/10 {
			continue
		}
		if r == row {
			return r
		}
		if best < 0 || o.left[r] < o.left[best] {
			best = r
		}
	}
	return best
}

// take notes that a column is eliminated.
func (o *ordering) take(column, row int32) {
	o.done[column], o.taken[row] = true, true
	for _, t := range o.columns[column] {
		if o.left[t.Variable]--; o.left[t.Variable] == 1 && !o.taken[t.Variable] {
			o.single = append(o.single, t.Variable)
		}
	}
}

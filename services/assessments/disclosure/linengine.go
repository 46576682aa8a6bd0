package disclosure

import (
	"math"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/internal/simplex"
)

// linEngine answers for a part that is no network, by linear programs over the
// neighborhood of a cell: what varies there while all else stands still varies
// in the whole as well. The neighborhood grows until the answer is found.
type linEngine struct {
	board  *board
	rows   []row
	rowsAt map[int32][]int32
}

func newLinEngine(b *board, p part) *linEngine {
	e := &linEngine{board: b, rows: p.rows, rowsAt: map[int32][]int32{}}
	for i, r := range p.rows {
		for _, c := range r.cells {
			e.rowsAt[c] = append(e.rowsAt[c], id(i))
		}
	}
	return e
}

// firstBudget is how many cells the first neighborhood has.
const firstBudget = 48

// near lists the cells around a cell, nearest first, at most so many, and tells
// whether these are all that there are.
func (e *linEngine) near(cell int32, budget int, may func(int32) bool) (cells []int32, all bool) {
	cells = []int32{cell}
	known, done := map[int32]bool{cell: true}, map[int32]bool{}
	for i := 0; i < len(cells); i++ {
		for _, r := range e.rowsAt[cells[i]] {
			if done[r] {
				continue
			}
			done[r] = true
			for _, c := range e.rows[r].cells {
				if known[c] || !may(c) {
					continue
				}
				if len(cells) == budget {
					return cells, false
				}
				known[c] = true
				cells = append(cells, c)
			}
		}
	}
	return cells, true
}

// local is the program of a neighborhood. Variables are the cells in their order;
// those that cost something are how much is added to the cell, and after all of
// them come variables for how much is taken from it.
type local struct {
	cells []int32
	value []int64
	less  []int32 // the variable for what is taken from a cell, 0 for none
	upper []float64
	rows  []simplex.Equation
}

func (e *linEngine) local(cells []int32, cost func(int32) float64) *local {
	l := &local{cells: cells, less: make([]int32, len(cells)), upper: make([]float64, len(cells))}
	index := make(map[int32]int32, len(cells))
	for i, c := range cells {
		v := e.board.system.Cells[c].Value
		index[c], l.upper[i], l.value = id(i), math.Inf(1), append(l.value, v)
		if cost(c) > 0 {
			l.less[i] = id(len(l.upper))
			l.upper = append(l.upper, float64(v))
		}
	}
	done := map[int32]bool{}
	for _, c := range cells {
		for _, r := range e.rowsAt[c] {
			if !done[r] {
				done[r] = true
				l.rows = append(l.rows, l.equation(e.rows[r], index))
			}
		}
	}
	return l
}

// equation is a row of which only the cells of the neighborhood vary.
func (l *local) equation(r row, index map[int32]int32) simplex.Equation {
	var eq simplex.Equation
	for k, c := range r.cells {
		i, in := index[c]
		if !in {
			continue
		}
		sign := float64(r.signs[k])
		eq.Terms = append(eq.Terms, simplex.Term{Variable: i, Coefficient: sign})
		if l.less[i] > 0 {
			eq.Terms = append(eq.Terms, simplex.Term{Variable: l.less[i], Coefficient: -sign})
		} else {
			eq.Sum += sign * float64(l.value[i])
		}
	}
	return eq
}

// moved is how far a cell of a solution is from its value.
func (l *local) moved(t *simplex.Tableau, i int) float64 {
	v := t.Value(id(i))
	if l.less[i] > 0 {
		return v - t.Value(l.less[i])
	}
	return v - float64(l.value[i])
}

// spread takes the cell, the first of the neighborhood, as far up as needed, and
// then down.
func (e *linEngine) spread(cell int32, width int64) ([]int32, bool) {
	for budget := firstBudget; ; budget *= 4 {
		cells, all := e.near(cell, budget, func(c int32) bool { return e.board.open[c] })
		l := e.local(cells, func(int32) float64 { return 0 })
		up, used := l.reach(1, width)
		if up < width {
			down, more := l.reach(-1, width-up)
			up, used = up+down, append(used, more...)
		}
		if up >= width {
			slices.Sort(used)
			return slices.Compact(used), true
		}
		if all {
			return nil, false
		}
	}
}

// reach is how far the first cell moves up (1) or down (-1), at most so far, and
// which other cells move with it.
func (l *local) reach(direction, most int64) (int64, []int32) {
	upper := slices.Clone(l.upper)
	if direction > 0 {
		upper[0] = float64(l.value[0] + most)
	}
	t, err := simplex.New(len(upper), l.rows, upper)
	if err != nil || t == nil {
		return 0, nil
	}
	if _, err := t.Minimize([]simplex.Term{{Variable: 0, Coefficient: -float64(direction)}}); err != nil {
		return 0, nil
	}
	var used []int32
	for i := range l.cells[1:] {
		if math.Abs(l.moved(t, i+1)) > nearly {
			used = append(used, l.cells[i+1])
		}
	}
	far := int64(math.Floor(math.Abs(l.moved(t, 0)) + nearly))
	return min(far, most), used
}

// widen looks for the cheapest cells that let the cell move: up by all of the
// width, or as far as it can, and down by the rest.
func (e *linEngine) widen(cell int32, width int64) []int32 {
	anything := func(int32) bool { return true }
	for budget := firstBudget; ; budget *= 4 {
		cells, all := e.near(cell, budget, anything)
		l := e.local(cells, func(int32) float64 { return 0 })
		up, _ := l.reach(1, width)
		down, _ := l.reach(-1, width-up)
		if up+down >= width || all {
			if add := e.open(cells, up); len(add) > 0 {
				return add
			}
			return e.open(cells, -down)
		}
	}
}

// rounds is how often the costs are fitted to a solution, so that they come to
// count cells and not people.
const rounds = 3

// open finds closed cells that let the first cell move so far.
func (e *linEngine) open(cells []int32, by int64) (best []int32) {
	if by == 0 {
		return nil
	}
	b := e.board
	closed := func(c int32) float64 {
		if b.open[c] || c == cells[0] {
			return 0
		}
		return b.price[c]
	}
	l := e.local(cells, closed)
	scale := make([]float64, len(cells))
	for i := range scale {
		scale[i] = 1
	}
	lowest := math.Inf(1)
	for range rounds {
		t := l.moving(by)
		if t == nil {
			return best
		}
		var cost []simplex.Term
		for i, c := range cells {
			if l.less[i] > 0 {
				w := closed(c) * scale[i]
				cost = append(cost, simplex.Term{Variable: id(i), Coefficient: w}, simplex.Term{Variable: l.less[i], Coefficient: w})
			}
		}
		if _, err := t.Minimize(cost); err != nil {
			return best
		}
		var found []int32
		var sum float64
		for i, c := range cells {
			d := math.Abs(l.moved(t, i))
			scale[i] = 1 / (d + 0.1)
			if d > nearly && closed(c) > 0 {
				found, sum = append(found, c), sum+closed(c)
			}
		}
		if sum < lowest {
			best, lowest = found, sum
		}
	}
	return best
}

// moving is the program in which the first cell has moved by an amount.
func (l *local) moving(by int64) *simplex.Tableau {
	rows := append(slices.Clone(l.rows), simplex.Equation{
		Terms: []simplex.Term{{Variable: 0, Coefficient: 1}}, Sum: float64(l.value[0] + by),
	})
	t, err := simplex.New(len(l.upper), rows, l.upper)
	if err != nil {
		return nil
	}
	return t
}

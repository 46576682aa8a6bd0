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
	// most is how many cells a neighborhood has at most, 0 for all.
	most int
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

// last tells whether a neighborhood does not grow further.
func (e *linEngine) last(budget int) bool { return e.most > 0 && 4*budget > e.most }

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

// local is the program of a neighborhood: how much is added to each cell, and, in
// as many variables after those, how much is taken from it.
type local struct {
	cells []int32
	upper []float64
	rows  []simplex.Equation
}

func (e *linEngine) local(cells []int32) *local {
	l := &local{cells: cells}
	index := make(map[int32]int32, len(cells))
	for i, c := range cells {
		index[c], l.upper = id(i), append(l.upper, math.Inf(1))
	}
	for _, c := range cells {
		l.upper = append(l.upper, float64(e.board.system.Cells[c].Value))
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
		if less := l.less(i); l.upper[less] > 0 {
			eq.Terms = append(eq.Terms, simplex.Term{Variable: less, Coefficient: -sign})
		}
	}
	return eq
}

// less is the variable for what is taken from a cell.
func (l *local) less(i int32) int32 { return i + id(len(l.cells)) }

// moved is how far a cell of a solution is from its value.
func (l *local) moved(t *simplex.Tableau, i int) float64 {
	return t.Value(id(i)) - t.Value(l.less(id(i)))
}

// farthest is how many cells a neighborhood has at most when cells near by are
// likely to do.
const farthest = 800

// spread takes the cell, the first of the neighborhood, as far up as needed, and
// then down.
func (e *linEngine) spread(cell int32, width int64, far bool) ([]int32, bool) {
	for budget := firstBudget; ; budget *= 4 {
		cells, all := e.near(cell, budget, func(c int32) bool { return e.board.open[c] })
		l := e.local(cells)
		up, used := l.reach(1, width)
		if up < width {
			down, more := l.reach(-1, width-up)
			up, used = up+down, append(used, more...)
		}
		if up >= width {
			slices.Sort(used)
			return slices.Compact(used), true
		}
		if all || e.last(budget) || !far && budget > farthest/4 {
			return nil, false
		}
	}
}

// reach is how far the first cell moves up (1) or down (-1), at most so far, and
// which other cells move with it.
func (l *local) reach(direction, most int64) (int64, []int32) {
	t := l.moving(nil, direction*most)
	if t == nil {
		return 0, nil
	}
	var used []int32
	for i := range l.cells[1:] {
		if math.Abs(l.moved(t, i+1)) > nearly {
			used = append(used, l.cells[i+1])
		}
	}
	return int64(math.Floor(math.Abs(l.moved(t, 0)) + nearly)), used
}

// reward is what one step of the first cell is worth, against what it costs.
const reward = 1e5

// moving moves the first cell as far as it goes, at most by an amount, and as
// cheaply as possible. Costs are by variable, all zero when there are none.
func (l *local) moving(costs []float64, by int64) *simplex.Tableau {
	upper := slices.Clone(l.upper)
	gain, loss := int32(0), l.less(0)
	if by < 0 {
		gain, loss = loss, gain
	}
	upper[gain] = min(upper[gain], math.Abs(float64(by)))
	upper[loss] = 0
	aim := []simplex.Term{{Variable: gain, Coefficient: -reward}}
	for i, c := range costs {
		if c > 0 {
			aim = append(aim, simplex.Term{Variable: id(i), Coefficient: c}, simplex.Term{Variable: l.less(id(i)), Coefficient: c})
		}
	}
	t := simplex.Still(len(upper), l.rows, upper)
	if _, err := t.Minimize(aim); err != nil {
		return nil
	}
	return t
}

// widen looks for the cheapest cells that let the cell move: up by all of the
// width, or as far as it can, and down by the rest.
func (e *linEngine) widen(cell int32, width int64) []int32 {
	anything := func(int32) bool { return true }
	for budget := firstBudget; ; budget *= 4 {
		cells, all := e.near(cell, budget, anything)
		l := e.local(cells)
		add, up := e.open(l, width)
		if up >= width && len(add) > 0 {
			return add
		}
		more, down := e.open(l, up-width)
		switch {
		case up+down < width && !all && !e.last(budget):
			continue
		case len(add) > 0:
			return add
		case len(more) > 0 || all || e.last(budget):
			return more
		}
	}
}

// rounds is how often the costs are fitted to a solution, so that they come to
// count cells and not people.
const rounds = 3

// open finds closed cells that let the first cell move, and how far it then does.
func (e *linEngine) open(l *local, by int64) (best []int32, far int64) {
	price := make([]float64, len(l.cells))
	for i, c := range l.cells[1:] {
		if !e.board.open[c] {
			price[i+1] = e.board.price[c]
		}
	}
	costs := slices.Clone(price)
	lowest := math.Inf(1)
	for range rounds {
		t := l.moving(costs, by)
		if t == nil {
			return best, far
		}
		var found []int32
		var sum float64
		for i, c := range l.cells {
			d := math.Abs(l.moved(t, i))
			costs[i] = price[i] / (d + 0.1)
			if d > nearly && price[i] > 0 {
				found, sum = append(found, c), sum+price[i]
			}
		}
		if sum < lowest {
			best, lowest = found, sum
			far = int64(math.Floor(math.Abs(l.moved(t, 0)) + nearly))
		}
	}
	return best, far
}

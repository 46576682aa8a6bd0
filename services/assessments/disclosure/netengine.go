package disclosure

import (
	"math"
	"slices"
)

// netEngine answers for a part that is a network, or by a refined network for one
// that is none.
type netEngine struct {
	board  *board
	flow   *flow
	route  *route
	arcsOf map[int32][]int32 // of a refined network, the total of a group has several
	// exact answers where the refined network is too narrow. Nil when nothing else is
	// needed, because the part is a network itself.
	exact *linEngine
}

// small is how many cells that are no network are always left to linear programs,
// which take long for more, but find what hides the least.
const small = 400

// engineFor chooses the engine of a part.
func (b *board) engineFor(p part, small int) engine {
	if n := networkOf(p); n != nil {
		return newNetEngine(b, n)
	}
	exact := newLinEngine(b, p)
	if len(p.cells) <= small {
		return exact
	}
	n := refinedNetwork(p)
	if n == nil {
		return exact
	}
	e := newNetEngine(b, n)
	e.exact, exact.most = exact, farthest
	return e
}

func newNetEngine(b *board, n *network) *netEngine {
	value := make([]int64, len(n.arcs))
	e := &netEngine{board: b, route: newRoute(len(n.at)), arcsOf: make(map[int32][]int32, len(n.arcs))}
	for k, c := range n.cell {
		value[k] = b.system.Cells[c].Value
		if group, is := n.groups[id(k)]; is {
			value[k] = 0
			for _, member := range group {
				value[k] += value[member]
			}
		}
		e.arcsOf[c] = append(e.arcsOf[c], id(k))
	}
	e.flow = newFlow(n, value, b.open)
	return e
}

func (e *netEngine) spread(cell int32, width int64, far bool) ([]int32, bool) {
	for _, k := range e.arcsOf[cell] {
		if used, ok := e.spreadArc(k, width); ok {
			return used, true
		}
	}
	if far && e.exact != nil {
		return e.exact.spread(cell, width, far)
	}
	return nil, false
}

func (e *netEngine) spreadArc(k int32, width int64) ([]int32, bool) {
	a, c, value := e.flow.arcs[k], e.flow.cell[k], e.flow.value[k]
	up := e.flow.push(a.head, a.tail, c, width)
	used := e.took(nil)
	if up < width && value > 0 {
		up += e.flow.push(a.tail, a.head, c, min(value, width-up))
		used = e.took(used)
	}
	return used, up >= width
}

// took adds the cells of the last push, and undoes it.
func (e *netEngine) took(used []int32) []int32 {
	for _, c := range e.flow.moved {
		if e.flow.value[c.arc] != c.before {
			used = append(used, e.flow.cell[c.arc])
		}
	}
	e.flow.undo()
	return used
}

// widen looks for the cheapest cycle that makes the cell wide enough, for every
// split of the width into up and down; and for what adds to the way that open
// cells allow already.
func (e *netEngine) widen(cell int32, width int64) []int32 {
	var best []int32
	bound := math.Inf(1)
	for _, k := range e.arcsOf[cell] {
		value := e.flow.value[k]
		for down := int64(0); down <= min(value, width); down++ {
			if arcs, cost := e.route.cycle(e.flow, k, width-down, down, e.price, bound); arcs != nil {
				best, bound = e.closed(arcs), cost
			}
		}
		if more, cost := e.add(k, width, bound); len(more) > 0 && (cost < bound || len(best) == 0) {
			best, bound = more, cost
		}
	}
	if len(best) == 0 && e.exact != nil {
		return e.exact.widen(cell, width)
	}
	return best
}

// add takes the open cells as far as they go, up and down, and looks for a way on
// from there through closed ones: for all that is missing, or else for less.
func (e *netEngine) add(k int32, width int64, bound float64) (best []int32, cost float64) {
	a, c, value := e.flow.arcs[k], e.flow.cell[k], e.flow.value[k]
	down := e.flow.push(a.tail, a.head, c, min(value, width))
	e.flow.undo()
	up := e.flow.push(a.head, a.tail, c, width)
	cost = math.Inf(1)
	for w := width - up - down; w >= 1 && best == nil; w /= 2 {
		if arcs, c := e.route.cycle(e.flow, k, w, 0, e.price, bound); arcs != nil {
			best, cost = e.closed(arcs), c
		}
		bound = math.Inf(1)
	}
	e.flow.undo()
	return best, cost
}

// price is what a cycle pays for an arc.
func (e *netEngine) price(arc int32) float64 {
	c := e.flow.cell[arc]
	if e.board.open[c] {
		return openPrice
	}
	return e.board.price[c]
}

// closed are the closed cells of a cycle.
func (e *netEngine) closed(arcs []int32) []int32 {
	var cells []int32
	for _, k := range arcs {
		if c := e.flow.cell[k]; !e.board.open[c] && !slices.Contains(cells, c) {
			cells = append(cells, c)
		}
	}
	return cells
}

// openPrice makes short ways through open cells cheaper than long ones.
const openPrice = 1e-6

// price is what opening a cell costs: its weight, and a little more for cells that
// tell more.
func price(c Cell) float64 {
	weight := c.Weight
	if weight == 0 {
		weight = 1
	}
	return weight * (1 + 1e-3*math.Log1p(float64(c.Value)))
}

package disclosure

import (
	"cmp"
	"maps"
	"slices"
)

// gate is a row of a part that is taken out so that the rest becomes a network:
// the total of a group that crosses others. Its cells may then move only among
// themselves as far as they share a node, which leaves the total as it is; or
// freely, while the total varies too.
type gate struct {
	total int32 // the cell that opens it, -1 when nothing does
	cells []int32
}

// refinedNetwork finds a network in a part that is none: whatever moves in it can
// move in the part too, but not the other way round. What it says of a cell's
// width is certain, and it may say less than there is. Nil when there is none.
//
// Schools in districts, which charter schools cross, become the charter schools of
// each district and the others of each district, which trade with the rest of
// the state only while the district's total is hidden.
func refinedNetwork(p part) *network {
	kept := nest(inGivenOrder(p.rows), nil)
	rows, gates := takeGates(kept)
	if slices.ContainsFunc(gates, func(g gate) bool { return g.total < 0 }) {
		rows, gates = takeGates(freeTotals(kept))
	}
	opens := map[int32]bool{}
	for _, g := range gates {
		opens[g.total] = true
	}
	var cells []int32
	for _, c := range p.cells {
		if !opens[c] {
			cells = append(cells, c)
		}
	}
	n := networkFrom(cells, rows)
	if n == nil {
		return nil
	}
	arcOf := make(map[int32]int32, len(cells))
	for k, c := range n.cell {
		arcOf[c] = id(k)
	}
	n.groups = map[int32][]int32{}
	for _, g := range gates {
		n.enclose(g, arcOf)
	}
	n.index()
	return n
}

// inGivenOrder leaves out rows that follow from those before them.
func inGivenOrder(rows []row) []row {
	e := elimination{pivot: map[int32]int{}}
	var kept []row
	for _, r := range rows {
		if e.add(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// enclose puts a node between the cells of a gate and each node that several of
// them share, on the side where there are fewer such nodes. The way from the one
// to the other is the gate's.
func (n *network) enclose(g gate, arcOf map[int32]int32) {
	heads, tails := map[int32][]int32{}, map[int32][]int32{}
	for _, c := range g.cells {
		k := arcOf[c]
		heads[n.arcs[k].head] = append(heads[n.arcs[k].head], k)
		tails[n.arcs[k].tail] = append(tails[n.arcs[k].tail], k)
	}
	groups, atHead := heads, true
	if len(tails) < len(heads) {
		groups, atHead = tails, false
	}
	for _, node := range slices.Sorted(maps.Keys(groups)) {
		n.need = append(n.need, 0)
		inner := id(len(n.need) - 1)
		way := arc{tail: inner, head: node}
		for _, k := range groups[node] {
			if atHead {
				n.arcs[k].head = inner
			} else {
				n.arcs[k].tail = inner
			}
		}
		if !atHead {
			way = arc{tail: node, head: inner}
		}
		if g.total >= 0 {
			n.groups[id(len(n.arcs))] = groups[node]
			n.arcs, n.cell = append(n.arcs, way), append(n.cell, g.total)
		}
	}
}

// freeTotals makes gates possible where totals add up to further totals: those are
// written as sums of the parts instead.
func freeTotals(rows []row) []row {
	rows = slices.Clone(rows)
	at := rowsAt(rows)
	freed := map[int]bool{}
	for i := range rows {
		total, ok := rows[i].total()
		if !ok || len(at[total]) != 2 || !slices.ContainsFunc(rows[i].cells, func(c int32) bool { return len(at[c]) > 2 }) {
			continue
		}
		other := at[total][0] + at[total][1] - i
		if with, ok := rows[other].less(rows[i]); ok {
			rows[other], freed[i] = with, true
		}
	}
	if len(freed) == 0 {
		return rows
	}
	return nest(rows, freed)
}

// total is the only cell of a row whose sign is another than that of the rest. Of two
// that are the same number it is the first.
func (r row) total() (cell int32, ok bool) {
	if len(r.signs) == 2 && r.signs[0] != r.signs[1] {
		return r.cells[0], true
	}
	var sum int
	for _, s := range r.signs {
		sum += int(s)
	}
	if len(r.signs) < 3 || sum != len(r.signs)-2 && sum != 2-len(r.signs) {
		return 0, false
	}
	return r.cells[slices.IndexFunc(r.signs, func(s int8) bool { return int(s)*sum < 0 })], true
}

// shortFirst is the order of rows by length.
func shortFirst(rows []row) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(rows[a].cells), len(rows[b].cells)) })
	return order
}

// rowsAt are the rows of each cell.
func rowsAt(rows []row) map[int32][]int {
	at := map[int32][]int{}
	for i, r := range rows {
		for _, c := range r.cells {
			at[c] = append(at[c], i)
		}
	}
	return at
}

// takeGates takes rows out until no cell stands in more than two, short ones first,
// and those first which open.
func takeGates(rows []row) (rest []row, gates []gate) {
	at, degree := rowsAt(rows), map[int32]int{}
	for c, in := range at {
		degree[c] = len(in)
	}
	order := shortFirst(rows)
	taken := make([]bool, len(rows))
	for _, opening := range []bool{true, false} {
		for _, i := range order {
			if taken[i] || !slices.ContainsFunc(rows[i].cells, func(c int32) bool { return degree[c] > 2 }) {
				continue
			}
			g, ok := rows[i].gate(at)
			if !ok || opening != (g.total >= 0) {
				continue
			}
			taken[i] = true
			gates = append(gates, g)
			for _, c := range rows[i].cells {
				degree[c]--
			}
		}
	}
	for i, r := range rows {
		if !taken[i] {
			rest = append(rest, r)
		}
	}
	return rest, gates
}

// gate makes a gate of a row whose cells count the same way, but for one that
// stands nowhere else: their total. Without that the gate stays closed.
func (r row) gate(at map[int32][]int) (gate, bool) {
	g := gate{total: -1}
	var sum int
	for _, s := range r.signs {
		sum += int(s)
	}
	most := int8(1)
	if sum < 0 {
		most = -1
	}
	for i, c := range r.cells {
		switch {
		case r.signs[i] == most:
			g.cells = append(g.cells, c)
		case g.total < 0 && len(at[c]) == 1:
			g.total = c
		default:
			return g, false
		}
	}
	return g, true
}

package disclosure

// arc is a cell in a network: more of it moves a quantity from tail to head.
type arc struct {
	tail, head int32
}

// network is a part whose rows are the nodes and whose cells are the arcs of a
// graph: what flows into a node leaves it, but for a constant. The value of a cell
// is the flow in its arc, at least zero. Node 0 is outside: where arcs begin or
// end that stand in one row only.
type network struct {
	arcs []arc
	cell []int32 // the cell of each arc
	at   [][]end // the arcs at each node
	need []int64 // what more flows into each node than out of it
	// groups are the arcs whose values others add up to, in a refined network: what a
	// gate lets through.
	groups map[int32][]int32
}

// end is an arc as it is seen from a node; forward leaves it.
type end struct {
	arc     int32
	to      int32
	forward bool
}

// networkOf finds the network in a part, or nil when there is none.
func networkOf(p part) *network { return networkFrom(p.cells, independent(p.rows)) }

// networkFrom makes a network of cells and rows, or nil.
func networkFrom(cells []int32, rows []row) *network {
	type place struct {
		row  int32
		sign int8
	}
	where := make(map[int32][]place, len(cells))
	for i, r := range rows {
		for k, c := range r.cells {
			if len(where[c]) == 2 {
				return nil
			}
			where[c] = append(where[c], place{id(i), r.signs[k]})
		}
	}
	flip := make([]int8, len(rows)) // 0 while not decided
	for first := range rows {
		if flip[first] != 0 {
			continue
		}
		flip[first] = 1
		for queue := []int32{id(first)}; len(queue) > 0; queue = queue[1:] {
			for _, c := range rows[queue[0]].cells {
				if len(where[c]) < 2 {
					continue
				}
				a, b := where[c][0], where[c][1]
				if b.row == queue[0] {
					a, b = b, a
				}
				want := -flip[a.row] * a.sign * b.sign
				switch flip[b.row] {
				case 0:
					flip[b.row] = want
					queue = append(queue, b.row)
				case -want:
					return nil
				}
			}
		}
	}
	n := &network{at: make([][]end, len(rows)+1), need: make([]int64, len(rows)+1)}
	for _, c := range cells {
		var a arc
		for _, pl := range where[c] {
			if pl.sign*flip[pl.row] > 0 {
				a.head = pl.row + 1
			} else {
				a.tail = pl.row + 1
			}
		}
		n.connect(c, a)
	}
	for i, r := range rows {
		n.need[i+1] = int64(flip[i]) * r.rest
	}
	return n
}

// connect adds an arc for a cell.
func (n *network) connect(cell int32, a arc) {
	k := id(len(n.arcs))
	n.arcs, n.cell = append(n.arcs, a), append(n.cell, cell)
	n.at[a.tail] = append(n.at[a.tail], end{arc: k, to: a.head, forward: true})
	n.at[a.head] = append(n.at[a.head], end{arc: k, to: a.tail})
}

// index finds the arcs at each node anew.
func (n *network) index() {
	arcs, cells := n.arcs, n.cell
	n.arcs, n.cell, n.at = nil, nil, make([][]end, len(n.need))
	for k, a := range arcs {
		n.connect(cells[k], a)
	}
}

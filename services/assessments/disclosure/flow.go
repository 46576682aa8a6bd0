package disclosure

import "slices"

// plenty stands for a capacity without limit. Values are so much smaller that
// sums of all of them stay below it.
const plenty = int64(1) << 61

// flow is a network with a value in each arc, and finds how far values can move
// when only some arcs vary. It is Dinic's algorithm in the residual graph: an arc
// can always take more, and give back what it has.
type flow struct {
	*network
	value  []int64
	varies []bool // by cell

	without int32 // the cell that push leaves alone

	level []int32
	round []int32 // in which search a node got its level
	next  []int32
	now   int32
	queue []int32
	moved []change // what push changed, for undoing it
	mark  []int32
	epoch int32
}

type change struct {
	arc    int32
	before int64
}

func newFlow(n *network, value []int64, varies []bool) *flow {
	nodes := len(n.at)
	return &flow{
		network: n, value: value, varies: varies,
		level: make([]int32, nodes), round: make([]int32, nodes), next: make([]int32, nodes),
		mark: make([]int32, len(n.arcs)),
	}
}

// room is how much can move from a node over one of its ends.
func (f *flow) room(e end) int64 {
	if c := f.cell[e.arc]; c == f.without || !f.varies[c] {
		return 0
	}
	if e.forward {
		return plenty
	}
	return f.value[e.arc]
}

// push moves as much as it can, up to a limit, from one node to another without
// using one cell, and answers how much that was.
func (f *flow) push(from, to, without int32, limit int64) int64 {
	if from == to {
		return limit
	}
	f.epoch++
	f.moved = f.moved[:0]
	f.without = without
	var total int64
	for total < limit && f.levels(from, to) {
		for total < limit {
			moved := f.advance(from, to, limit-total)
			if moved == 0 {
				break
			}
			total += moved
		}
	}
	return total
}

// levels numbers the nodes by their distance and tells whether the goal is among
// them.
func (f *flow) levels(from, to int32) bool {
	f.now++
	f.queue = append(f.queue[:0], from)
	f.level[from], f.round[from], f.next[from] = 0, f.now, 0
	for i := 0; i < len(f.queue); i++ {
		node := f.queue[i]
		for _, e := range f.at[node] {
			if f.round[e.to] == f.now || f.room(e) == 0 {
				continue
			}
			f.level[e.to], f.round[e.to], f.next[e.to] = f.level[node]+1, f.now, 0
			if e.to == to {
				return true
			}
			f.queue = append(f.queue, e.to)
		}
	}
	return false
}

// advance moves something along one path of the levels.
func (f *flow) advance(node, to int32, limit int64) int64 {
	if node == to {
		return limit
	}
	ends := f.at[node]
	for ; int(f.next[node]) < len(ends); f.next[node]++ {
		e := ends[f.next[node]]
		if f.round[e.to] != f.now || f.level[e.to] != f.level[node]+1 {
			continue
		}
		room := f.room(e)
		if room == 0 {
			continue
		}
		if moved := f.advance(e.to, to, min(limit, room)); moved > 0 {
			f.change(e, moved)
			return moved
		}
	}
	return 0
}

func (f *flow) change(e end, by int64) {
	if f.mark[e.arc] != f.epoch {
		f.mark[e.arc] = f.epoch
		f.moved = append(f.moved, change{e.arc, f.value[e.arc]})
	}
	if e.forward {
		f.value[e.arc] += by
	} else {
		f.value[e.arc] -= by
	}
}

// undo takes the last push back.
func (f *flow) undo() {
	for _, c := range f.moved {
		f.value[c.arc] = c.before
	}
	f.moved = f.moved[:0]
}

// interval is the least and the greatest value of an arc.
func (f *flow) interval(k int32) (low, high int64) {
	a, v := f.arcs[k], f.value[k]
	up := f.push(a.head, a.tail, f.cell[k], plenty)
	f.undo()
	down := f.push(a.tail, a.head, f.cell[k], v)
	f.undo()
	if up >= plenty {
		return v - down, Unbounded
	}
	return v - down, v + up
}

// feasible finds values that agree with every node of a network, or nil when
// there are none. What is needed comes from a source and goes to a drain, added
// for the search; an arc from them is limited by holding its amount backwards.
func feasible(n *network) []int64 {
	source, drain := id(len(n.at)), id(len(n.at)+1)
	g := &network{at: make([][]end, len(n.at)+2)}
	for k, a := range n.arcs {
		g.connect(id(k), a)
	}
	value := make([]int64, len(n.arcs))
	need := slices.Clone(n.need)
	for _, amount := range n.need {
		need[0] -= amount
	}
	var wanted int64
	for node, amount := range need {
		switch {
		case amount < 0:
			g.connect(id(len(value)), arc{tail: id(node), head: source})
			value = append(value, -amount)
		case amount > 0:
			g.connect(id(len(value)), arc{tail: drain, head: id(node)})
			value = append(value, amount)
			wanted += amount
		}
	}
	f := newFlow(g, value, always(len(value)))
	if f.push(source, drain, -1, wanted) < wanted {
		return nil
	}
	return value[:len(n.arcs)]
}

// always is all of n.
func always(n int) []bool {
	all := make([]bool, n)
	for i := range all {
		all[i] = true
	}
	return all
}

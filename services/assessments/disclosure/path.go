package disclosure

import "math"

// hop is a node on the way to the goal.
type hop struct {
	cost float64
	node int32
}

// route finds cheapest cycles: sets of cells which can vary together.
type route struct {
	cost []float64
	via  []end // how each node was reached; to is where from
	done []int32
	seen []int32
	now  int32
	heap hopHeap
}

func newRoute(nodes int) *route {
	return &route{cost: make([]float64, nodes), via: make([]end, nodes), done: make([]int32, nodes), seen: make([]int32, nodes)}
}

// cycle finds the cheapest cycle through an arc that can take up more and also
// give down back: arcs which it runs through with the arc have to hold down,
// those it runs through against it have to hold up. It answers with the other
// arcs of the cycle and their cost, which is below the bound, or with nil.
func (r *route) cycle(f *flow, k int32, up, down int64, price func(arc int32) float64, bound float64) ([]int32, float64) {
	from, to := f.arcs[k].head, f.arcs[k].tail
	if from == to {
		return []int32{}, 0
	}
	r.now++
	r.heap = r.heap[:0]
	r.reach(from, 0, end{arc: -1})
	for len(r.heap) > 0 {
		h := r.heap.pop()
		if r.done[h.node] == r.now {
			continue
		}
		r.done[h.node] = r.now
		if h.node == to {
			return r.back(from, to), h.cost
		}
		for _, e := range f.at[h.node] {
			if f.cell[e.arc] == f.cell[k] || r.done[e.to] == r.now {
				continue
			}
			if holds := f.value[e.arc]; e.forward && holds < down || !e.forward && holds < up {
				continue
			}
			if cost := h.cost + price(e.arc); cost < bound && (r.seen[e.to] != r.now || cost < r.cost[e.to]) {
				r.reach(e.to, cost, end{arc: e.arc, to: h.node})
			}
		}
	}
	return nil, math.Inf(1)
}

func (r *route) reach(node int32, cost float64, via end) {
	r.cost[node], r.seen[node], r.via[node] = cost, r.now, via
	r.heap.push(hop{cost, node})
}

func (r *route) back(from, to int32) []int32 {
	var arcs []int32
	for node := to; node != from; node = r.via[node].to {
		arcs = append(arcs, r.via[node].arc)
	}
	return arcs
}

// hopHeap has the cheapest hop on top. (The one of the library puts every hop into
// an interface, which takes a third of the whole search.)
type hopHeap []hop

func (h hopHeap) less(i, j int) bool {
	if h[i].cost != h[j].cost {
		return h[i].cost < h[j].cost
	}
	return h[i].node < h[j].node
}

func (h *hopHeap) push(x hop) {
	*h = append(*h, x)
	q := *h
	for i := len(q) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.less(i, up) {
			break
		}
		q[i], q[up] = q[up], q[i]
		i = up
	}
}

func (h *hopHeap) pop() hop {
	q := *h
	top, last := q[0], len(q)-1
	q[0] = q[last]
	q = q[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && q.less(child+1, child) {
			child++
		}
		if !q.less(child, i) {
			break
		}
		q[i], q[child] = q[child], q[i]
		i = child
	}
	*h = q
	return top
}

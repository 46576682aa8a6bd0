package rdfc

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// text holds a dataset as lines of N-Quads in one buffer, with the places of the blank nodes
// marked, so that a run writes each quad once and then only puts other names into it.
type text struct {
	buf     []byte
	lines   []line
	labels  []string // labels of the blank nodes, in order of appearance
	around  [][]int  // for each blank node the lines that mention it
	scratch []byte
	spans   []span
}

// line is one quad: its text, and up to three blank nodes in it.
type line struct {
	span
	marks     [3]mark
	count     int
	predicate span // with its angle brackets
}

// mark is a blank node in a line: the place of its label, its number and its position s, o or g.
type mark struct {
	span
	node     int
	position byte
}

// span is a part of a buffer.
type span struct{ from, to int }

func sortSpans(spans []span, buf []byte) {
	slices.SortFunc(spans, func(a, b span) int { return bytes.Compare(buf[a.from:a.to], buf[b.from:b.to]) })
}

// newText writes the quads of a dataset; a repeated quad counts once.
func newText(d Dataset) text {
	t := text{buf: make([]byte, 0, 160*len(d)), lines: make([]line, 0, len(d))}
	nodes := map[string]int{}
	seen := newSet(len(d))
	for i := range d {
		q := &d[i]
		l := line{span: span{from: len(t.buf)}}
		t.term(&l, q.Subject, 's', nodes)
		t.buf = append(t.buf, ' ')
		l.predicate.from = len(t.buf)
		t.term(&l, q.Predicate, 0, nodes)
		l.predicate.to = len(t.buf)
		t.buf = append(t.buf, ' ')
		t.term(&l, q.Object, 'o', nodes)
		if q.Graph.Kind != KindNone {
			t.buf = append(t.buf, ' ')
			t.term(&l, q.Graph, 'g', nodes)
		}
		t.buf = append(t.buf, " .\n"...)
		l.to = len(t.buf)
		if seen.has(&t, l.span) {
			t.buf = t.buf[:l.from]
			continue
		}
		seen.add(&t, len(t.lines), l.span)
		t.lines = append(t.lines, l)
	}
	t.index()
	return t
}

func (t *text) term(l *line, term Term, position byte, nodes map[string]int) {
	if term.Kind != KindBlank || position == 0 {
		t.buf = appendTerm(t.buf, term, keepLabel)
		return
	}
	node, known := nodes[term.Value]
	if !known {
		node = len(t.labels)
		nodes[term.Value] = node
		t.labels = append(t.labels, term.Value)
	}
	t.buf = append(t.buf, "_:"...)
	from := len(t.buf)
	t.buf = append(t.buf, term.Value...)
	l.marks[l.count] = mark{span{from, len(t.buf)}, node, position}
	l.count++
}

// index fills around; a line that mentions a node twice counts once.
func (t *text) index() {
	t.around = make([][]int, len(t.labels))
	for i := range t.lines {
		l := &t.lines[i]
		for _, m := range l.marks[:l.count] {
			list := t.around[m.node]
			if n := len(list); n == 0 || list[n-1] != i {
				t.around[m.node] = append(list, i)
			}
		}
	}
}

// appendLine writes a line with other names for its blank nodes.
func (t *text) appendLine(dst []byte, l line, name func([]byte, int) []byte) []byte {
	from := l.from
	for _, m := range l.marks[:l.count] {
		dst = append(dst, t.buf[from:m.from]...)
		dst = name(dst, m.node)
		from = m.to
	}
	return append(dst, t.buf[from:l.to]...)
}

// render writes all lines with the given names, in order.
func (t *text) render(names []string) string {
	all := make([]byte, 0, len(t.buf)+8*len(t.lines))
	spans := make([]span, len(t.lines))
	for i := range t.lines {
		from := len(all)
		all = t.appendLine(all, t.lines[i], func(dst []byte, node int) []byte { return append(dst, names[node]...) })
		spans[i] = span{from, len(all)}
	}
	sortSpans(spans, all)
	out := make([]byte, 0, len(all))
	for _, s := range spans {
		out = append(out, all[s.from:s.to]...)
	}
	return string(out)
}

// set finds repeated lines: a hash table with open addressing, in which zero means empty.
type set struct {
	seed  maphash.Seed
	slots []int
}

func newSet(size int) *set {
	slots := 16
	for slots < 2*size {
		slots *= 2
	}
	return &set{seed: maphash.MakeSeed(), slots: make([]int, slots)}
}

// find returns the slot of an equal line, or the empty slot where the line belongs.
func (s *set) find(t *text, want span) int {
	key := t.buf[want.from:want.to]
	mask := uint64(len(s.slots) - 1)
	for at := maphash.Bytes(s.seed, key) & mask; ; at = (at + 1) & mask {
		if s.slots[at] == 0 {
			return int(at) //nolint:gosec // below the length of a slice
		}
		if l := t.lines[s.slots[at]-1]; bytes.Equal(t.buf[l.from:l.to], key) {
			return int(at) //nolint:gosec // below the length of a slice
		}
	}
}

func (s *set) has(t *text, l span) bool { return s.slots[s.find(t, l)] != 0 }

func (s *set) add(t *text, number int, l span) { s.slots[s.find(t, l)] = number + 1 }

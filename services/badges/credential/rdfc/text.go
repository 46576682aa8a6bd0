package rdfc

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
)

// text holds a dataset as lines of N-Quads in one buffer, with the places of the blank nodes
// marked, so that a run writes each quad once and then only puts other names into it.
type text struct {
	buf     []byte
	lines   []line
	nodes   map[string]int
	seen    set
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

func newText() text { return text{nodes: map[string]int{}, seen: set{seed: maphash.MakeSeed()}} }

// read writes the quads of a dataset; a repeated quad counts once.
func (t *text) read(d Dataset) {
	t.seen.size(len(d))
	for i := range d {
		q := &d[i]
		l := line{span: span{from: len(t.buf)}}
		t.term(&l, &q.Subject, 's')
		t.buf = append(t.buf, ' ')
		l.predicate.from = len(t.buf)
		t.term(&l, &q.Predicate, 0)
		l.predicate.to = len(t.buf)
		t.buf = append(t.buf, ' ')
		t.term(&l, &q.Object, 'o')
		if q.Graph.Kind != KindNone {
			t.buf = append(t.buf, ' ')
			t.term(&l, &q.Graph, 'g')
		}
		t.buf = append(t.buf, " .\n"...)
		l.to = len(t.buf)
		if slot := t.seen.find(t, l.span); t.seen.slots[slot] != 0 {
			t.buf = t.buf[:l.from]
		} else {
			t.lines = append(t.lines, l)
			t.seen.slots[slot] = len(t.lines)
		}
	}
	t.index()
}

// clear forgets the dataset and keeps the buffers.
func (t *text) clear() {
	t.buf, t.lines, t.scratch, t.spans = t.buf[:0], t.lines[:0], t.scratch[:0], t.spans[:0]
	clear(t.labels)
	t.labels = t.labels[:0]
	clear(t.nodes)
}

func (t *text) term(l *line, term *Term, position byte) {
	if term.Kind != KindBlank || position == 0 {
		t.buf = appendTerm(t.buf, *term, keepLabel)
		return
	}
	node, known := t.nodes[term.Value]
	if !known {
		node = len(t.labels)
		t.nodes[term.Value] = node
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
	t.around = resized(t.around, len(t.labels))
	for node := range t.around {
		t.around[node] = t.around[node][:0]
	}
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
func (t *text) appendLine(dst []byte, l *line, name func([]byte, int) []byte) []byte {
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
	t.scratch, t.spans = t.scratch[:0], t.spans[:0]
	name := func(dst []byte, node int) []byte { return append(dst, names[node]...) }
	for i := range t.lines {
		from := len(t.scratch)
		t.scratch = t.appendLine(t.scratch, &t.lines[i], name)
		t.spans = append(t.spans, span{from, len(t.scratch)})
	}
	sortSpans(t.spans, t.scratch)
	var out strings.Builder
	out.Grow(len(t.scratch))
	for _, s := range t.spans {
		out.Write(t.scratch[s.from:s.to])
	}
	return out.String()
}

// resized returns a slice of the wanted length, in the same memory where that is enough.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return append(s[:cap(s)], make([]T, n-cap(s))...)
	}
	return s[:n]
}

// set finds repeated lines: a hash table with open addressing, in which zero means empty.
type set struct {
	seed  maphash.Seed
	slots []int
}

// size empties the set and makes room for that many lines.
func (s *set) size(lines int) {
	slots := 16
	for slots < 2*lines {
		slots *= 2
	}
	s.slots = resized(s.slots, slots)
	clear(s.slots)
}

// find returns the slot of an equal line, or the empty slot where the line belongs.
func (s *set) find(t *text, want span) int {
	key := t.buf[want.from:want.to]
	mask := uint64(len(s.slots) - 1) //nolint:gosec // at least 15
	for at := maphash.Bytes(s.seed, key) & mask; ; at = (at + 1) & mask {
		if s.slots[at] == 0 {
			return int(at) //nolint:gosec // below the length of a slice
		}
		if l := &t.lines[s.slots[at]-1]; bytes.Equal(t.buf[l.from:l.to], key) {
			return int(at) //nolint:gosec // below the length of a slice
		}
	}
}

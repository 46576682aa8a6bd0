package release

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// draft is a system of cells and sums in the making: the numbers of a book and all
// that ties them.
type draft struct {
	book    *book
	system  disclosure.System
	keys    []key // of the first cells; those after them are differences
	index   map[key]int
	written map[string]bool // sums that are there already
	inner   map[key]bool    // totals of places that have parts
	err     error           // where the tables cannot all be true
}

// draw makes the system of a book: of everybody's numbers, or of these and those of
// filters.
func (b *book) draw(g stage) *draft {
	d := &draft{book: b, index: make(map[key]int, len(b.order)), written: map[string]bool{}, inner: map[key]bool{}}
	d.system.Rule = b.rule
	for _, k := range b.order {
		if g == everybody && k.filter != "" {
			continue
		}
		f := b.facts[k]
		cell := disclosure.Cell{Value: f.value, Label: k.label()}
		switch f.state {
		case told:
			cell.Fixed = true
		case kept:
			cell.Status = disclosure.Hidden
		}
		d.index[k] = len(d.keys)
		d.keys = append(d.keys, k)
		d.system.Cells = append(d.system.Cells, cell)
	}
	for n, tie := range []func(*Table){d.tree, d.rows} {
		for _, s := range b.live() {
			if g == filtered || s.table.Filter == "" {
				tie(s.table)
			}
		}
		if n == 0 {
			d.weigh()
		}
	}
	d.rounds()
	if g == filtered {
		d.filters()
	}
	return d
}

func (k key) label() string {
	parts := []string{k.place}
	if k.category != "" {
		parts = append(parts, k.category)
	}
	if k.filter != "" {
		parts = append(parts, k.filter)
	}
	if k.round > 1 {
		parts = append(parts, "round "+strconv.Itoa(k.round))
	}
	return strings.Join(parts, ", ")
}

// sum says once that a number is the sum of others.
func (d *draft) sum(total key, parts []int) {
	t := d.index[total]
	name := strings.Builder{}
	name.WriteString(strconv.Itoa(t))
	for _, p := range parts {
		name.WriteByte(' ')
		name.WriteString(strconv.Itoa(p))
	}
	if d.written[name.String()] {
		return
	}
	d.written[name.String()] = true
	d.system.Sums = append(d.system.Sums, disclosure.Sum{Total: t, Parts: parts})
}

// tree ties places to their parts, category by category and in total.
func (d *draft) tree(t *Table) {
	children := make([][]int, len(t.Places))
	for i, p := range t.Places {
		if p.Parent >= 0 {
			children[p.Parent] = append(children[p.Parent], i)
		}
	}
	for i, parts := range children {
		if len(parts) == 0 {
			continue
		}
		d.inner[t.key(i, "")] = true
		for _, category := range append([]string{""}, d.book.categories...) {
			cells := make([]int, len(parts))
			for n, c := range parts {
				cells[n] = d.index[t.key(c, category)]
			}
			slices.Sort(cells)
			d.sum(t.key(i, category), cells)
		}
	}
}

// dearer is how much more it costs to withhold a number one level up.
const dearer = 8

// weigh makes numbers of inner places dear: more people read them, and a search
// that need not look far is fast.
func (d *draft) weigh() {
	height := make([]int, len(d.keys))
	for changed := true; changed; {
		changed = false
		for _, sum := range d.system.Sums { // only trees yet
			for _, p := range sum.Parts {
				if height[sum.Total] <= height[p] {
					height[sum.Total], changed = height[p]+1, true
				}
			}
		}
	}
	for i, h := range height {
		d.system.Cells[i].Weight = math.Pow(dearer, float64(h))
	}
}

// rows ties the categories to their totals. At inner places that follows from the
// rows and sums below them, and saying it again would hide that the rest is a
// network.
func (d *draft) rows(t *Table) {
	for i := range t.Places {
		k := t.key(i, "")
		if len(d.book.categories) == 0 || d.inner[k] {
			continue
		}
		parts := make([]int, 0, len(d.book.categories))
		for _, category := range d.book.categories {
			parts = append(parts, d.index[t.key(i, category)])
		}
		d.sum(k, parts)
	}
}

// rounds ties a later round to the one before it: what came late is zero or more.
func (d *draft) rounds() {
	series := map[key][]int{} // the rounds of a number, by its key in round 0
	var order []key
	for _, k := range d.keys {
		r := k.round
		k.round = 0
		if len(series[k]) == 0 {
			order = append(order, k)
		}
		series[k] = append(series[k], r)
	}
	for _, k := range order {
		slices.Sort(series[k])
		for i, r := range series[k][1:] {
			later, earlier := k, k
			later.round, earlier.round = r, series[k][i]
			d.difference(later, []int{d.index[earlier]}, "late")
		}
	}
}

// split is the number of everybody, in filter "", that a variable splits.
type split struct {
	key
	variable string
}

// filters ties the parts that a variable splits people into to everybody; those of
// whom no table tells are the rest. Where nobody is left, readers are taken to
// know that.
func (d *draft) filters() {
	groups := map[split][]int{}
	var order []split
	for i, k := range d.keys {
		if k.filter == "" {
			continue
		}
		s := split{k, variableOf(k.filter)}
		s.filter = ""
		if groups[s] == nil {
			order = append(order, s)
		}
		groups[s] = append(groups[s], i)
	}
	for _, s := range order {
		row := s
		row.category = ""
		if !d.book.audited && d.rest(row.key, groups[row]) == 0 {
			d.sum(s.key, groups[s])
		} else {
			d.difference(s.key, groups[s], "rest")
		}
	}
}

// rest is what parts leave of a number.
func (d *draft) rest(k key, parts []int) int64 {
	rest := d.system.Cells[d.index[k]].Value
	for _, p := range parts {
		rest -= d.system.Cells[p].Value
	}
	return rest
}

// difference adds what a number is more than others together. No table has it, but
// a reader can compute it where the others are told: when it is small, it is
// protected like a number of a table.
func (d *draft) difference(k key, parts []int, name string) {
	value := d.rest(k, parts)
	if value < 0 && !d.book.audited {
		d.err = fmt.Errorf("tables of %q: %s is less than what it has to contain (%s)", d.book.name, k.label(), name)
	}
	cell := disclosure.Cell{Value: value, Status: disclosure.Free, Label: k.label() + ", " + name}
	if d.book.audited || d.book.rule.Protects(value) {
		cell.Status = disclosure.Hidden
	}
	d.system.Cells = append(d.system.Cells, cell)
	d.sum(k, append(slices.Clone(parts), len(d.system.Cells)-1))
}

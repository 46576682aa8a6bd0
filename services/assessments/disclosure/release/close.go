package release

// closure says which rows of a book are closed: nothing of them is told but the
// total, because a total of the row is withheld. It is what makes the books of a
// wave independent of each other; the package's documentation says why.
//
// A row of everybody is closed where its total is withheld, in that round or in an
// earlier one. Where there are several rounds, so is what lies below it. The rows
// of a variable at a place are closed together: where everybody's row is, and where
// one of their totals is withheld, in that round or before.
type closure map[closedRow]bool

// closedRow is a row in the sense of a closure: all values of a variable, or
// everybody when it is empty.
type closedRow struct {
	variable string
	round    int
	place    string
}

// kinship is which rows of everybody are part of which, in all tables of a book,
// the withdrawn ones too.
type kinship map[closedRow][]closedRow

func (b *book) kinship() kinship {
	k, known := kinship{}, map[[2]closedRow]bool{}
	for _, s := range b.sheets {
		for i, p := range s.table.Places {
			if p.Parent < 0 {
				continue
			}
			up := s.table.Places[p.Parent]
			child := closedRow{"", s.table.roundOf(i), p.ID}
			parent := closedRow{"", s.table.roundOf(p.Parent), up.ID}
			if pair := [2]closedRow{child, parent}; !known[pair] {
				known[pair] = true
				k[child] = append(k[child], parent)
			}
		}
	}
	return k
}

// above visits all rows that a row is part of.
func (k kinship) above(row closedRow, visit func(closedRow)) {
	seen := map[closedRow]bool{row: true}
	for queue := []closedRow{row}; len(queue) > 0; queue = queue[1:] {
		for _, up := range k[queue[0]] {
			if !seen[up] {
				seen[up] = true
				visit(up)
				queue = append(queue, up)
			}
		}
	}
}

// closure computes the closed rows of the books whose totals are a category of
// this book, or its totals.
func (b *book) closure(category string) closure {
	c := closure{}
	last, several := 0, false
	var rows []key
	for _, k := range b.order {
		if k.category == category {
			rows = append(rows, k)
			several = several || last > 0 && k.round != last
			last = max(last, k.round)
		}
	}
	for _, k := range rows {
		if b.facts[k].state == kept && k.filter == "" {
			c.from(closedRow{"", k.round, k.place}, last)
		}
	}
	if several {
		c.below(rows, b.kinship())
	}
	for _, k := range rows {
		v, row := variableOf(k.filter), closedRow{"", k.round, k.place}
		if v == "" || b.facts[k].state != kept && !c[row] {
			continue
		}
		c.from(closedRow{v, k.round, k.place}, last)
	}
	return c
}

// from closes a row in a round and in all later ones.
func (c closure) from(row closedRow, last int) {
	for ; row.round <= last; row.round++ {
		c[row] = true
	}
}

// below closes rows of everybody that are part of a closed one.
func (c closure) below(rows []key, kin kinship) {
	for _, k := range rows {
		row := closedRow{"", k.round, k.place}
		if k.filter != "" || c[row] {
			continue
		}
		within := false
		kin.above(row, func(up closedRow) { within = within || c[up] })
		if within {
			c[row] = true
		}
	}
}

// close withholds what is closed of new tables, and tells whether nothing of it
// had been told before.
func (b *book) close(c closure, g stage) bool {
	sound := true
	for _, k := range b.order {
		if k.category == "" || g == everybody && k.filter != "" || !c[closedRow{variableOf(k.filter), k.round, k.place}] {
			continue
		}
		switch f := b.facts[k]; f.state {
		case fresh:
			f.state = kept
			if b.empty(k) {
				f.state = told
			}
		case told:
			sound = sound && b.empty(k)
		}
	}
	return sound
}

// empty tells whether a number of a filter is zero because everybody's is, and that
// is told: there is nothing to withhold.
func (b *book) empty(k key) bool {
	whole := k
	whole.filter = ""
	f := b.facts[whole]
	return k.filter != "" && f.state == told && f.value == 0
}

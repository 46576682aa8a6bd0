package release

// closure says which rows of a book are closed: nothing of them is told but the
// total, because a total of the row is withheld. It is what makes the books of a
// wave independent of each other; the package's documentation says why.
//
// A row of everybody is closed where its total is withheld, in that round or in an
// earlier one. Where there are several rounds, so is what lies below it. The rows
// of a variable are closed together: where everybody's row is, where one of their
// totals is withheld in that round or before, and above such a place.
type closure map[closedRow]bool

// closedRow is a row in the sense of a closure: all values of a variable, or
// everybody when it is empty.
type closedRow struct {
	variable string
	round    int
	place    string
}

// kinship is who is part of whom, in all tables of a book, the withdrawn ones too.
type kinship struct {
	parents map[string]map[string]bool
}

func (b *book) kinship() kinship {
	k := kinship{parents: map[string]map[string]bool{}}
	for _, s := range b.sheets {
		for _, p := range s.table.Places {
			if p.Parent < 0 {
				continue
			}
			if k.parents[p.ID] == nil {
				k.parents[p.ID] = map[string]bool{}
			}
			k.parents[p.ID][s.table.Places[p.Parent].ID] = true
		}
	}
	return k
}

// above visits all places that a place is part of.
func (k kinship) above(place string, visit func(string)) {
	seen := map[string]bool{place: true}
	for queue := []string{place}; len(queue) > 0; queue = queue[1:] {
		for up := range k.parents[queue[0]] {
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
	rounds := map[int]bool{}
	var rows []key
	for _, k := range b.order {
		if k.category == category {
			rows = append(rows, k)
			rounds[k.round] = true
		}
	}
	last := 0
	for r := range rounds {
		last = max(last, r)
	}
	kin := b.kinship()
	for _, k := range rows {
		if b.facts[k].state == kept && k.filter == "" {
			c.from(closedRow{"", k.round, k.place}, last)
		}
	}
	if len(rounds) > 1 {
		c.below(rows, kin)
	}
	for _, k := range rows {
		if v := variableOf(k.filter); v != "" && (b.facts[k].state == kept || c[closedRow{"", k.round, k.place}]) {
			c.from(closedRow{v, k.round, k.place}, last)
			kin.above(k.place, func(up string) { c.from(closedRow{v, k.round, up}, last) })
		}
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
		if k.filter != "" {
			continue
		}
		kin.above(k.place, func(up string) {
			if c[closedRow{"", k.round, up}] {
				c[closedRow{"", k.round, k.place}] = true
			}
		})
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
		case told:
			sound = false
		}
	}
	return sound
}

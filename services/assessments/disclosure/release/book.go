package release

import (
	"fmt"
	"slices"
)

// key names one number: of a filter, in a round, at a place, in a category. The
// total of a row has no category.
type key struct {
	filter   string
	round    int
	place    string
	category string
}

// key names a number of a table by the index of its place.
func (t *Table) key(place int, category string) key {
	return key{t.Filter, t.roundOf(place), t.Places[place].ID, category}
}

// roundOf is the round of a place.
func (t *Table) roundOf(place int) int {
	if r := t.Places[place].Round; r > 0 {
		return r
	}
	return t.Round
}

// state is what is or becomes of a number.
type state int8

const (
	fresh state = iota // of a new table, not decided yet
	told               // in some published table
	kept               // withheld in all tables that have it
)

// fact is a number that stands in a table.
type fact struct {
	value int64
	state state
}

// sheet is a table in a book: a new one, or one that was published.
type sheet struct {
	table     *Table
	totals    []int64    // true totals by place; of a book that is audited, what was told
	published *Published // nil for a new one
	at        int        // the index of a new one among the tables that were given
	withdrawn bool
}

// book is everything about one population: its tables, old and new, and what is
// known of each number in them. The book of a wave has totals only, those which
// the books of its items share.
type book struct {
	name       string
	rule       Rule
	above      *book  // the book that has the totals, if another has
	within     string // the category of it which this book splits, "" for its totals
	categories []string
	sheets     []*sheet
	facts      map[key]*fact
	order      []key // of facts, as they came
	audited    bool  // only what was published is known
}

// add puts a sheet into the book.
func (b *book) add(s *sheet) error {
	t := s.table
	if b.categories == nil {
		b.categories = t.Categories
	}
	if !slices.Equal(b.categories, t.Categories) {
		return fmt.Errorf("tables of %q have different categories", b.name)
	}
	b.sheets = append(b.sheets, s)
	for i := range t.Places {
		k := t.key(i, "")
		if err := b.note(k, s.totals[i], s.stateOf(i, -1)); err != nil {
			return err
		}
		for c, category := range b.categories {
			k.category = category
			if err := b.note(k, t.Counts[i][c], s.stateOf(i, c)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addTotals puts the totals of a sheet into the book of its wave.
func (b *book) addTotals(s *sheet) error {
	t := s.table
	b.sheets = append(b.sheets, s)
	for i := range t.Places {
		if err := b.note(t.key(i, ""), s.totals[i], s.stateOf(i, -1)); err != nil {
			return err
		}
	}
	return nil
}

// stateOf is what is known of a number of the sheet, of the total when c is -1.
func (s *sheet) stateOf(i, c int) state {
	switch {
	case s.published == nil:
		return fresh
	case c < 0 && s.published.Totals[i] != Withheld, c >= 0 && s.published.Counts[i][c] != Withheld:
		return told
	default:
		return kept
	}
}

// note says that a number stands in a table. What was told anywhere is known;
// what was withheld stays so.
func (b *book) note(k key, value int64, st state) error {
	f := b.facts[k]
	if f == nil {
		b.facts[k] = &fact{value: value, state: st}
		b.order = append(b.order, k)
		return nil
	}
	if known := !b.audited || f.state == told && st == told; known && f.value != value {
		return fmt.Errorf("tables of %q have different numbers for filter %q, round %d, place %q, category %q", b.name, k.filter, k.round, k.place, k.category)
	}
	switch {
	case st == told:
		f.state, f.value = told, value
	case st == kept && f.state == fresh:
		f.state = kept
	}
	return nil
}

// inherit takes what is known or was decided of the totals from the book that has
// them. It tells whether that book has all of them: those of its tables that were
// withdrawn are gone.
func (b *book) inherit() (grounded bool, err error) {
	if b.above == nil {
		return true, nil
	}
	for _, k := range b.order {
		if k.category != "" {
			continue
		}
		up := k
		up.category = b.within
		f, other := b.facts[k], b.above.facts[up]
		if other == nil {
			return false, nil
		}
		if known := !b.audited || f.state == told && other.state == told; known && f.value != other.value {
			return false, fmt.Errorf("filter %q, round %d, place %q: the total in %q is not the number in %q", k.filter, k.round, k.place, b.name, b.above.name)
		}
		f.value, f.state = other.value, other.state
	}
	return true, nil
}

// live are the sheets that were not withdrawn.
func (b *book) live() []*sheet {
	return slices.DeleteFunc(slices.Clone(b.sheets), func(s *sheet) bool { return s.withdrawn })
}

// rebuild forgets the sheets that were withdrawn; what was decided of numbers that
// others have as well stays.
func (b *book) rebuild() {
	stays := map[key]bool{}
	for _, s := range b.live() {
		for i := range s.table.Places {
			k := s.table.key(i, "")
			stays[k] = true
			for _, k.category = range b.categories {
				stays[k] = true
			}
		}
	}
	b.order = slices.DeleteFunc(b.order, func(k key) bool { return !stays[k] })
	for k := range b.facts {
		if !stays[k] {
			delete(b.facts, k)
		}
	}
}

// publish is a sheet as readers get it.
func (b *book) publish(s *sheet) Published {
	if s.withdrawn {
		t := *s.table
		t.Places, t.Counts = []Place{}, [][]int64{}
		return Published{Table: t, Totals: []int64{}}
	}
	p := withheld(*s.table)
	for i := range s.table.Places {
		k := s.table.key(i, "")
		if b.facts[k].state == told {
			p.Totals[i] = s.totals[i]
		}
		for c, category := range b.categories {
			k.category = category
			if b.facts[k].state == told {
				p.Counts[i][c] = s.table.Counts[i][c]
			}
		}
	}
	return p
}

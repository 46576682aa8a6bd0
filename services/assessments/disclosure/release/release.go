// Package release is the one way for tables of counts to get published. It decides
// which numbers of new tables are withheld, given all that was released before
// about the same people, and audits from published tables alone what a reader can
// know. What a service computes from a table (shares, means, intervals, changes) it
// computes from Published and nothing else.
//
// # What the reader is taken to know
//
// All tables ever published of a population: of other levels, filters, rounds and
// items. That a place is the sum of its parts, that everybody is in one category,
// that the values of a variable are parts of everybody (and all of them, where
// nobody else is left), that a later round holds the earlier one, and that no count
// is below zero. A small number (1 to Minimum-1, and 0 where the rule says so) is
// withheld, and the interval in which a reader can place it is at least Minimum-1
// wide. The same holds for small numbers that no table has but that a difference
// would tell: who came late in a round, and who has none of the published values of
// a variable.
//
// # How
//
// All tables of a population, new and old, are one system of cells and sums for
// package disclosure. Shown numbers of earlier releases are fixed, withheld ones are
// still held to the rule, and of the new tables as much is withheld as that takes.
// Everybody's numbers are decided first, those of filters after them. Where even
// withholding all of a table is not enough, because its very structure ties earlier
// numbers together, the table is withdrawn: it comes back without places.
//
// # All items of a wave
//
// As many people answered one item as another, so all items of a wave say something
// about the same totals. They are still protected one by one. The totals are
// decided first, from all that is known of totals. Then, in each item, the row of a
// total that is withheld is closed: all of its categories are withheld, in that
// round and in later ones. (Where there are several rounds, so is what lies below.)
//
// That is enough, because an item then says no more of the withheld totals than
// their own sums do. Take any totals that agree with those sums. In every round,
// what is new in closed rows has these totals less those of the round before as its
// row sums, and what the open rows leave of the places above as its column sums.
// Both add up to the same, so there are numbers of zero or more with these sums: the
// transportation problem always has a solution, also where a closed place contains
// open ones, which are lower bounds that leave enough in each row and column. So
// whatever totals one item allows, all others allow as well, and what is known of a
// number of an item from all items together is what is known from it alone. A table
// that splits one category of another (Part) stands to it as an item to its wave.
//
// Rows of a variable are closed together where one of their totals is withheld. For
// these, three sums meet (by place, by value, by category), and the argument does
// not hold in general: numbers of filters are held to the rule within each item,
// with the totals as unknown, and the tests look for what items tell together with
// a program of their own.
//
// # What is not covered
//
// What readers know from elsewhere: their own answer, or those of others they talk
// to, so that a group of Minimum-1 who pool what they said can find one more.
// Knowledge that a table's numbers are not those of a random person, such as that all
// of a small group say the same. Different waves are different answers: who compares
// them learns what changed in a group, which the rule does not bound unless the group
// is small in one of them. Places are the same only where they have the same
// identifier, and a place that is part of another is known to be so only from a table
// that has both.
//
// Noisy tables (Noisy, Ledger) are the other way: nothing is withheld, every count is
// wrong by a little, and the ledger bounds what all of them together tell.
package release

import (
	"context"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// Rule is what a publisher promises: the minimum cell, and whether zeros are told.
type Rule = disclosure.Rule

// Place is a row of a table: a school, a feeder system, a district, the state.
type Place struct {
	ID string `json:"id"`
	// Parent is the index of the place that this one is part of, among the places of
	// the table; -1 at a root. A place's children are all of it.
	Parent int `json:"parent"`
	// Round is the place's own round; 0 is the table's. A statewide table mixes places
	// with late answers and places without: equal identifiers and equal rounds are the
	// same people and the same counts, in a later round no count has fallen.
	Round int `json:"round,omitempty"`
}

// Table is counts of people by place and category.
type Table struct {
	// Population names what is counted, such as instrument/cycle/wave/item: tables
	// with the same population count the same answers.
	Population string `json:"population"`
	// Of names what the totals of the rows count. Tables of one wave share it, because
	// as many people answered whichever item is looked at: it is the wave then, such
	// as instrument/cycle/wave. A table that splits one category of another, such as
	// the options that are favorable, names Part(population, category). Empty: no
	// other population has these totals.
	Of string `json:"of,omitempty"`
	// Filter is empty for everybody, or variable=value for a part of the people.
	Filter string `json:"filter,omitempty"`
	// Round is 1, and more when late answers were added: then no count falls.
	Round int `json:"round"`
	// Places are a forest. Equal identifiers are equal places in all tables.
	Places []Place `json:"places"`
	// Categories are the columns. Everybody is in exactly one of them.
	Categories []string `json:"categories"`
	// Counts are by place and category. Inner places hold the sums of their children.
	Counts [][]int64 `json:"counts"`
}

// Withheld stands where a number is not published.
const Withheld = -1

// Published is a table as readers get it, and all that they get: withheld counts
// and totals are Withheld.
type Published struct {
	Table
	// Totals are the sums over the categories, by place.
	Totals []int64 `json:"totals"`
}

// Release is a table that was published before, with what is true and what was
// told. The truth is confidential; the engine needs it to know which of the
// withheld numbers are small.
type Release struct {
	Truth     Table
	Published Published
}

// Part names a category of a population as the totals of a table that splits it.
func Part(population, category string) string { return population + "#" + category }

// Summary is what a protection or an audit found, over all tables.
type Summary struct {
	// Shown and Hidden count the numbers in the tables, totals included.
	Shown, Hidden int64
	// Primary counts those of the hidden ones that are small themselves. An audit of
	// published tables cannot know it.
	Primary int64
	// Recoverable counts hidden numbers of which only one value is possible,
	// TooNarrow those whose interval is narrower than Required.
	Recoverable, TooNarrow int64
	// Exposed counts small numbers that are shown, or that are told by a difference.
	Exposed int64
	// Narrowest is the width of the narrowest interval of a number that is held to
	// the rule, -1 when there are none.
	Narrowest int64
	// Required is the width that the rule asks.
	Required int64
	// Withdrawn lists the populations and filters of tables that had to be withheld
	// whole, because anything in them would tell what earlier releases withheld.
	Withdrawn []string
}

// Clean tells that the rule holds.
func (s Summary) Clean() bool { return s.TooNarrow == 0 && s.Exposed == 0 }

// Protect decides what of new tables is withheld, given all that was released
// before about the same people: every earlier table with the same Of, or of the
// same population, has to be among them. What it answers with is in the order of
// the tables. A table of which nothing can be told comes back without places, and
// Summary.Withdrawn names it; Protect never tells too much instead.
func Protect(ctx context.Context, rule Rule, tables []Table, earlier []Release) ([]Published, Summary, error) {
	books, err := open(rule, tables, earlier)
	if err != nil {
		return nil, Summary{}, err
	}
	if err := books.each(ctx, func(b *book) error { return b.protect(ctx, everybody) }); err != nil {
		return nil, Summary{}, err
	}
	if err := books.each(ctx, func(b *book) error { return b.protect(ctx, filtered) }); err != nil {
		return nil, Summary{}, err
	}
	out, summary := books.publish(tables)
	summary.Required = rule.Width()
	return out, summary, nil
}

// withheld is a table of which nothing is told but its shape.
func withheld(t Table) Published {
	p := Published{Table: t, Totals: make([]int64, len(t.Places))}
	p.Counts = make([][]int64, len(t.Places))
	for i := range t.Places {
		p.Totals[i] = Withheld
		p.Counts[i] = make([]int64, len(t.Categories))
		for k := range t.Categories {
			p.Counts[i][k] = Withheld
		}
	}
	return p
}

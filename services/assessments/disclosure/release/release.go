// Package release is the one way for tables of counts to get published: it decides
// for every table which numbers are withheld, given all that was published before
// about the same people.
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

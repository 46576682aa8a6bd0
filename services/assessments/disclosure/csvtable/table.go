// Package csvtable reads and writes tables for disclosure control as CSV files, and
// puts several of them together to one system of cells.
//
// Load makes a table of raw data and adds its totals; Protect hides cells of it;
// Write writes it with a first line that describes it, so that Read understands it
// without any other knowledge; Join ties tables that were published, by what their
// cells count. The commands `tandem disclosure protect` and `tandem audit
// disclosure` do nothing else. What is hidden, and what can be found, package
// disclosure decides.
package csvtable

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// Layout says what the columns of a table are.
type Layout struct {
	// Rows is the column that identifies a row, such as a school.
	Rows string
	// Groups are columns of what rows belong to, such as their district. They may lie
	// in each other or not.
	Groups []string
	// Cells are the columns of counts.
	Cells []string
	// Total is the column of their sum, empty for none.
	Total string
	// Keep are further columns that are carried over, such as names.
	Keep []string
	// Population names who was counted, and when. Tables of the same population count
	// the same people: the same row and column are the same number.
	Population string
	// Selection names a choice of rows. Totals of a selection are those of its rows,
	// and not of all there are.
	Selection string
	// Rule is what the table is held to.
	Rule disclosure.Rule
}

// counted are the columns of numbers: the cells and their total.
func (l Layout) counted() []string {
	if l.Total == "" {
		return l.Cells
	}
	return append(slices.Clone(l.Cells), l.Total)
}

// Names of levels, in the first column of a published table. A total over a group
// column has the column's name behind byGroup.
const (
	levelColumn = "table_level"
	levelRow    = "row"
	levelAll    = "total"
	byGroup     = "total by "
)

// hiddenMark stands in place of a hidden number.
const hiddenMark = "*"

// Table is a table with its totals.
type Table struct {
	Layout
	// Name is the file's, for messages.
	Name    string
	Records []Record
}

// Record is one line of a table: a row, or a total.
type Record struct {
	// Line is where it stands in the file, 0 when it was computed.
	Line int
	// Group is the group column of a total by group.
	Group string
	// Row tells that this is a row and not a total.
	Row bool
	// ID is the row's or the group's id; empty for the total of all.
	ID string
	// Groups are the ids of the groups of a row, by column, and of what a total lies in.
	Groups []string
	Keep   []string
	// Values are the cells, and then their total when there is one.
	Values []Value
}

// Value is a number of a table. Count is not known of hidden numbers that were
// read.
type Value struct {
	Count  int64
	Hidden bool
}

// Problem is what is wrong with a file, and where.
type Problem struct {
	Name   string
	Line   int
	Column string
	Text   string
}

// Error tells the place first.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Name != "" {
		b.WriteString(p.Name + ": ")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d", p.Line)
		if p.Column != "" {
			fmt.Fprintf(&b, ", column %s", p.Column)
		}
		b.WriteString(": ")
	}
	return b.String() + p.Text
}

// check finds columns that are named twice or not at all.
func (l Layout) check() error {
	if l.Rows == "" || len(l.Cells) == 0 {
		return errors.New("a table needs a column of rows and at least one of cells")
	}
	seen := map[string]bool{}
	for _, name := range slices.Concat([]string{l.Rows}, l.Groups, l.Cells, l.Keep) {
		switch {
		case name == "":
			return errors.New("a column has no name")
		case seen[name]:
			return fmt.Errorf("column %s is named twice", name)
		}
		seen[name] = true
	}
	if seen[levelColumn] || l.Total == levelColumn {
		return fmt.Errorf("the name %s is taken for the column that tells totals from rows", levelColumn)
	}
	if l.Total != "" && seen[l.Total] {
		return fmt.Errorf("the total %s has the name of another column", l.Total)
	}
	if l.Rule.Minimum < 2 {
		return errors.New("the minimum has to be 2 or more")
	}
	if l.Rule.Least < 0 {
		return errors.New("the width has to be 1 or more")
	}
	return nil
}

// Protect hides numbers of the table until its rule holds.
func (t *Table) Protect(ctx context.Context) (disclosure.Outcome, error) {
	return t.ProtectAfter(ctx)
}

// Package disclosure decides which numbers of published tables are withheld, so
// that nobody finds a small group's number by adding and subtracting the others,
// and proves for tables that are already out what can be found.
//
// A System is everything that is or will be published, from any number of tables:
// cells and the sums that tie them. Protect hides cells until the rule holds,
// Audit computes what a reader can know. Readers (the attacker) are taken to know
// every shown value, every sum, that every number is zero or more, and nothing
// else. Where the sums form a network (disclosure/internal/network) that is
// computed by maximum flow, in whole numbers; where they do not
// (disclosure/internal/simplex), by linear programming.
//
// The package knows nothing of surveys, schools, files or databases. Package
// csvtable reads and writes its tables as files; the service's release engine
// builds systems from results and from what was released before.
package disclosure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Unbounded is the upper end of a cell that no sum limits.
const Unbounded = math.MaxInt64

// Rule is what a publisher promises.
type Rule struct {
	// Minimum is the least number of people that may be told: cells of 1 to
	// Minimum-1 are protected. At least 2.
	Minimum int64
	// Zeros protects cells of zero as well.
	Zeros bool
	// Least is the least width of an interval where it is not Minimum-1. With 1, a
	// reader cannot find a number exactly, but may come close.
	Least int64
}

// Width is how far apart the least and the greatest possible value of a protected
// cell have to be.
func (r Rule) Width() int64 {
	if r.Least > 0 {
		return r.Least
	}
	return r.Minimum - 1
}

// Protects tells whether a cell of this value has to be hidden.
func (r Rule) Protects(value int64) bool {
	return value < r.Minimum && (value > 0 || r.Zeros && value == 0)
}

// Status is what becomes of a cell.
type Status int8

const (
	// Shown is a cell whose value is published.
	Shown Status = iota
	// Hidden is a cell that stands in a published table with its value withheld.
	Hidden
	// Free is a quantity that no table prints, needed to tie tables together, such as
	// the rest of a filter. Only that it is zero or more is known of it, and it can
	// neither be hidden nor shown.
	Free
)

// Cell is one number of a table, or of several: what is the same number in two
// tables is one cell.
type Cell struct {
	Value  int64
	Status Status
	// Fixed is a shown cell that may not be hidden any more, because it was published
	// before.
	Fixed bool
	// Weight is what hiding costs, 1 when 0.
	Weight float64
	// Label names the cell in messages. It never holds the value.
	Label string
}

// Sum says that the value of one cell is the sum of others.
type Sum struct {
	Total int
	Parts []int
}

// System is cells, the sums that tie them, and the rule they are held to.
type System struct {
	Cells []Cell
	Sums  []Sum
	Rule  Rule
}

// Interval is what a reader can know of a hidden cell: that it lies between Low
// and High, and not more.
type Interval struct {
	Cell int
	// Low and High are whole numbers, because people are: the ends of the real
	// interval rounded inwards. High is Unbounded when nothing limits the cell.
	Low, High int64
	// LowReal and HighReal are the ends over the real numbers. They differ from Low
	// and High only where the sums are no network.
	LowReal, HighReal float64
	// Protected tells that the cell is held to the rule.
	Protected bool
}

// Width is how far the ends are apart.
func (i Interval) Width() int64 {
	if i.High == Unbounded {
		return Unbounded
	}
	return i.High - i.Low
}

// Report is what an audit found.
type Report struct {
	// Intervals has one entry per hidden cell, by cell.
	Intervals []Interval
	// Narrowest is the narrowest of the cells that are held to the rule, nil when
	// there are none.
	Narrowest *Interval
	// Recoverable counts hidden cells of which only one value is possible.
	Recoverable int
	// TooNarrow counts cells held to the rule whose interval is under its width.
	TooNarrow int
	// Exposed counts protected cells that are shown.
	Exposed int
}

// Clean tells that the rule holds.
func (r Report) Clean() bool { return r.TooNarrow == 0 && r.Exposed == 0 }

// Outcome is what Protect did.
type Outcome struct {
	// Primary counts hidden cells that are protected themselves, Secondary those
	// hidden to protect others.
	Primary, Secondary int
	// Newly lists the cells that Protect hid, in order.
	Newly []int
	// Narrow lists hidden cells that are not protected and could not be given the
	// width of the rule, because all around them is fixed. Their numbers are not
	// small.
	Narrow []int
}

// Ratio is how many cells are hidden for each that had to be.
func (o Outcome) Ratio() float64 {
	if o.Primary == 0 {
		return 1
	}
	return float64(o.Primary+o.Secondary) / float64(o.Primary)
}

// ErrContradiction is returned by audits of tables that cannot all be true.
var ErrContradiction = errors.New("the tables contradict each other: no numbers of zero or more agree with all that is shown and with every sum")

// ImpossibleError says which protected cells cannot be protected, because
// everything around them is fixed.
type ImpossibleError struct {
	Cells  []int
	Labels []string
}

// Error names the first few.
func (e *ImpossibleError) Error() string {
	const some = 5
	names := e.Labels
	if len(names) > some {
		names = append(slices.Clone(names[:some]), fmt.Sprintf("and %d more", len(names)-some))
	}
	return "no choice of hidden cells was found that protects " + strings.Join(names, ", ") + ": the numbers around them are published already"
}

// Validate says what is wrong with a system.
func (s *System) Validate() error {
	if err := s.validateShape(); err != nil {
		return err
	}
	for i, c := range s.Cells {
		if c.Value < 0 || c.Value > MaxValue {
			return fmt.Errorf("cell %d (%s): the value has to be from 0 to %d", i, c.Label, int64(MaxValue))
		}
	}
	for i, sum := range s.Sums {
		var parts int64
		for _, p := range sum.Parts {
			parts += s.Cells[p].Value
		}
		if parts != s.Cells[sum.Total].Value {
			return fmt.Errorf("sum %d (%s): the parts do not add up to the total", i, s.Cells[sum.Total].Label)
		}
	}
	return nil
}

// MaxValue bounds values, so that no sum overflows and real arithmetic is exact.
const MaxValue = 1 << 40

// validateShape checks everything but the values, which an auditor may not know.
func (s *System) validateShape() error {
	if s.Rule.Minimum < 2 {
		return errors.New("the minimum has to be 2 or more")
	}
	if s.Rule.Least < 0 {
		return errors.New("the width has to be 1 or more")
	}
	for i, c := range s.Cells {
		switch {
		case c.Status < Shown || c.Status > Free:
			return fmt.Errorf("cell %d (%s): unknown status", i, c.Label)
		case c.Fixed && c.Status != Shown:
			return fmt.Errorf("cell %d (%s): only a shown cell can be fixed", i, c.Label)
		case !(c.Weight >= 0) || math.IsInf(c.Weight, 0):
			return fmt.Errorf("cell %d (%s): the weight has to be a number of zero or more", i, c.Label)
		}
	}
	seen := make([]int, len(s.Cells))
	for i, sum := range s.Sums {
		for _, c := range append([]int{sum.Total}, sum.Parts...) {
			if c < 0 || c >= len(s.Cells) {
				return fmt.Errorf("sum %d: there is no cell %d", i, c)
			}
			if seen[c] == i+1 {
				return fmt.Errorf("sum %d: cell %d (%s) stands in it twice", i, c, s.Cells[c].Label)
			}
			seen[c] = i + 1
		}
	}
	return nil
}

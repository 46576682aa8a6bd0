package release

import (
	"context"
	"errors"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// stage is which numbers are decided: everybody's first, then those of filters.
type stage bool

const (
	everybody stage = false
	filtered  stage = true
)

// has tells whether a sheet is decided in the stage.
func (g stage) has(s *sheet) bool { return (s.table.Filter != "") == bool(g) }

// protect decides what the new sheets of a stage tell. It withdraws them where
// nothing can be told.
func (b *book) protect(ctx context.Context, g stage) error {
	b.rebuild()
	if !b.pending(g) {
		return nil
	}
	grounded, err := b.inherit()
	if err != nil {
		return err
	}
	if !grounded || b.above != nil && !b.close(b.above.closure(b.within), g) {
		b.withdraw(g)
		return nil
	}
	if g == filtered {
		b.coarsen()
	}
	d := b.draw(g)
	var impossible *disclosure.ImpossibleError
	if err := d.protect(ctx); errors.As(err, &impossible) {
		b.withdraw(g)
		return nil
	} else if err != nil {
		return err
	}
	d.decide()
	return nil
}

// many is how many numbers of filters are decided cell by cell.
const many = 1000

// coarsen withholds what a variable says about a place whole where a number of it is
// small, in books with very many numbers of filters. Such tables have three ways to
// add up and are no network: choosing the least to withhold cell by cell would take
// hours for a state, and most of a small district's cells would go anyway.
func (b *book) coarsen() {
	undecided := 0
	small := closure{}
	for _, k := range b.order {
		f := b.facts[k]
		if k.filter == "" || k.category == "" || f.state != fresh {
			continue
		}
		undecided++
		if b.rule.Protects(f.value) {
			small[closedRow{variableOf(k.filter), k.round, k.place}] = true
		}
	}
	if undecided > many {
		b.close(small, filtered)
	}
}

// protect hides cells of the system, all that are new if the choice fails.
func (d *draft) protect(ctx context.Context) error {
	if d.err != nil {
		return d.err
	}
	_, err := d.system.Protect(ctx)
	var impossible *disclosure.ImpossibleError
	if err == nil || !errors.As(err, &impossible) {
		return err
	}
	for i := range d.system.Cells {
		if c := &d.system.Cells[i]; c.Status == disclosure.Shown && !c.Fixed {
			c.Status = disclosure.Hidden
		}
	}
	report, failed := d.system.Audit(ctx)
	switch {
	case failed != nil:
		return failed
	case report.Clean():
		return nil
	default:
		return err
	}
}

// decide writes into the book what the system shows and hides.
func (d *draft) decide() {
	for i, k := range d.keys {
		if f := d.book.facts[k]; f.state == fresh {
			f.state = told
			if d.system.Cells[i].Status == disclosure.Hidden {
				f.state = kept
			}
		}
	}
}

// pending tells whether the stage has something to decide.
func (b *book) pending(g stage) bool {
	for _, s := range b.live() {
		if s.published == nil && g.has(s) {
			return true
		}
	}
	return false
}

// withdraw takes the new sheets of a stage out of the book, and of everybody's
// those of filters with them, which rest on them.
func (b *book) withdraw(g stage) {
	for _, s := range b.sheets {
		if s.published == nil && (g.has(s) || g == everybody) {
			s.withdrawn = true
		}
	}
	b.rebuild()
}

package release

import (
	"context"
	"sync"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// Audit computes, from published tables alone, what a reader can know of the
// numbers that they withhold. All tables about the same people have to be given
// together. Every withheld number is held to the rule that might be small, because
// a reader cannot tell which are; so are differences that are surely small.
func Audit(ctx context.Context, rule Rule, published []Published) (Summary, error) {
	summary := Summary{Narrowest: -1, Required: rule.Width()}
	books := &shelf{rule: rule, audited: true}
	for i := range published {
		p := &published[i]
		if err := p.validate(); err != nil {
			return Summary{}, err
		}
		summary.count(p)
		books.sheets = append(books.sheets, &sheet{table: &p.Table, totals: p.Totals, published: p})
	}
	if err := books.sort(); err != nil {
		return Summary{}, err
	}
	var mutex sync.Mutex
	err := books.each(ctx, func(b *book) error {
		found, err := b.audit(ctx)
		mutex.Lock()
		defer mutex.Unlock()
		summary.add(found)
		return err
	})
	return summary, err
}

// audit computes the intervals of one book.
func (b *book) audit(ctx context.Context) (Summary, error) {
	found := Summary{Narrowest: -1}
	if _, err := b.inherit(); err != nil {
		return found, err
	}
	if b.above != nil {
		found.Exposed += b.open(b.above.closure(b.within))
	}
	d := b.draw(filtered)
	report, err := d.system.AuditUnknown(ctx)
	if err != nil {
		return found, err
	}
	for _, k := range b.order {
		if f := b.facts[k]; f.state == told && b.rule.Protects(f.value) {
			found.Exposed++
		}
	}
	for _, i := range report.Intervals {
		if i.Cell < len(d.keys) {
			found.withheld(b.rule, i)
		} else if b.rule.Protects(max(i.Low, 1)) && b.rule.Protects(i.High) && i.Low > 0 && i.Width() < b.rule.Width() {
			found.Exposed++
		}
	}
	return found, nil
}

// withheld judges the interval of a number that a table withholds.
func (s *Summary) withheld(rule Rule, i disclosure.Interval) {
	if i.Width() == 0 {
		s.Recoverable++
	}
	least := int64(1)
	if rule.Zeros {
		least = 0
	}
	if i.Low >= rule.Minimum || i.High < least {
		return // surely not small
	}
	if i.Width() < rule.Width() {
		s.TooNarrow++
	}
	if s.Narrowest < 0 || i.Width() < s.Narrowest {
		s.Narrowest = i.Width()
	}
}

// open counts what is told of rows that have to be closed.
func (b *book) open(c closure) int64 {
	var told int64
	for _, k := range b.order {
		if k.category != "" && c[closedRow{variableOf(k.filter), k.round, k.place}] && b.facts[k].state != kept && !b.empty(k) {
			told++
		}
	}
	return told
}

func (s *Summary) add(other Summary) {
	s.Recoverable += other.Recoverable
	s.TooNarrow += other.TooNarrow
	s.Exposed += other.Exposed
	if other.Narrowest >= 0 && (s.Narrowest < 0 || other.Narrowest < s.Narrowest) {
		s.Narrowest = other.Narrowest
	}
}

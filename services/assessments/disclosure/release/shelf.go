package release

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// shelf is all books that a protection or an audit needs. A book stands below the
// one that has its totals.
type shelf struct {
	rule    Rule
	audited bool
	named   map[string]*book // by population
	waves   map[string]*book // books of totals only, by the name in Of
	books   []*book          // in order of their first tables
	roots   []*book
	below   map[*book][]*book
	sheets  []*sheet
	bookOf  map[*sheet]*book
}

// open sorts new and earlier tables into books.
func open(rule Rule, tables []Table, earlier []Release) (*shelf, error) {
	s := &shelf{rule: rule}
	for i := range tables {
		if err := tables[i].validate(); err != nil {
			return nil, err
		}
		s.put(&sheet{table: &tables[i], at: i})
	}
	for i := range earlier {
		e := &earlier[i]
		if err := e.validate(); err != nil {
			return nil, err
		}
		if len(e.Published.Places) > 0 {
			s.put(&sheet{table: &e.Truth, published: &e.Published})
		}
	}
	return s, s.sort()
}

// put takes a sheet, with its totals.
func (s *shelf) put(one *sheet) {
	for _, row := range one.table.Counts {
		one.totals = append(one.totals, total(row))
	}
	s.sheets = append(s.sheets, one)
}

// sort makes the books.
func (s *shelf) sort() error {
	s.named, s.waves = map[string]*book{}, map[string]*book{}
	s.below, s.bookOf = map[*book][]*book{}, map[*sheet]*book{}
	of := map[*book]string{}
	for _, one := range s.sheets {
		b := s.named[one.table.Population]
		if b == nil {
			b = s.book(one.table.Population)
			s.named[b.name], of[b] = b, one.table.Of
		}
		if of[b] != one.table.Of {
			return fmt.Errorf("tables of %q have their totals from different populations", b.name)
		}
		if err := b.add(one); err != nil {
			return err
		}
		s.bookOf[one] = b
	}
	parts := map[string]*book{}
	category := map[string]string{}
	for _, b := range s.named {
		for _, c := range b.categories {
			parts[Part(b.name, c)], category[Part(b.name, c)] = b, c
		}
	}
	for _, b := range append([]*book(nil), s.books...) {
		switch name := of[b]; {
		case name == "":
		case parts[name] != nil:
			b.above, b.within = parts[name], category[name]
		default:
			if err := s.wave(b, name); err != nil {
				return err
			}
		}
	}
	return s.arrange()
}

func (s *shelf) book(name string) *book {
	b := &book{name: name, rule: s.rule, facts: map[key]*fact{}, audited: s.audited}
	s.books = append(s.books, b)
	return b
}

// wave puts the totals of a book into the book of its wave.
func (s *shelf) wave(b *book, name string) error {
	w := s.waves[name]
	if w == nil {
		w = s.book(name)
		s.waves[name] = w
	}
	b.above = w
	for _, one := range b.sheets {
		if err := w.addTotals(one); err != nil {
			return err
		}
	}
	return nil
}

// arrange finds which books stand below which, and what is missing.
func (s *shelf) arrange() error {
	for _, b := range s.books {
		for up, steps := b.above, 0; up != nil; up = up.above {
			if steps++; steps > len(s.books) {
				return fmt.Errorf("the totals of %q come from itself", b.name)
			}
		}
		if b.above == nil {
			s.roots = append(s.roots, b)
		} else {
			s.below[b.above] = append(s.below[b.above], b)
		}
		for _, k := range b.order {
			whole := k
			whole.filter = ""
			if b.facts[whole] == nil {
				return fmt.Errorf("table of %q, filter %q, round %d, place %q: there has to be a table of everybody there", b.name, k.filter, k.round, k.place)
			}
		}
	}
	return nil
}

// each does something with every book, after it was done with the one above it;
// books that do not depend on each other are worked on at the same time.
func (s *shelf) each(ctx context.Context, do func(*book) error) error {
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all func(books []*book) error
	one := func(b *book) error {
		limit <- struct{}{}
		err := ctx.Err()
		if err == nil {
			err = do(b)
		}
		<-limit
		if err != nil {
			return err
		}
		return all(s.below[b])
	}
	all = func(books []*book) error {
		failed := make([]error, len(books))
		var wait sync.WaitGroup
		for i, b := range books {
			wait.Go(func() { failed[i] = one(b) })
		}
		wait.Wait()
		return errors.Join(failed...)
	}
	return all(s.roots)
}

// publish is what readers get of the new tables, in their order.
func (s *shelf) publish(tables []Table) ([]Published, Summary) {
	out := make([]Published, len(tables))
	summary := Summary{Narrowest: -1}
	for _, one := range s.sheets {
		if one.published != nil {
			continue
		}
		p := s.bookOf[one].publish(one)
		out[one.at] = p
		if one.withdrawn {
			summary.Withdrawn = append(summary.Withdrawn, one.name())
		}
		summary.count(&p)
		for i := range p.Places {
			summary.primary(s.rule, p.Totals[i], one.totals[i])
			for c, n := range p.Counts[i] {
				summary.primary(s.rule, n, one.table.Counts[i][c])
			}
		}
	}
	return out, summary
}

// name is the sheet in messages.
func (s *sheet) name() string {
	if s.table.Filter == "" {
		return s.table.Population
	}
	return s.table.Population + ", " + s.table.Filter
}

// count adds the numbers of a table that are shown and hidden.
func (s *Summary) count(p *Published) {
	for i, row := range p.Counts {
		for _, n := range append([]int64{p.Totals[i]}, row...) {
			if n == Withheld {
				s.Hidden++
			} else {
				s.Shown++
			}
		}
	}
}

// primary counts a number that is hidden because it is small itself.
func (s *Summary) primary(rule Rule, published, truth int64) {
	if published == Withheld && rule.Protects(truth) {
		s.Primary++
	}
}

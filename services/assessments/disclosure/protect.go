package disclosure

import (
	"cmp"
	"context"
	"slices"
)

// engine answers for the cells of one part how far they can vary. Which cells are
// open, hidden or free, is the board's.
type engine interface {
	// spread tells whether a cell can take values so far apart when open cells vary,
	// and which cells vary for that. It may look at cells near by only, unless it is
	// to look far.
	spread(cell int32, width int64, far bool) (used []int32, ok bool)
	// widen names closed cells, as cheap as it finds, which make the cell wider when
	// they are opened. None when nothing helps.
	widen(cell int32, width int64) []int32
}

// board is the state of a protection: which cells are open, and the proof of each
// hidden cell's width.
type board struct {
	system *System
	width  int64
	open   []bool
	price  []float64 // of opening a closed cell
	proof  [][]int32 // the cells that vary in the proof of a hidden cell
	usedBy [][]int32 // in whose proofs a cell varies, with entries which are so no more
	engine []engine  // by cell
}

// Protect hides cells until every hidden cell is as wide as the rule asks:
// the protected ones, then for each that is too narrow the cheapest others that
// vary with it; at the end those are shown again which are not needed.
//
// Cells hidden for the sake of others are held to the rule too, because a reader
// cannot tell the two apart.
func (s *System) Protect(ctx context.Context) (Outcome, error) { return s.protect(ctx, small) }

// protect leaves parts of at most so many cells that are no network to linear
// programs.
func (s *System) protect(ctx context.Context, small int) (Outcome, error) {
	if err := s.Validate(); err != nil {
		return Outcome{}, err
	}
	b, parts, err := s.newBoard(small)
	if err != nil {
		return Outcome{}, err
	}
	var outcome Outcome
	var failed []int32
	for _, p := range parts {
		narrow, err := b.protect(ctx, p)
		if err != nil {
			return Outcome{}, err
		}
		for _, c := range narrow {
			if s.Rule.Protects(s.Cells[c].Value) {
				failed = append(failed, c)
			} else {
				outcome.Narrow = append(outcome.Narrow, int(c))
			}
		}
	}
	if len(failed) > 0 {
		return Outcome{}, s.impossible(failed)
	}
	return s.apply(b, outcome), nil
}

// apply hides what the board opened.
func (s *System) apply(b *board, outcome Outcome) Outcome {
	for i := range s.Cells {
		c := &s.Cells[i]
		if c.Status == Shown && b.open[i] {
			c.Status = Hidden
			outcome.Newly = append(outcome.Newly, i)
		}
		if c.Status != Hidden {
			continue
		}
		if s.Rule.Protects(c.Value) {
			outcome.Primary++
		} else {
			outcome.Secondary++
		}
	}
	return outcome
}

func (s *System) impossible(cells []int32) error {
	slices.Sort(cells)
	e := &ImpossibleError{}
	for _, c := range cells {
		e.Cells = append(e.Cells, int(c))
		e.Labels = append(e.Labels, s.Cells[c].Label)
	}
	return e
}

func (s *System) newBoard(small int) (*board, []part, error) {
	n := len(s.Cells)
	b := &board{
		system: s, width: s.Rule.Width(), open: make([]bool, n), price: make([]float64, n),
		proof: make([][]int32, n), usedBy: make([][]int32, n), engine: make([]engine, n),
	}
	varies, values := make([]bool, n), make([]int64, n)
	var failed []int32
	for i, c := range s.Cells {
		values[i] = c.Value
		b.price[i] = price(c)
		protected := s.Rule.Protects(c.Value)
		if c.Fixed && protected {
			failed = append(failed, id(i))
		}
		b.open[i] = c.Status != Shown || protected && !c.Fixed
		varies[i] = !c.Fixed
	}
	if len(failed) > 0 {
		return nil, nil, s.impossible(failed)
	}
	rows, err := s.rowsOf(varies, values)
	if err != nil {
		return nil, nil, err
	}
	parts := partsOf(rows, varies)
	for _, p := range parts {
		e := b.engineFor(p, small)
		for _, c := range p.cells {
			b.engine[c] = e
		}
	}
	return b, parts, nil
}

// protect widens the hidden cells of a part and answers with those that it could
// not widen.
func (b *board) protect(ctx context.Context, p part) ([]int32, error) {
	var narrow []int32
	wait := b.inOrder(p)
	for len(wait) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := wait[0]
		wait = wait[1:]
		opened, ok := b.ensure(c)
		wait = append(wait, opened...)
		if !ok {
			narrow = append(narrow, c)
		}
	}
	return narrow, b.prune(ctx, p)
}

// inOrder are the hidden cells of a part. (Other orders were tried and change how
// many are hidden by less than one in a hundred.)
func (b *board) inOrder(p part) []int32 {
	var hidden []int32
	for _, c := range p.cells {
		if b.open[c] && b.system.Cells[c].Status != Free {
			hidden = append(hidden, c)
		}
	}
	return hidden
}

// ensure opens cells until a cell is as wide as the rule asks, and answers with
// those it opened.
func (b *board) ensure(c int32) (opened []int32, ok bool) {
	for {
		used, ok := b.engine[c].spread(c, b.width, false)
		if ok {
			b.prove(c, used)
			return opened, true
		}
		more := b.engine[c].widen(c, b.width)
		if len(more) == 0 {
			if used, ok = b.engine[c].spread(c, b.width, true); ok {
				b.prove(c, used)
			}
			return opened, ok
		}
		for _, m := range more {
			b.open[m] = true
		}
		opened = append(opened, more...)
	}
}

func (b *board) prove(c int32, used []int32) {
	b.proof[c] = used
	for _, u := range used {
		b.usedBy[u] = append(b.usedBy[u], c)
	}
}

// prune closes cells again which are not needed, dear ones first.
func (b *board) prune(ctx context.Context, p part) error {
	var extra []int32
	for _, c := range p.cells {
		if cell := b.system.Cells[c]; b.open[c] && cell.Status == Shown && !b.system.Rule.Protects(cell.Value) {
			extra = append(extra, c)
		}
	}
	slices.SortStableFunc(extra, func(x, y int32) int {
		return cmp.Or(cmp.Compare(b.price[y], b.price[x]), cmp.Compare(x, y))
	})
	for _, c := range extra {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.close(c)
	}
	return nil
}

// close closes a cell if every hidden cell keeps its width, and tells whether it
// did.
func (b *board) close(c int32) bool {
	b.open[c] = false
	type kept struct {
		cell  int32
		proof []int32
	}
	var found []kept
	for _, other := range b.usedBy[c] {
		if other == c || !b.open[other] || !slices.Contains(b.proof[other], c) {
			continue
		}
		used, ok := b.engine[other].spread(other, b.width, false)
		if !ok {
			b.open[c] = true
			return false
		}
		found = append(found, kept{other, used})
	}
	for _, k := range found {
		b.prove(k.cell, k.proof)
	}
	b.proof[c], b.usedBy[c] = nil, nil
	return true
}

package disclosure

import (
	"context"
	"math"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/internal/simplex"
)

// nearly is how close to a whole number an end counts as one.
const nearly = 1e-6

// sight is the audit of a part that is no network. The ends of a cell's interval are
// known when values were seen that reach as far as any network in which sums were
// left out allows; else a linear program decides. Every program that is solved shows
// values for all cells, so few cells need one of their own.
type sight struct {
	part    part
	program *simplex.Program
	// bound is how far a cell can be moved at most, in each direction.
	bound [2][]float64
	seen  [2][]float64
}

// The directions in which a cell is moved.
const (
	lower = iota
	upper
)

// auditLinear computes the intervals of a part that is no network.
func auditLinear(ctx context.Context, p part, into []Interval) error {
	s := &sight{part: p}
	rows := nest(inGivenOrder(p.rows), nil)
	for d := range s.bound {
		s.bound[d], s.seen[d] = make([]float64, len(p.cells)), make([]float64, len(p.cells))
	}
	for i := range p.cells {
		s.bound[upper][i], s.seen[lower][i], s.seen[upper][i] = math.Inf(1), math.Inf(1), math.Inf(-1)
	}
	if err := s.relax(ctx, rows); err != nil {
		return err
	}
	if err := s.start(ctx, rows); err != nil {
		return err
	}
	if err := s.together(ctx); err != nil {
		return err
	}
	if err := s.each(ctx); err != nil {
		return err
	}
	for i, c := range p.cells {
		into[c] = rounded(s.seen[lower][i], s.seen[upper][i])
	}
	return nil
}

// start finds values that agree with all that is shown.
func (s *sight) start(ctx context.Context, rows []row) (err error) {
	short := make(map[int32]int32, len(s.part.cells))
	for i, c := range s.part.cells {
		short[c] = id(i)
	}
	equations := make([]simplex.Equation, len(rows))
	for i, r := range rows {
		equations[i].Sum = float64(r.rest)
		for k, c := range r.cells {
			equations[i].Terms = append(equations[i].Terms, simplex.Term{Variable: short[c], Coefficient: float64(r.signs[k])})
		}
	}
	if s.program, err = simplex.NewProgram(ctx, len(s.part.cells), equations); err != nil {
		return err
	}
	if s.program == nil || !s.agrees(short) {
		return ErrContradiction
	}
	s.look()
	return nil
}

// agrees tells whether the values satisfy those rows too that were left out as
// implied.
func (s *sight) agrees(short map[int32]int32) bool {
	for _, r := range s.part.rows {
		rest, scale := float64(r.rest), 1.0
		for i, c := range r.cells {
			v := s.program.Value(short[c])
			rest, scale = rest-float64(r.signs[i])*v, max(scale, v)
		}
		if math.Abs(rest) > 1e-3*max(1, scale/1e9) {
			return false
		}
	}
	return true
}

// look notes the values of all cells.
func (s *sight) look() {
	for i := range s.part.cells {
		v := s.program.Value(id(i))
		s.seen[lower][i], s.seen[upper][i] = min(s.seen[lower][i], v), max(s.seen[upper][i], v)
	}
}

// open tells whether a cell may go farther than it was seen.
func (s *sight) open(i, direction int) bool {
	return math.Abs(s.bound[direction][i]-s.seen[direction][i]) > nearly
}

// sign is the sign of a cell in a program that moves it as far as it goes.
func sign(direction int) float64 {
	if direction == upper {
		return -1
	}
	return 1
}

// each asks for every end that is still open.
func (s *sight) each(ctx context.Context) error {
	for i := range s.part.cells {
		for d := range s.seen {
			if !s.open(i, d) {
				continue
			}
			limited, err := s.program.Minimize(ctx, []simplex.Term{{Variable: id(i), Coefficient: sign(d)}})
			if err != nil {
				return err
			}
			s.look()
			if !limited {
				s.seen[d][i] = math.Inf(1)
			}
			s.bound[d][i] = s.seen[d][i]
		}
	}
	return nil
}

// together moves many cells at once that are not close to each other, as long as
// that settles some of them.
func (s *sight) together(ctx context.Context) error {
	rowsAt := make([][]int, len(s.part.cells))
	short := make(map[int32]int, len(s.part.cells))
	for i, c := range s.part.cells {
		short[c] = i
	}
	for n, r := range s.part.rows {
		if len(r.cells) > crowd {
			continue
		}
		for _, c := range r.cells {
			rowsAt[short[c]] = append(rowsAt[short[c]], n)
		}
	}
	for d := range s.seen {
		tried := make([]bool, len(s.part.cells))
		for {
			aim := s.group(d, tried, rowsAt)
			if len(aim) < 2 {
				break
			}
			if _, err := s.program.Minimize(ctx, aim); err != nil {
				return err
			}
			s.look()
		}
	}
	return nil
}

// crowd is how many cells share a row without being close.
const crowd = 60

// group picks cells that no program has moved yet, no two of which are close.
func (s *sight) group(direction int, tried []bool, rowsAt [][]int) []simplex.Term {
	used := map[int]bool{}
	var aim []simplex.Term
	for i, rows := range rowsAt {
		if tried[i] || !s.open(i, direction) || math.IsInf(s.bound[direction][i], 1) || slices.ContainsFunc(rows, func(r int) bool { return used[r] }) {
			continue
		}
		tried[i] = true
		for _, r := range rows {
			used[r] = true
		}
		aim = append(aim, simplex.Term{Variable: id(i), Coefficient: sign(direction)})
	}
	return aim
}

// rounded is a real interval, and the whole numbers in it.
func rounded(low, high float64) Interval {
	i := Interval{Low: int64(math.Ceil(low - nearly)), High: Unbounded, LowReal: low, HighReal: high}
	if !math.IsInf(high, 1) {
		i.High = max(int64(math.Floor(high+nearly)), i.Low)
	}
	return i
}

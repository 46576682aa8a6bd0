package statistics

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Items sums up answers to the items of a scale, so that reliability can be
// computed without holding the answers. It can be merged like [Moments]. Make
// one with [NewItems].
type Items struct {
	k    int
	rows int
	// pairs[i][j] sums up the rows that have both items; pairs[i][i] those with item i.
	pairs [][]pair
	// scores sums up the mean score of a row over the items it has.
	scores   pair
	withItem []pair // of score and item, over rows that have the item
	shift    float64
}

// pair sums up two variables, both less a shift that keeps them small.
type pair struct {
	n          float64
	x, y       float64
	xx, yy, xy float64
	ofX, ofY   extent
}

// extent is the smallest and the largest value: sums alone do not tell a
// constant from rounding.
type extent struct{ low, high float64 }

func (e *extent) add(x float64, first bool) {
	if first {
		e.low, e.high = x, x
	}
	e.low, e.high = math.Min(e.low, x), math.Max(e.high, x)
}

func (e *extent) merge(o extent) { e.low, e.high = math.Min(e.low, o.low), math.Max(e.high, o.high) }

func (p *pair) add(x, y float64) {
	p.ofX.add(x, p.n == 0)
	p.ofY.add(y, p.n == 0)
	p.n++
	p.x += x
	p.y += y
	p.xx += x * x
	p.yy += y * y
	p.xy += x * y
}

func (p *pair) merge(o pair) {
	switch {
	case o.n == 0:
		return
	case p.n == 0:
		*p = o
		return
	}
	p.ofX.merge(o.ofX)
	p.ofY.merge(o.ofY)
	p.n += o.n
	p.x += o.x
	p.y += o.y
	p.xx += o.xx
	p.yy += o.yy
	p.xy += o.xy
}

func (p *pair) covariance() float64 { return (p.xy - p.x*p.y/p.n) / (p.n - 1) }
func (p *pair) varianceX() float64  { return p.variance(p.ofX, p.x, p.xx) }
func (p *pair) varianceY() float64  { return p.variance(p.ofY, p.y, p.yy) }

// variance is exactly 0 for a constant.
func (p *pair) variance(e extent, x, xx float64) float64 {
	if e.low == e.high {
		return 0
	}
	return (xx - x*x/p.n) / (p.n - 1)
}

func (p *pair) correlation() float64 {
	return p.covariance() / math.Sqrt(p.varianceX()*p.varianceY())
}

// NewItems sums up k items. middle is a value in the middle of their scale, such
// as 3 of 1 to 5: sums stay exact when answers lie around it.
func NewItems(k int, middle float64) (*Items, error) {
	if k < 1 {
		return nil, invalid("items", "there are none")
	}
	if !finite(middle) {
		return nil, invalid("middle", "is a finite number")
	}
	s := &Items{k: k, shift: middle, pairs: make([][]pair, k), withItem: make([]pair, k)}
	for i := range s.pairs {
		s.pairs[i] = make([]pair, k)
	}
	return s, nil
}

// Add adds a person's answers, one for each item, NaN where missing or not scored.
func (s *Items) Add(answers []float64) error {
	if len(answers) != s.k {
		return invalid("answers", "has %d answers to %d items", len(answers), s.k)
	}
	if err := checkValues("answers", answers); err != nil {
		return err
	}
	s.rows++
	total, given := 0.0, 0.0
	for i, x := range answers {
		if math.IsNaN(x) {
			continue
		}
		total += x - s.shift
		given++
		for j := range i + 1 {
			if y := answers[j]; !math.IsNaN(y) {
				s.pairs[i][j].add(x-s.shift, y-s.shift)
			}
		}
	}
	if given == 0 {
		return nil
	}
	score := total / given
	s.scores.add(score, score)
	for i, x := range answers {
		if !math.IsNaN(x) {
			s.withItem[i].add(score, x-s.shift)
		}
	}
	return nil
}

// Merge adds the rows of another piece, made with the same number of items and
// the same middle.
func (s *Items) Merge(o *Items) error {
	if s.k != o.k || s.shift != o.shift {
		return invalid("items", "the two have other items or another middle")
	}
	s.rows += o.rows
	s.scores.merge(o.scores)
	for i := range s.pairs {
		s.withItem[i].merge(o.withItem[i])
		for j := range s.pairs[i] {
			s.pairs[i][j].merge(o.pairs[i][j])
		}
	}
	return nil
}

// ItemsOf sums up columns of answers, one for each item.
func ItemsOf(columns ...[]float64) (*Items, error) {
	if len(columns) == 0 {
		return nil, invalid("items", "there are none")
	}
	var all sum
	n := 0
	for i, c := range columns {
		if len(c) != len(columns[0]) {
			return nil, invalid("items", "item %d has %d rows, the first %d", i+1, len(c), len(columns[0]))
		}
		for _, x := range c {
			if finite(x) {
				all.add(x)
				n++
			}
		}
	}
	s, err := NewItems(len(columns), all.value()/math.Max(1, float64(n)))
	if err != nil {
		return nil, err
	}
	row := make([]float64, len(columns))
	for r := range columns[0] {
		for i, c := range columns {
			row[i] = c[r]
		}
		if err := s.Add(row); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Items) pair(i, j int) *pair {
	if i < j {
		i, j = j, i
	}
	return &s.pairs[i][j]
}

// covariances of the items given, each over the rows that have both (cov(use =
// "pairwise") in R).
func (s *Items) covariances(items []int) *mat.SymDense {
	return s.matrix(items, func(p *pair) float64 { return p.covariance() })
}

// correlations are taken over the rows that have both, variances too.
func (s *Items) correlations(items []int) *mat.SymDense {
	return s.matrix(items, func(p *pair) float64 { return p.correlation() })
}

func (s *Items) matrix(items []int, of func(*pair) float64) *mat.SymDense {
	m := mat.NewSymDense(len(items), nil)
	for a, i := range items {
		for b, j := range items[:a+1] {
			m.SetSym(a, b, of(s.pair(i, j)))
		}
	}
	return m
}

// varying are the items on which people differ, and the others.
func (s *Items) varying() (varying, constant []int) {
	for i := range s.k {
		if p := s.pair(i, i); p.n > 1 && p.varianceY() > 0 {
			varying = append(varying, i)
		} else {
			constant = append(constant, i)
		}
	}
	return varying, constant
}

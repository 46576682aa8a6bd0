package statistics

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Items sums up answers to the items of a scale, so that reliability can be
// computed without holding the answers. It can be merged like [Moments]. Make
// one with [NewItems].
type Items struct {
	k     int
	rows  int
	whole block // the rows that have all items
	// pairs[i][j] sums up the other rows that have both items, j up to i.
	pairs [][]pair
	// scores sums up the mean score of a row over the items it has.
	scores   pair
	withItem []pair // of score and item, over rows that have the item
	shift    float64
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
	s := &Items{k: k, shift: middle, whole: newBlock(k), pairs: make([][]pair, k), withItem: make([]pair, k)}
	for i := range s.pairs {
		s.pairs[i] = make([]pair, i+1)
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
	for _, x := range answers {
		if !math.IsNaN(x) {
			total += x - s.shift
			given++
		}
	}
	if int(given) == s.k {
		s.whole.add(answers, s.shift)
	} else {
		s.addPairs(answers)
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

// addPairs adds a row with missing answers.
func (s *Items) addPairs(answers []float64) {
	for i, x := range answers {
		if math.IsNaN(x) {
			continue
		}
		for j, y := range answers[:i+1] {
			if !math.IsNaN(y) {
				s.pairs[i][j].add(x-s.shift, y-s.shift)
			}
		}
	}
}

// Merge adds the rows of another piece, made with the same number of items and
// the same middle.
func (s *Items) Merge(o *Items) error {
	if s.k != o.k || s.shift != o.shift {
		return invalid("items", "the two have other items or another middle")
	}
	s.rows += o.rows
	s.whole.merge(o.whole)
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
	p := s.pairs[i][j]
	p.merge(s.whole.pair(i, j))
	return &p
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

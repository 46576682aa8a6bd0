package statistics

import (
	"math"
)

// Moments sum up what an estimate needs of the rows of one stratum in which each
// row was drawn by itself. They can be added up piece by piece and in parallel:
// feed rows with Add, join pieces with Merge, and estimate with [RatioOfStrata].
// The zero value is an empty stratum.
//
// For the mean of an item, x is 1 where it was answered with a score and y is
// the score; for a share y is 1 where the answer is favorable; for the mean of
// several items y is the sum of the scores and x the number of them. Rows that
// did not answer are added too, with x and y of 0: they belong to the sample.
//
// Keep y small beside its spread, as scores of a scale are: sums of squares of
// numbers like 1e9 + 1 lose what matters. A [Design] has no such limit.
type Moments struct {
	Rows       int     // rows added, answered or not
	Answered   int     // rows with x above zero
	W, W2      float64 // sum of their weights, and of the squares of these
	WX, WY     float64 // weighted sums
	XX, XY, YY float64 // sums of squares and products of weighted values
}

// Add adds a row. Weights are zero or more; x is zero or more.
func (m *Moments) Add(weight, y, x float64) { m.AddMany(1, weight, y, x) }

// AddMany adds rows that are all alike, such as the count of an option.
func (m *Moments) AddMany(count int, weight, y, x float64) {
	n := float64(count)
	m.Rows += count
	if x > 0 && weight > 0 {
		m.Answered += count
		m.W += n * weight
		m.W2 += n * weight * weight
	}
	wx, wy := weight*x, weight*y
	m.WX += n * wx
	m.WY += n * wy
	m.XX += n * wx * wx
	m.XY += n * wx * wy
	m.YY += n * wy * wy
}

// Merge adds the rows of another piece of the same stratum.
func (m *Moments) Merge(o Moments) {
	m.Rows += o.Rows
	m.Answered += o.Answered
	m.W += o.W
	m.WX += o.WX
	m.WY += o.WY
	m.W2 += o.W2
	m.XX += o.XX
	m.XY += o.XY
	m.YY += o.YY
}

// Scaled are the moments as if every weight were multiplied by k, such as the
// families of a school over those who answered.
func (m Moments) Scaled(k float64) (Moments, error) {
	if !finite(k) || k < 0 {
		return Moments{}, invalid("k", "a weight is a finite number, zero or more")
	}
	m.W, m.WX, m.WY = k*m.W, k*m.WX, k*m.WY
	m.W2, m.XX, m.XY, m.YY = k*k*m.W2, k*k*m.XX, k*k*m.XY, k*k*m.YY
	return m, nil
}

// Stratum is a part of the population that was sampled by itself, such as the
// families of one school.
type Stratum struct {
	Name string
	// Population is how many could have been drawn; 0 or +Inf: no finite
	// population correction.
	Population float64
	Moments    Moments
}

// correction is 1 - n/N.
func (s Stratum) correction() (float64, error) {
	n := float64(s.Moments.Rows)
	switch {
	case math.IsNaN(s.Population) || s.Population < 0:
		return 0, invalid("population", "stratum %q has %g: it takes a number, zero or more", s.Name, s.Population)
	case s.Population == 0 || math.IsInf(s.Population, 1):
		return 1, nil
	case s.Population < n:
		return 0, invalid("population", "stratum %q has a population of %g, and %g rows: more than there are", s.Name, s.Population, n)
	}
	return (s.Population - n) / s.Population, nil
}

// RatioOfStrata is the total of y over the total of x: the same estimate as
// [Design.Ratio] of a design whose strata these are and whose rows were drawn by
// themselves. Weights make strata comparable: give each row the number of people
// that it stands for.
func RatioOfStrata(lonely LonelyRule, strata ...Stratum) (Estimate, error) {
	var e Estimate
	var w, w2, wx, wy sum
	used := 0
	for _, s := range strata {
		if err := s.check(); err != nil {
			return Estimate{}, err
		}
		e.N += s.Moments.Answered
		e.Rows += s.Moments.Rows
		w.add(s.Moments.W)
		w2.add(s.Moments.W2)
		wx.add(s.Moments.WX)
		wy.add(s.Moments.WY)
		if s.Moments.Rows > 0 {
			used++
		}
	}
	if e.N == 0 || wx.value() == 0 {
		return Estimate{}, invalid("strata", "no row has a value and a weight above zero")
	}
	e.Value, e.Sum, e.DF = wy.value()/wx.value(), w.value(), float64(e.Rows-used)
	e.Sample, e.Units, e.Effective = e.Rows, e.N, w.value()*w.value()/w2.value()
	v, err := varianceOfStrata(lonely, e.Value, wx.value(), strata)
	if err != nil {
		return Estimate{}, err
	}
	e.SE = math.Sqrt(v)
	return e, nil
}

func (s Stratum) check() error {
	m := s.Moments
	for _, x := range []float64{m.W, m.W2, m.WX, m.WY, m.XX, m.XY, m.YY} {
		if !finite(x) {
			return invalid("strata", "stratum %q has a sum that is no finite number", s.Name)
		}
	}
	if m.Rows < 0 || m.Answered < 0 || m.Answered > m.Rows || m.WX < 0 {
		return invalid("strata", "stratum %q has %d of %d rows answered, with a weight of %g", s.Name, m.Answered, m.Rows, m.WX)
	}
	return nil
}

// varianceOfStrata is the linearized variance of the ratio.
func varianceOfStrata(lonely LonelyRule, ratio, total float64, strata []Stratum) (float64, error) {
	var v sum
	single, counted := 0, 0
	for _, s := range strata {
		m, n := s.Moments, float64(s.Moments.Rows)
		f, err := s.correction()
		if err != nil {
			return 0, err
		}
		if m.Answered == 0 {
			continue
		}
		counted++
		if f < negligible {
			continue
		}
		squares := noNoise(m.YY-2*ratio*m.XY+ratio*ratio*m.XX, m.YY+ratio*ratio*m.XX)
		first := m.WY - ratio*m.WX
		switch {
		case n > 1:
			v.add(f * n / (n - 1) * noNoise(squares-first*first/n, squares))
		case lonely == LonelyFail:
			return 0, refused("variance", "stratum %q has one row only: join it with another stratum, or choose a rule for lonely units", s.Name)
		case lonely == LonelyAdjust:
			v.add(f * first * first)
		case lonely == LonelyAverage:
			single++
		}
	}
	if single > 0 && single == counted {
		return 0, refused("variance", "every stratum has one row only, so that there is nothing to average")
	}
	return v.value() / (total * total) * float64(counted) / float64(counted-single), nil
}

// noise is the share of the terms below which a difference is rounding: where
// all answered the same, the variance is 0 and not nearly so. One person in a
// million who differs is far above.
const noise = 1e-12

func noNoise(difference, terms float64) float64 {
	if difference <= noise*terms {
		return 0
	}
	return difference
}

package statistics

import "math"

// ICC is one intraclass correlation of Shrout and Fleiss (1979).
type ICC struct {
	Name     string // ICC1, ICC2, ICC3, ICC1k, ICC2k or ICC3k
	Value    float64
	F        float64
	DF1, DF2 float64
	P        float64
	Interval Interval
}

// IntraclassCorrelations are the six correlations of several raters who rated
// the same things: psych::ICC(lmer = FALSE). ratings has one row for each thing
// and one column for each rater, all of them filled.
//
// Which to take: ICC1 when each thing was rated by other raters, ICC2 when the
// raters stand for many that could have rated, ICC3 for just these raters; with
// k for the mean of all raters rather than one rater.
func IntraclassCorrelations(ratings [][]float64, confidence float64) ([]ICC, error) {
	if err := checkConfidence(confidence); err != nil {
		return nil, err
	}
	m, err := meanSquares(ratings)
	if err != nil {
		return nil, err
	}
	n, k := float64(len(ratings)), float64(len(ratings[0]))
	one := func(name string, value, within, df2 float64, low, high float64) ICC {
		f := m.things / within
		return ICC{
			Name: name, Value: value, F: f, DF1: n - 1, DF2: df2, P: fTail(f, n-1, df2),
			Interval: Interval{Low: low, High: high, Confidence: confidence},
		}
	}
	tail := (1 - confidence) / 2
	bounds := func(f, df2 float64) (low, high float64) {
		return f / fQuantile(1-tail, n-1, df2), f * fQuantile(1-tail, df2, n-1)
	}
	df1, df3 := n*(k-1), (n-1)*(k-1)
	l1, h1 := bounds(m.things/m.within, df1)
	l3, h3 := bounds(m.things/m.residual, df3)
	single := func(f float64) float64 { return (f - 1) / (f + k - 1) }
	mean := func(f float64) float64 { return 1 - 1/f }
	l2, h2 := m.randomRaters(n, k, tail)
	stepUp := func(x float64) float64 { return x * k / (1 + x*(k-1)) }
	b, w, e, j := m.things, m.within, m.residual, m.raters
	return []ICC{
		one("ICC1", (b-w)/(b+(k-1)*w), w, df1, single(l1), single(h1)),
		one("ICC2", (b-e)/(b+(k-1)*e+k*(j-e)/n), e, df3, l2, h2),
		one("ICC3", (b-e)/(b+(k-1)*e), e, df3, single(l3), single(h3)),
		one("ICC1k", (b-w)/b, w, df1, mean(l1), mean(h1)),
		one("ICC2k", (b-e)/(b+(j-e)/n), e, df3, stepUp(l2), stepUp(h2)),
		one("ICC3k", (b-e)/b, e, df3, mean(l3), mean(h3)),
	}, nil
}

// squares are mean squares of an analysis of variance.
type squares struct{ things, raters, within, residual float64 }

func meanSquares(ratings [][]float64) (squares, error) {
	n := len(ratings)
	if n < 2 || len(ratings[0]) < 2 {
		return squares{}, refused("intraclass correlation", "it takes two things and two raters")
	}
	k := len(ratings[0])
	var all sum
	things, raters := make([]sum, n), make([]sum, k)
	for i, row := range ratings {
		if len(row) != k {
			return squares{}, invalidRow("ratings", i, "has %d raters where the first row has %d", len(row), k)
		}
		for r, x := range row {
			if !finite(x) {
				return squares{}, invalidRow("ratings", i, "every rater has to have rated everything")
			}
			all.add(x)
			things[i].add(x)
			raters[r].add(x)
		}
	}
	mean := all.value() / float64(n*k)
	var between, judges, total sum
	for i, row := range ratings {
		between.add(float64(k) * math.Pow(things[i].value()/float64(k)-mean, 2))
		for _, x := range row {
			total.add((x - mean) * (x - mean))
		}
	}
	for r := range raters {
		judges.add(float64(n) * math.Pow(raters[r].value()/float64(n)-mean, 2))
	}
	b, j, t := between.value(), judges.value(), total.value()
	s := squares{
		things: b / float64(n-1), raters: j / float64(k-1),
		within: (t - b) / float64(n*(k-1)), residual: math.Max(0, t-b-j) / float64((n-1)*(k-1)),
	}
	if s.things == 0 || s.residual <= 1e-14*s.things {
		return squares{}, refused("intraclass correlation", "the things do not differ, or the raters agree in all but their level: no error is left to compare with")
	}
	return s, nil
}

// randomRaters is the interval of ICC2 (Shrout and Fleiss 1979, with
// Satterthwaite's degrees of freedom).
func (m squares) randomRaters(n, k, tail float64) (low, high float64) {
	b, e, j := m.things, m.residual, m.raters
	icc := (b - e) / (b + (k-1)*e + k*(j-e)/n)
	f := j / e
	ratings := n*(1+(k-1)*icc) - k*icc
	top := (k - 1) * (n - 1) * (k*icc*f + ratings) * (k*icc*f + ratings)
	bottom := (n-1)*k*k*icc*icc*f*f + ratings*ratings
	v := top / bottom
	upper, lower := fQuantile(1-tail, n-1, v), fQuantile(1-tail, v, n-1)
	low = n * (b - upper*e) / (upper*(k*j+(k*n-k-n)*e) + n*b)
	high = n * (lower*b - e) / (k*j + (k*n-k-n)*e + n*lower*b)
	return low, high
}

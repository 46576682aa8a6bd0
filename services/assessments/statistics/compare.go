package statistics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Test is the comparison of two numbers.
type Test struct {
	Method     string
	Difference float64 // the first less the second
	SE         float64 // of the difference; of two-proportion tests the one of the interval
	Statistic  float64 // t, z or F, as the method says
	DF         float64 // degrees of freedom; +Inf for z
	P          float64 // two-sided
	Interval   Interval
}

// SampleOf is the mean of a simple random sample without weights, with NaN left out.
func SampleOf(values []float64) (Estimate, error) {
	if err := checkValues("values", values); err != nil {
		return Estimate{}, err
	}
	var total, squares sum
	n := 0
	for _, x := range values {
		if !math.IsNaN(x) {
			total.add(x)
			n++
		}
	}
	if n < 2 {
		return Estimate{}, refused("standard error", "%d values: it takes two", n)
	}
	mean := total.value() / float64(n)
	for _, x := range values {
		if !math.IsNaN(x) {
			squares.add((x - mean) * (x - mean))
		}
	}
	variance := squares.value() / float64(n-1)
	return Estimate{
		Value: mean, SE: math.Sqrt(variance / float64(n)), DF: float64(n - 1),
		N: n, Sum: float64(n), Effective: float64(n), Rows: n, Sample: n, Units: n,
	}, nil
}

// Difference compares two estimates from samples that have nothing to do with
// each other, such as two waves that asked different people, or families and
// staff. For simple random samples it is Welch's t test (t.test in R); in
// general the standard errors are those of the designs, and the degrees of
// freedom Satterthwaite's (1946). For two groups of one sample take [Design.TTest].
func Difference(a, b Estimate, confidence float64) (Test, error) {
	if err := checkConfidence(confidence); err != nil {
		return Test{}, err
	}
	va, vb := a.SE*a.SE, b.SE*b.SE
	if !(va+vb > 0) {
		return Test{}, refused("comparison", "neither estimate has an error, so that there is nothing to weigh the difference against")
	}
	if (va > 0 && !(a.DF > 0)) || (vb > 0 && !(b.DF > 0)) {
		return Test{}, refused("comparison", "an estimate has no degrees of freedom: it needs more primary units than strata")
	}
	df := (va + vb) * (va + vb) / (portion(va, a.DF) + portion(vb, b.DF))
	return tTest("Welch's t test", a.Value-b.Value, math.Sqrt(va+vb), df, confidence), nil
}

// portion is an estimate's part in Satterthwaite's degrees of freedom.
func portion(v, df float64) float64 {
	if v == 0 {
		return 0
	}
	return v * v / df
}

func tTest(method string, difference, se, df, confidence float64) Test {
	margin := tQuantile((1+confidence)/2, df) * se
	return Test{
		Method: method, Difference: difference, SE: se, Statistic: difference / se, DF: df, P: tTwoSided(difference/se, df),
		Interval: Interval{Low: difference - margin, High: difference + margin, Confidence: confidence},
	}
}

// PairedDifference compares two answers of the same people: t.test(paired =
// TRUE) in R. It takes answers that are linked person by person, which anonymous
// waves are not. Pairs with a missing value are left out.
func PairedDifference(first, second []float64, confidence float64) (Test, error) {
	if err := checkConfidence(confidence); err != nil {
		return Test{}, err
	}
	if err := checkLength("second", len(second), len(first)); err != nil {
		return Test{}, err
	}
	differences := make([]float64, len(first))
	for i := range first {
		differences[i] = first[i] - second[i]
	}
	e, err := SampleOf(differences)
	if err != nil {
		return Test{}, err
	}
	if e.SE == 0 {
		return Test{}, refused("comparison", "all pairs differ by the same, so that there is nothing to weigh the difference against")
	}
	return tTest("paired t test", e.Value, e.SE, e.DF, confidence), nil
}

// Count is how many of how many.
type Count struct{ Successes, N int }

func (c Count) share() float64 { return float64(c.Successes) / float64(c.N) }

// TwoProportions compares two shares of simple random samples by the pooled z
// test; the statistic squared and the interval are those of prop.test(correct =
// FALSE) in R. It has no finite population correction: with one, take the
// [Difference] of two estimates. With fewer than about 5 expected on either side
// the normal approximation is poor: see [ExpectedSmall].
func TwoProportions(a, b Count, confidence float64) (Test, error) {
	if err := checkConfidence(confidence); err != nil {
		return Test{}, err
	}
	for _, c := range []Count{a, b} {
		if c.N < 1 || c.Successes < 0 || c.Successes > c.N {
			return Test{}, invalid("count", "%d of %d: it takes one person or more, and successes between 0 and all", c.Successes, c.N)
		}
	}
	pooled := float64(a.Successes+b.Successes) / float64(a.N+b.N)
	if pooled == 0 || pooled == 1 {
		return Test{}, refused("two-proportion test", "all answers of both are on one side, so that nothing varies")
	}
	pa, pb, na, nb := a.share(), b.share(), float64(a.N), float64(b.N)
	z := (pa - pb) / math.Sqrt(pooled*(1-pooled)*(1/na+1/nb))
	se := math.Sqrt(pa*(1-pa)/na + pb*(1-pb)/nb)
	margin := tQuantile((1+confidence)/2, math.Inf(1)) * se
	return Test{
		Method: "two-proportion z test", Difference: pa - pb, SE: se, Statistic: z, DF: math.Inf(1), P: tTwoSided(z, math.Inf(1)),
		Interval: Interval{Low: math.Max(-1, pa-pb-margin), High: math.Min(1, pa-pb+margin), Confidence: confidence},
	}, nil
}

// ExpectedSmall tells whether fewer than 5 are expected in a cell of the table
// of the two, as R warns.
func ExpectedSmall(a, b Count) bool {
	pooled := float64(a.Successes+b.Successes) / float64(a.N+b.N)
	return math.Min(pooled, 1-pooled)*float64(min(a.N, b.N)) < 5
}

// CohenD is the difference of two means in pooled standard deviations (Cohen
// 1988), of the spread of single answers.
func CohenD(a, b Spread) (float64, error) {
	for _, s := range []Spread{a, b} {
		if s.N < 2 || !finite(s.Mean) || !finite(s.SD) || s.SD < 0 {
			return 0, invalid("spread", "it takes two answers or more, with a finite mean and standard deviation")
		}
	}
	va, vb := float64(a.N-1)*a.SD*a.SD, float64(b.N-1)*b.SD*b.SD
	pooled := math.Sqrt((va + vb) / float64(a.N+b.N-2))
	if pooled == 0 {
		return 0, refused("Cohen's d", "answers do not vary")
	}
	return (a.Mean - b.Mean) / pooled, nil
}

// Spread describes single answers.
type Spread struct {
	N        int
	Mean, SD float64
}

// Spread is the weighted mean and standard deviation of the answers in the
// design: svyvar in R.
func (d *Design) Spread(x []float64) (Spread, error) {
	if err := d.checkColumn("values", x); err != nil {
		return Spread{}, err
	}
	valid := d.valid(x)
	e, _, err := d.ratio(valid, x, ones(d.n))
	if err != nil {
		return Spread{}, err
	}
	var squares sum
	for i, ok := range valid {
		if ok {
			squares.add(d.weight(i) * (x[i] - e.Value) * (x[i] - e.Value))
		}
	}
	n := float64(e.N)
	return Spread{N: e.N, Mean: e.Value, SD: math.Sqrt(squares.value() / e.Sum * n / (n - 1))}, nil
}

// CohenH is the difference of two shares on the scale of arcsines (Cohen 1988),
// on which differences near 0 and 1 count for more.
func CohenH(a, b float64) (float64, error) {
	if !(a >= 0 && a <= 1 && b >= 0 && b <= 1) {
		return 0, invalid("shares", "lie in [0, 1]")
	}
	return 2*math.Asin(math.Sqrt(a)) - 2*math.Asin(math.Sqrt(b)), nil
}

// fTail is the probability of an F at least so large.
func fTail(f, d1, d2 float64) float64 {
	if math.IsInf(d2, 1) {
		return distuv.ChiSquared{K: d1}.Survival(f * d1)
	}
	return betaTail(d2/2, d1/2, d2/(d2+d1*f))
}

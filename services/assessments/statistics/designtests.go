package statistics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
)

// betaTail is the regularized incomplete beta function.
func betaTail(a, b, x float64) float64 { return mathext.RegIncBeta(a, b, x) }

// TTest compares the means of two groups of one sample: svyttest in R, with a as
// the second level. Rows of other groups or without a value stay in the design.
// A person's weight, stratum and cluster count, and so does that both groups lie
// in the same clusters.
func (d *Design) TTest(x []float64, groups []string, a, b string, confidence float64) (Test, error) {
	if err := checkConfidence(confidence); err != nil {
		return Test{}, err
	}
	if err := d.checkColumn("values", x); err != nil {
		return Test{}, err
	}
	if err := checkLength("groups", len(groups), d.n); err != nil {
		return Test{}, err
	}
	if a == b {
		return Test{}, invalid("groups", "the two are the same, %q", a)
	}
	both := d.valid(x)
	for i, g := range groups {
		both[i] = both[i] && (g == a || g == b)
	}
	of := *d
	of.in = both
	means, u, err := of.groupInfluence(x, groups, a, b)
	if err != nil {
		return Test{}, err
	}
	v, err := of.variance(u)
	if err != nil {
		return Test{}, err
	}
	df := of.DF() - 1
	switch {
	case !(df > 0):
		return Test{}, refused("comparison", "the design has %g degrees of freedom: it needs two more primary units than strata", df)
	case v.At(0, 0) == 0:
		return Test{}, refused("comparison", "neither group varies, so that there is nothing to weigh the difference against")
	}
	return tTest("design-based t test", means[0]-means[1], math.Sqrt(v.At(0, 0)), df, confidence), nil
}

// groupInfluence are the means of two groups, and what each row moves their
// difference by.
func (d *Design) groupInfluence(x []float64, groups []string, a, b string) (means [2]float64, u []float64, err error) {
	u = make([]float64, d.n)
	one := ones(d.n)
	for n, name := range []string{a, b} {
		in := make([]bool, d.n)
		for i, g := range groups {
			in[i] = d.includes(i) && g == name
		}
		e, total, err := d.ratio(in, x, one)
		if err != nil {
			return means, nil, invalid("groups", "nobody of group %q has a value and a weight above zero", name)
		}
		means[n] = e.Value
		for i, influence := range d.ratioInfluence(in, x, one, e.Value, total) {
			u[i] += float64(1-2*n) * influence
		}
	}
	return means, u, nil
}

// ChiSquareTest is a test of whether two answers go together.
type ChiSquareTest struct {
	Method   string
	F        float64
	DF1, DF2 float64
	P        float64
	// Pearson is the chi-square of the weighted table, scaled to the number of
	// rows; without the correction it is no test.
	Pearson float64
}

// ChiSquare tests whether two answers are independent: Pearson's statistic with
// the second-order correction of Rao and Scott (1984), svychisq(statistic = "F")
// in R. "" is a missing answer; its row stays in the design.
func (d *Design) ChiSquare(rows, columns []string) (ChiSquareTest, error) {
	if err := checkLength("rows", len(rows), d.n); err != nil {
		return ChiSquareTest{}, err
	}
	if err := checkLength("columns", len(columns), d.n); err != nil {
		return ChiSquareTest{}, err
	}
	valid := d.valid()
	for i := range valid {
		valid[i] = valid[i] && rows[i] != "" && columns[i] != "" && d.weights[i] > 0
	}
	a, b := levels(rows, valid), levels(columns, valid)
	if len(a) < 2 || len(b) < 2 {
		return ChiSquareTest{}, refused("chi-square test", "the answers are %d by %d kinds: it takes two by two", len(a), len(b))
	}
	df := d.DF()
	if !(df > 0) {
		return ChiSquareTest{}, refused("chi-square test", "the design has %g degrees of freedom: it needs more primary units than strata", df)
	}
	shares, influences := d.table(valid, rows, columns, a, b)
	of := *d
	of.in = valid
	v, err := of.variance(influences...)
	if err != nil {
		return ChiSquareTest{}, err
	}
	delta, err := raoScott(shares, v, len(a), len(b))
	if err != nil {
		return ChiSquareTest{}, err
	}
	var squared mat.Dense
	squared.Mul(delta, delta)
	trace := mat.Trace(delta)
	pearson := independence(shares, len(a), len(b))
	t := ChiSquareTest{
		Method: "Pearson's chi-square with Rao and Scott's second-order correction",
		F:      pearson / trace, DF1: trace * trace / mat.Trace(&squared), Pearson: pearson * float64(d.rows()),
	}
	t.DF2 = t.DF1 * df
	t.P = fTail(t.F, t.DF1, t.DF2)
	return t, nil
}

// levels are the values that occur, sorted.
func levels(values []string, valid []bool) []string {
	var names []string
	for i, v := range values {
		if valid[i] {
			names = append(names, v)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// table is the share of each cell, row by row, and what each row of the design
// moves it by.
func (d *Design) table(valid []bool, rows, columns, a, b []string) ([]float64, [][]float64) {
	total := d.count(valid).Sum
	shares := make([]sum, len(a)*len(b))
	cell := make([]int, d.n)
	for i := range cell {
		if valid[i] {
			r, _ := slices.BinarySearch(a, rows[i])
			c, _ := slices.BinarySearch(b, columns[i])
			cell[i] = r*len(b) + c
			shares[cell[i]].add(d.weights[i] / total)
		}
	}
	values, influences := make([]float64, len(shares)), make([][]float64, len(shares))
	for k := range shares {
		values[k] = shares[k].value()
		influences[k] = make([]float64, d.n)
		for i := range cell {
			if !valid[i] {
				continue
			}
			influences[k][i] = -values[k] * d.weights[i] / total
			if cell[i] == k {
				influences[k][i] += d.weights[i] / total
			}
		}
	}
	return values, influences
}

// independence is Pearson's statistic of shares, per row.
func independence(shares []float64, a, b int) float64 {
	top, left := make([]float64, b), make([]float64, a)
	for k, p := range shares {
		left[k/b] += p
		top[k%b] += p
	}
	var x sum
	for k, p := range shares {
		e := left[k/b] * top[k%b]
		x.add((p - e) * (p - e) / e)
	}
	return x.value()
}

// raoScott is the matrix of generalized design effects of the interactions, per
// row of the sample.
func raoScott(shares []float64, v *mat.SymDense, a, b int) (*mat.Dense, error) {
	n, k := len(shares), (a-1)*(b-1)
	scaled := mat.NewDense(n, k, nil) // interactions over the shares
	plain := mat.NewDense(n, k, nil)
	for i := range n {
		for j := range k {
			x := contrast(i/b, 1+j/(b-1), a) * contrast(i%b, 1+j%(b-1), b)
			plain.Set(i, j, x)
			if shares[i] > 0 {
				scaled.Set(i, j, x/shares[i])
			}
		}
	}
	var denominator, half, numerator, delta mat.Dense
	denominator.Mul(plain.T(), scaled)
	half.Mul(v, scaled)
	numerator.Mul(scaled.T(), &half)
	if err := delta.Solve(&denominator, &numerator); err != nil {
		return nil, refused("chi-square test", "so many cells of the table are empty that interactions cannot be told apart: join answers")
	}
	return &delta, nil
}

// contrast is the level of a factor against the mean of its levels.
func contrast(level, of, levels int) float64 {
	x := -1 / float64(levels)
	if level == of {
		x++
	}
	return x
}

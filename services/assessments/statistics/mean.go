package statistics

import (
	"math"
	"slices"
)

// Mean is the weighted mean of a variable over the rows that have a value:
// svymean(na.rm = TRUE) in R.
func (d *Design) Mean(x []float64) (Estimate, error) {
	if err := d.checkColumn("values", x); err != nil {
		return Estimate{}, err
	}
	return d.Ratio(x, ones(d.n))
}

func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }

// Total is the weighted total of a variable: svytotal(na.rm = TRUE). A missing
// value counts as none of it.
func (d *Design) Total(x []float64) (Estimate, error) {
	if err := d.checkColumn("values", x); err != nil {
		return Estimate{}, err
	}
	valid := d.valid(x)
	e := d.count(valid)
	if e.N == 0 {
		return Estimate{}, invalid("values", "no row has a value and a weight above zero")
	}
	u := make([]float64, d.n)
	for i := range u {
		if valid[i] {
			u[i] = x[i] * d.weight(i)
		}
	}
	e.Value = sumOf(u)
	return d.withError(e, valid, u)
}

// Ratio is the total of y over the total of x, where both have a value: svyratio
// in R. The mean score of several items is one: the sum of a person's scores over
// the number of items that the person answered.
func (d *Design) Ratio(y, x []float64) (Estimate, error) {
	if err := d.checkColumn("numerator", y); err != nil {
		return Estimate{}, err
	}
	if err := d.checkColumn("denominator", x); err != nil {
		return Estimate{}, err
	}
	valid := d.valid(y, x)
	e, total, err := d.ratio(valid, y, x)
	if err != nil {
		return Estimate{}, err
	}
	return d.withError(e, valid, d.ratioInfluence(valid, y, x, e.Value, total))
}

// ratio is the estimate without its error, and the total of the denominator.
func (d *Design) ratio(valid []bool, y, x []float64) (Estimate, float64, error) {
	e := d.count(valid)
	if e.N == 0 {
		return e, 0, invalid("values", "no row has a value and a weight above zero")
	}
	var top, bottom sum
	for i := range y {
		if valid[i] {
			top.add(y[i] * d.weight(i))
			bottom.add(x[i] * d.weight(i))
		}
	}
	if bottom.value() == 0 {
		return e, 0, refused("ratio", "the total of the denominator is zero")
	}
	e.Value = top.value() / bottom.value()
	if r, same := constant(valid, y, x); same {
		e.Value = r
	}
	return e, bottom.value(), nil
}

// constant is the ratio that all rows have, so that its error is 0 and not
// rounding.
func constant(valid []bool, y, x []float64) (ratio float64, same bool) {
	for i, ok := range valid {
		switch {
		case !ok:
		case !same:
			if ratio, same = y[i]/x[i], x[i] != 0; !same || y[i] != ratio*x[i] {
				return 0, false
			}
		case y[i] != ratio*x[i]:
			return 0, false
		}
	}
	return ratio, same
}

// ratioInfluence is what each row moves the ratio by.
func (d *Design) ratioInfluence(valid []bool, y, x []float64, ratio, total float64) []float64 {
	u := make([]float64, d.n)
	for i := range u {
		if valid[i] {
			u[i] = d.weight(i) * (y[i] - ratio*x[i]) / total
		}
	}
	return u
}

// withError adds standard error and degrees of freedom to an estimate.
func (d *Design) withError(e Estimate, valid []bool, u []float64) (Estimate, error) {
	of := *d
	of.in = valid
	v, err := of.variance(u)
	if err != nil {
		return Estimate{}, err
	}
	e.SE, e.DF = math.Sqrt(v.At(0, 0)), d.DF()
	return e, nil
}

// DesignEffect is the variance of a mean over that of a simple random sample of
// the same size: svymean(deff = TRUE) in R, or deff = "replace" where
// replacement is true. Above 1 the design costs precision.
func (d *Design) DesignEffect(x []float64, replacement bool) (float64, error) {
	e, err := d.Mean(x)
	if err != nil {
		return 0, err
	}
	spread, err := d.Spread(x)
	if err != nil {
		return 0, err
	}
	n := float64(e.N)
	if n < 2 {
		return 0, refused("design effect", "it takes two answers")
	}
	simple := spread.SD * spread.SD / n
	if !replacement {
		simple *= 1 - n/e.Sum
	}
	if !(simple > 0) {
		return 0, refused("design effect", "a simple random sample would have no error: nothing varies, or the weights add up to %g of %g answers", e.Sum, n)
	}
	return e.SE * e.SE / simple, nil
}

// valid are the rows of the domain in which every column has a value.
func (d *Design) valid(columns ...[]float64) []bool {
	rows := make([]bool, d.n)
	for i := range rows {
		rows[i] = d.includes(i)
		for _, c := range columns {
			rows[i] = rows[i] && !math.IsNaN(c[i])
		}
	}
	return rows
}

// count is an estimate with the rows and weights that are in it.
func (d *Design) count(valid []bool) Estimate {
	e := Estimate{Rows: d.rows(), Sample: d.n}
	var total, squares sum
	used := make([]bool, d.psus)
	for i, ok := range valid {
		w := d.weight(i)
		if !ok || w == 0 {
			continue
		}
		e.N++
		total.add(w)
		squares.add(w * w)
		if !used[d.psu[i]] {
			used[d.psu[i]] = true
			e.Units++
		}
	}
	e.Sum = total.value()
	e.Effective = e.Sum * e.Sum / squares.value()
	return e
}

func (d *Design) checkColumn(field string, x []float64) error {
	if err := checkLength(field, len(x), d.n); err != nil {
		return err
	}
	return checkValues(field, x)
}

// Group is the estimate for one value of a grouping variable.
type Group struct {
	Name string
	Estimate
}

// By estimates the mean in each group: svyby in R. Groups come in the order of
// their names; rows without a group ("") are in none. The degrees of freedom
// are those of the whole design.
func (d *Design) By(x []float64, groups []string) ([]Group, error) {
	if err := d.checkColumn("values", x); err != nil {
		return nil, err
	}
	df := d.DF()
	return d.by(x, groups, func(domain *Design) (Estimate, error) {
		e, err := domain.Mean(x)
		e.DF = df
		return e, err
	})
}

// by estimates something in each group in which somebody has a value.
func (d *Design) by(x []float64, groups []string, estimate func(domain *Design) (Estimate, error)) ([]Group, error) {
	names, err := d.names(x, groups)
	if err != nil {
		return nil, err
	}
	result := make([]Group, 0, len(names))
	for _, name := range names {
		in := make([]bool, d.n)
		for i, g := range groups {
			in[i] = g == name
		}
		domain, err := d.Domain(in)
		if err != nil {
			return nil, err
		}
		e, err := estimate(domain)
		if err != nil {
			return nil, err
		}
		result = append(result, Group{Name: name, Estimate: e})
	}
	return result, nil
}

// names are the groups in which somebody has a value, sorted.
func (d *Design) names(x []float64, groups []string) ([]string, error) {
	if err := checkLength("groups", len(groups), d.n); err != nil {
		return nil, err
	}
	var names []string
	seen := map[string]bool{"": true}
	for i, g := range groups {
		if !seen[g] && d.weight(i) > 0 && !math.IsNaN(x[i]) {
			seen[g] = true
			names = append(names, g)
		}
	}
	slices.Sort(names)
	return names, nil
}

package statistics

import (
	"math"
	"slices"
)

// LonelyRule says what a stratum with a single primary unit contributes to a
// variance: it has no variation of its own to measure. The names are those of
// R's option survey.lonely.psu.
type LonelyRule int

const (
	// LonelyFail refuses the estimate.
	LonelyFail LonelyRule = iota
	// LonelyRemove lets the stratum contribute nothing, as if it were certain.
	LonelyRemove
	// LonelyAdjust measures its distance from the mean of all: it errs on the safe side.
	LonelyAdjust
	// LonelyAverage gives it the average contribution of the other strata.
	LonelyAverage
)

// Columns describe how rows were drawn. Every slice is nil or has one entry per row.
type Columns struct {
	// Weights are sampling weights. nil: Population over the sampled units where
	// Population is given, otherwise 1.
	Weights []float64
	// Strata were sampled independently of each other. nil: one stratum.
	Strata []string
	// Clusters are the primary units: what was drawn, such as schools or
	// households. nil: each row was drawn by itself.
	Clusters []string
	// Population is the number of primary units in the population of the row's
	// stratum, or, where all are at most 1, the share of them that was sampled;
	// +Inf where the stratum is without end. nil: no finite population correction.
	Population []float64
	// Nest says that clusters of the same name in different strata are different.
	Nest bool
	// Lonely is the rule for strata with one primary unit.
	Lonely LonelyRule
}

// Design is a sample with the way in which it was drawn: svydesign in R, first
// stage only. With more stages the first one stands for all of them (ultimate
// clusters), which is right without a finite population correction and errs on
// the low side with one: then the variation inside of the clusters is not counted.
//
// A Design never changes; methods that change weights return another one.
type Design struct {
	n       int
	weights []float64
	strata  []stratum
	psus    int   // number of primary units
	psu     []int // primary unit of each row
	lonely  LonelyRule
	in      []bool       // rows of the domain; nil: all
	adjust  []adjustment // calibrations, in order
}

// stratum is the frame of one stratum.
type stratum struct {
	name string
	size int     // primary units sampled, in the domain or not
	f    float64 // finite population correction of the variance, 1 - n/N
	psus []int
}

// NewDesign checks n rows and how they were drawn.
func NewDesign(n int, c Columns) (*Design, error) {
	if n == 0 {
		return nil, invalid("rows", "there are none")
	}
	if err := c.check(n); err != nil {
		return nil, err
	}
	d := &Design{n: n, lonely: c.Lonely, psu: make([]int, n)}
	rowStratum := d.index(c)
	if err := d.nested(c, rowStratum); err != nil {
		return nil, err
	}
	populations, err := d.corrections(c.Population, rowStratum)
	if err != nil {
		return nil, err
	}
	d.weights = slices.Clone(c.Weights)
	if d.weights == nil {
		d.weights = make([]float64, n)
		for i, s := range rowStratum {
			d.weights[i] = 1
			if c.Population != nil {
				d.weights[i] = populations[s] / float64(d.strata[s].size)
			}
		}
	}
	return d, checkWeights("weights", d.weights)
}

func (c Columns) check(n int) error {
	for _, column := range []struct {
		field  string
		length int
	}{
		{"weights", lengthOr(c.Weights, n)},
		{"strata", lengthOr(c.Strata, n)},
		{"clusters", lengthOr(c.Clusters, n)},
		{"population", lengthOr(c.Population, n)},
	} {
		if err := checkLength(column.field, column.length, n); err != nil {
			return err
		}
	}
	if c.Lonely < LonelyFail || c.Lonely > LonelyAverage {
		return invalid("lonely", "is no known rule")
	}
	if c.Weights == nil {
		return nil
	}
	return checkWeights("weights", c.Weights)
}

func lengthOr[T any](s []T, n int) int {
	if s == nil {
		return n
	}
	return len(s)
}

// index numbers strata and primary units in the order of the rows.
func (d *Design) index(c Columns) []int {
	type unit struct {
		stratum int
		cluster string
	}
	strata, units := map[string]int{}, map[unit]int{}
	rowStratum := make([]int, d.n)
	for i := range d.n {
		name := ""
		if c.Strata != nil {
			name = c.Strata[i]
		}
		s, known := strata[name]
		if !known {
			s = len(d.strata)
			strata[name] = s
			d.strata = append(d.strata, stratum{name: name, f: 1})
		}
		rowStratum[i] = s
		p, known := d.psus, false
		if c.Clusters != nil {
			p, known = units[unit{s, c.Clusters[i]}]
		}
		if !known {
			p = d.psus
			d.psus++
			if c.Clusters != nil {
				units[unit{s, c.Clusters[i]}] = p
			}
			d.strata[s].size++
			d.strata[s].psus = append(d.strata[s].psus, p)
		}
		d.psu[i] = p
	}
	return rowStratum
}

// nested wants each cluster in one stratum, unless names start again in each.
func (d *Design) nested(c Columns, rowStratum []int) error {
	if c.Clusters == nil || c.Nest {
		return nil
	}
	seen := map[string]int{}
	for i, name := range c.Clusters {
		if s, known := seen[name]; known && s != rowStratum[i] {
			return invalidRow("clusters", i, "cluster %q lies in two strata, %q and %q: say that clusters are nested when it is not the same one",
				name, d.strata[s].name, d.strata[rowStratum[i]].name)
		}
		seen[name] = rowStratum[i]
	}
	return nil
}

// corrections sets 1 - n/N of each stratum and returns N.
func (d *Design) corrections(population []float64, rowStratum []int) ([]float64, error) {
	if population == nil {
		return nil, nil
	}
	shares, counts := 0, 0
	for i, p := range population {
		if math.IsNaN(p) || p <= 0 {
			return nil, invalidRow("population", i, "is the number of primary units in the stratum, or the share of them that was sampled: above zero")
		}
		if p < 1 {
			shares++
		}
		if p > 1 {
			counts++
		}
		if shares > 0 && counts > 0 {
			return nil, invalidRow("population", i, "has numbers of units and sampled shares: it takes one kind")
		}
	}
	known := make([]float64, len(d.strata))
	for i, p := range population {
		s := rowStratum[i]
		size := float64(d.strata[s].size)
		if counts == 0 {
			p = size / p
		}
		switch {
		case p < size:
			return nil, invalidRow("population", i, "stratum %q has %g primary units, and %g were sampled: more than there are", d.strata[s].name, p, size)
		case known[s] != 0 && known[s] != p:
			return nil, invalidRow("population", i, "stratum %q has %g and %g: it takes one number for the whole stratum", d.strata[s].name, known[s], p)
		}
		known[s] = p
		d.strata[s].f = 1
		if !math.IsInf(p, 1) {
			d.strata[s].f = (p - size) / p
		}
	}
	return known, nil
}

// Len is the number of rows, in the domain or not.
func (d *Design) Len() int { return d.n }

// rows are the rows in the domain.
func (d *Design) rows() int {
	n := 0
	for i := range d.n {
		if d.includes(i) {
			n++
		}
	}
	return n
}

// Weights are the weights of all rows, after calibration; zero outside of the domain.
func (d *Design) Weights() []float64 {
	w := slices.Clone(d.weights)
	for i := range w {
		if !d.includes(i) {
			w[i] = 0
		}
	}
	return w
}

func (d *Design) includes(row int) bool { return d.in == nil || d.in[row] }

func (d *Design) weight(row int) float64 {
	if !d.includes(row) {
		return 0
	}
	return d.weights[row]
}

// Domain is the design for estimates about some of the rows: subset in R. The
// others stay in the design, because how many fall into the domain was chance.
func (d *Design) Domain(in []bool) (*Design, error) {
	if err := checkLength("domain", len(in), d.n); err != nil {
		return nil, err
	}
	domain := *d
	domain.in = make([]bool, d.n)
	some := false
	for i := range in {
		domain.in[i] = in[i] && d.includes(i)
		some = some || domain.in[i] && d.weights[i] > 0
	}
	if !some {
		return nil, invalid("domain", "no row with a weight above zero is in it")
	}
	return &domain, nil
}

// DF are the design degrees of freedom: primary units less strata, of rows in
// the domain with a weight above zero (degf in R).
func (d *Design) DF() float64 {
	used := make([]bool, d.psus)
	for i := range d.n {
		if d.weight(i) > 0 {
			used[d.psu[i]] = true
		}
	}
	units, strata := 0, 0
	for _, s := range d.strata {
		before := units
		for _, p := range s.psus {
			if used[p] {
				units++
			}
		}
		if units > before {
			strata++
		}
	}
	return float64(units - strata)
}

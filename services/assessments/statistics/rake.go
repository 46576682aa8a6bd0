package statistics

import (
	"cmp"
	"math"
	"slices"
)

// Margin is a variable whose distribution in the population is known.
type Margin struct {
	Name       string
	Categories []string           // of each row; none may be missing
	Totals     map[string]float64 // of each category in the population
}

// RakeOptions end the rounds of raking; the zero value is R's default.
type RakeOptions struct {
	// Epsilon is the largest change of a cell of the table of all margins by which
	// a round counts as the last. Below 1 it is a share of the sum of the weights.
	// 0: 1, as in R.
	Epsilon float64
	// Rounds is how many are tried at most. 0: 10, as in R.
	Rounds int
	// Rescale multiplies the totals of each margin so that they add up to the
	// first one's; without it margins with other sums are refused.
	Rescale bool
}

// RakeReport tells how raking ended.
type RakeReport struct {
	Converged bool
	Rounds    int     // rounds over all margins that were made
	Change    float64 // largest change of a cell in the last round
	// Discrepancy is the largest distance of a category's weight from its total,
	// as a share of the total.
	Discrepancy float64
	Effect      WeightEffect // of the new weights
}

// sumTolerance is by how much the sums of two margins may differ, as a share.
const sumTolerance = 1e-6

// Rake changes weights until the sample agrees with all margins: iterative
// proportional fitting (Deming and Stephan 1940), rake in R. Standard errors of
// the new design come from the residuals after the margins. A raking that did
// not converge is returned too, and the report says so.
func (d *Design) Rake(margins []Margin, o RakeOptions) (*Design, RakeReport, error) {
	if d.in != nil {
		return nil, RakeReport{}, invalid("design", "rake the whole design, then take the domain")
	}
	cells, err := d.raking(margins, o)
	if err != nil {
		return nil, RakeReport{}, err
	}
	if o.Epsilon < 0 || math.IsNaN(o.Epsilon) || o.Rounds < 0 {
		return nil, RakeReport{}, invalid("options", "epsilon and rounds are above zero, or 0 for the defaults")
	}
	epsilon, rounds := cmp.Or(o.Epsilon, 1), cmp.Or(o.Rounds, 10)
	if epsilon < 1 {
		epsilon *= sumOf(d.weights)
	}
	r := raker{margins: cells, weights: slices.Clone(d.weights), cross: crossCells(margins, d.n)}
	report := r.run(epsilon, rounds)
	if report.Effect, err = EffectOfWeights(r.weights); err != nil {
		return nil, report, err
	}
	raked := *d
	raked.weights = r.weights
	raked.adjust = append(slices.Clone(d.adjust), raking(cells))
	return &raked, report, nil
}

// PostStratify makes the weights of each category of one variable add up to its
// total: postStratify in R.
func (d *Design) PostStratify(m Margin) (*Design, error) {
	if d.in != nil {
		return nil, invalid("design", "post-stratify the whole design, then take the domain")
	}
	cells, err := d.raking([]Margin{m}, RakeOptions{})
	if err != nil {
		return nil, err
	}
	post := *d
	post.weights = slices.Clone(d.weights)
	cells[0].before = d.weights
	cells[0].fit(post.weights)
	post.adjust = append(slices.Clone(d.adjust), cells[0])
	return &post, nil
}

// cells is a margin of which categories are numbers.
type cells struct {
	of      []int     // category of each row
	totals  []float64 // of each category
	before  []float64 // weights before post-stratification
	weights []float64 // weights after the last fit
}

// raking checks the margins and numbers their categories.
func (d *Design) raking(margins []Margin, o RakeOptions) ([]*cells, error) {
	if len(margins) == 0 {
		return nil, invalid("margins", "there are none")
	}
	list := make([]*cells, len(margins))
	first := 0.0
	for n, m := range margins {
		c, err := m.cells(d.weights)
		if err != nil {
			return nil, err
		}
		list[n] = c
		total := sumOf(c.totals)
		if n == 0 {
			first = total
		}
		if math.Abs(total-first) > sumTolerance*first && !o.Rescale {
			return nil, invalid("margins", "%q adds up to %g and %q to %g: the totals are of one population, so rescale one of them",
				margins[0].Name, first, m.Name, total)
		}
		if o.Rescale {
			for k := range c.totals {
				c.totals[k] *= first / total
			}
		}
	}
	return list, nil
}

func (m Margin) cells(weights []float64) (*cells, error) {
	if err := checkLength("margin "+m.Name, len(m.Categories), len(weights)); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(m.Totals))
	for name, total := range m.Totals {
		if !finite(total) || total < 0 {
			return nil, invalid("margin "+m.Name, "the total of %q is %g: it is a finite number, zero or more", name, total)
		}
		if total > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	c := &cells{of: make([]int, len(weights)), totals: make([]float64, len(names)), weights: slices.Clone(weights)}
	for k, name := range names {
		c.totals[k] = m.Totals[name]
	}
	found := make([]bool, len(names))
	for i, name := range m.Categories {
		k, known := slices.BinarySearch(names, name)
		switch {
		case known:
			c.of[i] = k
			found[k] = found[k] || weights[i] > 0
		case weights[i] > 0:
			return nil, invalidRow("margin "+m.Name, i, "%q has no total in the population", name)
		default:
			c.of[i] = -1
		}
	}
	if k := slices.Index(found, false); k >= 0 {
		return nil, refused("calibration", "nobody in the sample is %q of %s, of which the population has %g: join it with another category", names[k], m.Name, c.totals[k])
	}
	return c, nil
}

// fit makes the weights of each category add up to its total.
func (c *cells) fit(weights []float64) {
	have := c.sums(weights)
	for i, k := range c.of {
		if k >= 0 {
			weights[i] *= c.totals[k] / have[k]
		}
	}
	copy(c.weights, weights)
}

func (c *cells) sums(weights []float64) []float64 {
	sums := make([]sum, len(c.totals))
	for i, k := range c.of {
		if k >= 0 {
			sums[k].add(weights[i])
		}
	}
	have := make([]float64, len(sums))
	for k := range sums {
		have[k] = sums[k].value()
	}
	return have
}

// raker fits margins in turn.
type raker struct {
	margins []*cells
	weights []float64
	cross   []int // cell of each row in the table of all margins
}

// run follows R's rake: a round that changes no cell by epsilon is the last.
func (r *raker) run(epsilon float64, rounds int) RakeReport {
	var report RakeReport
	old := r.table()
	for report.Rounds < rounds && !report.Converged {
		for _, m := range r.margins {
			m.fit(r.weights)
		}
		table := r.table()
		report.Change = 0
		for k := range table {
			report.Change = math.Max(report.Change, math.Abs(table[k]-old[k]))
		}
		old = table
		report.Converged = report.Change < epsilon
		report.Rounds++
	}
	for _, m := range r.margins {
		for k, have := range m.sums(r.weights) {
			report.Discrepancy = math.Max(report.Discrepancy, math.Abs(have/m.totals[k]-1))
		}
	}
	return report
}

func (r *raker) table() []float64 {
	sums := make([]sum, slices.Max(r.cross)+1)
	for i, k := range r.cross {
		sums[k].add(r.weights[i])
	}
	table := make([]float64, len(sums))
	for k := range sums {
		table[k] = sums[k].value()
	}
	return table
}

// crossCells numbers the combinations of categories that occur.
func crossCells(margins []Margin, n int) []int {
	cross := make([]int, n)
	for _, m := range margins {
		type pair struct {
			cell int
			name string
		}
		known := map[pair]int{}
		for i, name := range m.Categories {
			p := pair{cross[i], name}
			if _, ok := known[p]; !ok {
				known[p] = len(known)
			}
			cross[i] = known[p]
		}
	}
	return cross
}

// residuals of post-stratification: the difference from the mean of the cell,
// weighted as before it.
func (c *cells) residuals(u []float64) {
	top, bottom := make([]sum, len(c.totals)), make([]sum, len(c.totals))
	for i, k := range c.of {
		if k >= 0 && c.weights[i] > 0 {
			top[k].add(u[i] * c.before[i] / c.weights[i])
			bottom[k].add(c.before[i])
		}
	}
	for i, k := range c.of {
		if k >= 0 {
			u[i] -= top[k].value() / bottom[k].value() * c.weights[i]
		}
	}
}

// rakingSweeps is how often R takes the means of all margins out in turn.
const rakingSweeps = 10

// raking is the list of margins as an adjustment.
type raking []*cells

// residuals takes the means of the cells of each margin out of the values in
// turn, as R does; the cells count rows, whatever their weight.
func (r raking) residuals(u []float64) {
	for range rakingSweeps {
		for _, c := range r {
			top, rows := make([]sum, len(c.totals)), make([]float64, len(c.totals))
			for i, k := range c.of {
				if k >= 0 && c.weights[i] > 0 {
					top[k].add(u[i] / c.weights[i])
					rows[k]++
				}
			}
			for i, k := range c.of {
				if k >= 0 && c.weights[i] > 0 {
					u[i] -= c.weights[i] * top[k].value() / rows[k]
				}
			}
		}
	}
}

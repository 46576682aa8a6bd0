package command

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// StatisticsMean estimates means, totals and ratios.
type StatisticsMean struct {
	sampleFlags `embed:""`
	outputFlags `embed:""`

	Value      []string `required:"" help:"Columns with numbers; give more than one with commas, or the option more than once." placeholder:"COL" env:"-"`
	By         string   `help:"Column with groups: an estimate for each. Degrees of freedom stay those of the whole sample." placeholder:"COL" env:"-"`
	Total      bool     `help:"Totals over the population instead of means." env:"-"`
	Per        string   `help:"Column to divide by: the ratio of the two totals instead of means." placeholder:"COL" env:"-"`
	Confidence float64  `help:"Confidence of the intervals." default:"0.95" env:"-"`
}

// Help shows what R would be asked.
func (StatisticsMean) Help() string {
	return `Equals svymean, svytotal, svyratio and svyby of R's package survey with svydesign(ids = ~CLUSTER, strata = ~STRATA, weights = ~WEIGHT, fpc = ~FPC), na.rm = TRUE, and confint(df = degf(design)).

  tandem statistics mean --value score answers.csv
  tandem statistics mean --value q1,q2 --strata stype --weight pw --fpc fpc --by stype schools.csv
  tandem statistics mean --value points --per answered --cluster school --weight w answers.csv`
}

// Run computes and prints.
func (m *StatisticsMean) Run() error { return m.run(os.Stdout, os.Stderr) }

func (m *StatisticsMean) run(out, notes io.Writer) error {
	if m.Total && m.Per != "" {
		return errors.New("--total and --per: choose one")
	}
	w := wanted{numbers: slices.Clone(m.Value)}
	w.number(m.Per)
	if m.By != "" {
		w.texts = append(w.texts, m.By)
	}
	c, d, err := m.read(w)
	if err != nil {
		return err
	}
	var results []estimateResult
	for _, name := range m.Value {
		list, err := m.estimate(c, d, name)
		if err != nil {
			return c.explain(fmt.Errorf("%s: %w", name, err))
		}
		results = append(results, list...)
	}
	return m.printEstimates(out, notes, results)
}

// estimate is one column, for all rows or for each group.
func (m *StatisticsMean) estimate(c *columns, d *statistics.Design, name string) ([]estimateResult, error) {
	x, statistic := c.numbers[name], "mean"
	of := func(d *statistics.Design) (statistics.Estimate, error) { return d.Mean(x) }
	if m.Total {
		statistic = "total"
		of = func(d *statistics.Design) (statistics.Estimate, error) { return d.Total(x) }
	}
	if m.Per != "" {
		statistic = "ratio"
		of = func(d *statistics.Design) (statistics.Estimate, error) { return d.Ratio(x, c.numbers[m.Per]) }
	}
	df := d.DF()
	return eachGroup(c, d, m.By, x, func(d *statistics.Design) (estimateResult, error) {
		e, err := of(d)
		if err != nil {
			return estimateResult{}, err
		}
		e.DF = df
		r := estimateOf(e)
		r.Variable, r.Per, r.Statistic = name, m.Per, statistic
		return r.withInterval(e.Interval(m.Confidence))
	})
}

// eachGroup estimates for all rows, or for each group that has a value.
func eachGroup(c *columns, d *statistics.Design, by string, x []float64,
	estimate func(d *statistics.Design) (estimateResult, error),
) ([]estimateResult, error) {
	if by == "" {
		r, err := estimate(d)
		return []estimateResult{r}, err
	}
	groups := c.texts[by]
	var names []string
	for i, g := range groups {
		if g != "" && !math.IsNaN(x[i]) {
			names = append(names, g)
		}
	}
	slices.Sort(names)
	var results []estimateResult
	for _, name := range slices.Compact(names) {
		in := make([]bool, len(groups))
		for i, g := range groups {
			in[i] = g == name
		}
		domain, err := d.Domain(in)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", name, err)
		}
		r, err := estimate(domain)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", name, err)
		}
		r.Group = name
		results = append(results, r)
	}
	return results, nil
}

// StatisticsProportion estimates shares.
type StatisticsProportion struct {
	sampleFlags `embed:""`
	outputFlags `embed:""`

	Value      []string `required:"" help:"Columns with answers." placeholder:"COL" env:"-"`
	Success    []string `required:"" help:"Answers that count, such as the favorable options of the item." placeholder:"ANSWER" env:"-"`
	Except     []string `help:"Answers that leave the denominator, such as don't know. Empty fields and NA leave it always." placeholder:"ANSWER" env:"-"`
	By         string   `help:"Column with groups: a share for each, with degrees of freedom of its own." placeholder:"COL" env:"-"`
	Method     string   `help:"Interval: ${enum}." enum:"wilson,logit,beta" default:"wilson" env:"-"`
	Confidence float64  `help:"Confidence of the intervals." default:"0.95" env:"-"`
}

// Help shows whose intervals these are.
func (StatisticsProportion) Help() string {
	return `logit and beta equal svyciprop of R's package survey. wilson equals proportion_confint(method="wilson") of Python's statsmodels for a simple random sample, and takes an effective number of answers from the standard error otherwise. There is no symmetric (Wald) interval: near 0 and 1 it is wrong.

  tandem statistics proportion --value q1,q2,q3 --success 4,5 --except 9 answers.csv
  tandem statistics proportion --value q1 --success yes --strata school --fpc families --method logit answers.csv`
}

// Run computes and prints.
func (p *StatisticsProportion) Run() error { return p.run(os.Stdout, os.Stderr) }

func (p *StatisticsProportion) run(out, notes io.Writer) error {
	w := wanted{texts: slices.Clone(p.Value)}
	if p.By != "" {
		w.texts = append(w.texts, p.By)
	}
	c, d, err := p.read(w)
	if err != nil {
		return err
	}
	var results []estimateResult
	for _, name := range p.Value {
		x := successes(c.texts[name], p.Success, p.Except)
		if !slices.Contains(x, 1) {
			_, _ = fmt.Fprintf(notes, "tandem: nobody gave one of the answers of --success to %s\n", name)
		}
		list, err := eachGroup(c, d, p.By, x, func(d *statistics.Design) (estimateResult, error) {
			e, err := d.Share(x)
			if err != nil {
				return estimateResult{}, err
			}
			r := estimateOf(e)
			r.Variable, r.Statistic, r.Method = name, "share", p.Method
			return r.withInterval(e.ShareInterval(statistics.Method(p.Method), p.Confidence))
		})
		if err != nil {
			return c.explain(fmt.Errorf("%s: %w", name, err))
		}
		results = append(results, list...)
	}
	return p.printEstimates(out, notes, results)
}

// successes are 1, 0, or NaN for what leaves the denominator.
func successes(answers, success, except []string) []float64 {
	x := make([]float64, len(answers))
	for i, a := range answers {
		switch {
		case a == "" || slices.Contains(except, a):
			x[i] = math.NaN()
		case slices.Contains(success, a):
			x[i] = 1
		}
	}
	return x
}

// StatisticsDistribution estimates the share of each answer.
type StatisticsDistribution struct {
	sampleFlags `embed:""`
	outputFlags `embed:""`

	Value      []string `required:"" help:"Columns with answers." placeholder:"COL" env:"-"`
	Except     []string `help:"Answers that leave the denominator." placeholder:"ANSWER" env:"-"`
	Method     string   `help:"Interval: ${enum}." enum:"wilson,logit,beta" default:"wilson" env:"-"`
	Confidence float64  `help:"Confidence of the intervals." default:"0.95" env:"-"`
}

// Run computes and prints.
func (p *StatisticsDistribution) Run() error { return p.run(os.Stdout, os.Stderr) }

func (p *StatisticsDistribution) run(out, notes io.Writer) error {
	c, d, err := p.read(wanted{texts: slices.Clone(p.Value)})
	if err != nil {
		return err
	}
	var results []estimateResult
	for _, name := range p.Value {
		answers := c.texts[name]
		for i, a := range answers {
			if slices.Contains(p.Except, a) {
				answers[i] = ""
			}
		}
		options := slices.Compact(slices.Sorted(slices.Values(answers)))
		shares, err := d.Distribution(answers, slices.DeleteFunc(options, func(o string) bool { return o == "" }))
		if err != nil {
			return c.explain(fmt.Errorf("%s: %w", name, err))
		}
		for _, s := range shares {
			r := estimateOf(s.Estimate)
			r.Variable, r.Answer, r.Statistic, r.Method = name, s.Name, "share", p.Method
			if r, err = r.withInterval(s.ShareInterval(statistics.Method(p.Method), p.Confidence)); err != nil {
				return c.explain(fmt.Errorf("%s: %w", name, err))
			}
			results = append(results, r)
		}
	}
	return p.printEstimates(out, notes, results)
}

package command

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// StatisticsCompare compares two groups of a file.
type StatisticsCompare struct {
	sampleFlags `embed:""`
	outputFlags `embed:""`

	Value      string   `required:"" help:"Column with numbers, or with answers for --success and --test chisq." placeholder:"COL" env:"-"`
	Group      string   `help:"Column with the groups." placeholder:"COL" env:"-"`
	Groups     []string `help:"The two groups to compare, where the column has more; the difference is the first less the second. Without it: in the order of their names." placeholder:"A,B" env:"-"`
	Success    []string `help:"Answers that count: compares shares." placeholder:"ANSWER" env:"-"`
	Except     []string `help:"Answers that leave the denominator." placeholder:"ANSWER" env:"-"`
	With       string   `help:"Column with the second answers of the same people, for a paired t test. It takes answers that are linked." placeholder:"COL" env:"-"`
	Test       string   `help:"${enum}. auto: paired with --with; design with --weight, --strata, --cluster or --fpc; proportion with --success; else welch." enum:"auto,welch,proportion,design,chisq,paired" default:"auto" env:"-"`
	Least      float64  `help:"The smallest difference that matters in practice, in the unit of the value: a difference below is called small." env:"-"`
	Level      float64  `help:"Level of p below which a difference is not noise." default:"0.05" env:"-"`
	Confidence float64  `help:"Confidence of the interval of the difference." default:"0.95" env:"-"`
}

// Help says which test is made when.
func (StatisticsCompare) Help() string {
	return `welch: t.test of R. proportion: prop.test(correct = FALSE). design: svyttest of the package survey, which knows of strata, clusters, weights and finite populations. chisq: svychisq(statistic = "F") of the value by the group. paired: t.test(paired = TRUE).

  tandem statistics compare --value q1 --group wave --groups 2026,2025 answers.csv
  tandem statistics compare --value q1 --success 4,5 --group role answers.csv
  tandem statistics compare --value score --group role --weight w --strata district --cluster school answers.csv
  tandem statistics compare --value q1 --group home --test chisq --cluster school answers.csv

Two groups of one file are compared once. Of many comparisons adjust the p values: tandem statistics adjust.`
}

// Run computes and prints.
func (t *StatisticsCompare) Run() error { return t.run(os.Stdout, os.Stderr) }

type testResult struct {
	Test       string         `json:"test"`
	First      string         `json:"first,omitempty"`
	Second     string         `json:"second,omitempty"`
	ValueFirst number         `json:"first_value"`
	ValueOther number         `json:"second_value"`
	Difference number         `json:"difference"`
	SE         number         `json:"se"`
	Interval   intervalResult `json:"interval"`
	Statistic  number         `json:"statistic"`
	DF         number         `json:"df"`
	DF2        *number        `json:"df2,omitempty"`
	P          number         `json:"p"`
	Effect     *number        `json:"effect_size,omitempty"`
	EffectName string         `json:"effect,omitempty"`
	Finding    string         `json:"finding,omitempty"`
	Pearson    *number        `json:"pearson,omitempty"`
}

func (t *StatisticsCompare) run(out, notes io.Writer) error {
	test := t.test()
	if err := t.check(test); err != nil {
		return err
	}
	var w wanted
	if test == "chisq" || len(t.Success) > 0 {
		w.texts = append(w.texts, t.Value)
	} else {
		w.number(t.Value)
	}
	w.number(t.With)
	if t.Group != "" {
		w.texts = append(w.texts, t.Group)
	}
	c, d, err := t.read(w)
	if err != nil {
		return err
	}
	result, err := t.compare(test, c, d, notes)
	if err != nil {
		return c.explain(err)
	}
	if test != "chisq" {
		result.Finding = string(statistics.Practice{Level: t.Level, Least: t.Least}.Finding(float64(result.Difference), float64(result.P)))
	}
	df := fmt.Sprint(result.DF)
	if result.DF2 != nil {
		df += ", " + result.DF2.String()
	}
	return t.print(out, result, "test|first|second|first value|second value|difference|low|high|statistic|df|p|effect|finding",
		[]any{
			result.Test, orDash(result.First), orDash(result.Second), result.ValueFirst, result.ValueOther, result.Difference, result.Interval.Low, result.Interval.High,
			result.Statistic, df, result.P, orNone(result.Effect), orDash(result.Finding),
		})
}

func (t *StatisticsCompare) test() string {
	switch {
	case t.Test != "auto":
		return t.Test
	case t.With != "":
		return "paired"
	case !t.unweighted():
		return "design"
	case len(t.Success) > 0:
		return "proportion"
	}
	return "welch"
}

// check wants the options that a test needs, and none that it would ignore.
func (t *StatisticsCompare) check(test string) error {
	plain := test == "welch" || test == "proportion" || test == "paired"
	switch {
	case test == "paired" && t.With == "":
		return errors.New("a paired test needs --with, the column with the second answers")
	case test != "paired" && t.With != "":
		return errors.New("--with is for paired tests")
	case test != "paired" && t.Group == "":
		return errors.New("--group: name the column with the groups")
	case test == "proportion" && len(t.Success) == 0:
		return errors.New("--success: name the answers that count")
	case len(t.Groups) != 0 && len(t.Groups) != 2:
		return errors.New("--groups takes two")
	case plain && !t.unweighted():
		return fmt.Errorf("the test %s knows of no weights, strata, clusters and finite populations: take design", test)
	}
	return nil
}

func (t *StatisticsCompare) compare(test string, c *columns, d *statistics.Design, notes io.Writer) (testResult, error) {
	switch test {
	case "paired":
		return t.paired(c)
	case "chisq":
		return t.chiSquare(c, d)
	}
	x := c.numbers[t.Value]
	if len(t.Success) > 0 {
		x = successes(c.texts[t.Value], t.Success, t.Except)
	}
	groups := c.texts[t.Group]
	a, b, err := t.two(groups, x)
	if err != nil {
		return testResult{}, err
	}
	if test == "proportion" {
		return t.proportions(x, groups, a, b, notes)
	}
	result, err := t.means(d, x, groups, a, b)
	if err != nil {
		return result, err
	}
	var s statistics.Test
	if test == "design" {
		s, err = d.TTest(x, groups, a, b, t.Confidence)
	} else {
		s, err = welch(x, groups, a, b, t.Confidence)
	}
	return result.with(s), err
}

// with adds a test.
func (r testResult) with(s statistics.Test) testResult {
	r.Test, r.Difference, r.SE, r.Interval = s.Method, number(s.Difference), number(s.SE), boundsOf(s.Interval)
	r.Statistic, r.DF, r.P = number(s.Statistic), number(s.DF), number(s.P)
	return r
}

// two are the groups to compare.
func (t *StatisticsCompare) two(groups []string, x []float64) (a, b string, err error) {
	var names []string
	for i, g := range groups {
		if g != "" && !math.IsNaN(x[i]) {
			names = append(names, g)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(t.Groups) == 2 {
		for _, g := range t.Groups {
			if !slices.Contains(names, g) {
				return "", "", fmt.Errorf("--groups: nobody of %q has a value; there are %s", g, strings.Join(names, ", "))
			}
		}
		return t.Groups[0], t.Groups[1], nil
	}
	if len(names) != 2 {
		return "", "", fmt.Errorf("%s has %d groups with values, %s: name two with --groups A,B", t.Group, len(names), strings.Join(names, ", "))
	}
	return names[0], names[1], nil
}

// means are the means of both groups, with the effect size.
func (t *StatisticsCompare) means(d *statistics.Design, x []float64, groups []string, a, b string) (testResult, error) {
	r := testResult{First: a, Second: b}
	var spreads [2]statistics.Spread
	for n, name := range []string{a, b} {
		in := make([]bool, len(groups))
		for i, g := range groups {
			in[i] = g == name
		}
		domain, err := d.Domain(in)
		if err != nil {
			return r, err
		}
		if spreads[n], err = domain.Spread(x); err != nil {
			return r, err
		}
	}
	r.ValueFirst, r.ValueOther = number(spreads[0].Mean), number(spreads[1].Mean)
	effect, name := 0.0, "Cohen's d"
	var err error
	if len(t.Success) > 0 {
		name = "Cohen's h"
		effect, err = statistics.CohenH(spreads[0].Mean, spreads[1].Mean)
	} else {
		effect, err = statistics.CohenD(spreads[0], spreads[1])
	}
	if err == nil {
		r.Effect, r.EffectName = some(effect), name
	}
	return r, nil
}

func welch(x []float64, groups []string, a, b string, confidence float64) (statistics.Test, error) {
	var estimates [2]statistics.Estimate
	for n, name := range []string{a, b} {
		var values []float64
		for i, g := range groups {
			if g == name {
				values = append(values, x[i])
			}
		}
		var err error
		if estimates[n], err = statistics.SampleOf(values); err != nil {
			return statistics.Test{}, fmt.Errorf("group %q: %w", name, err)
		}
	}
	return statistics.Difference(estimates[0], estimates[1], confidence)
}

func (t *StatisticsCompare) proportions(x []float64, groups []string, a, b string, notes io.Writer) (testResult, error) {
	var counts [2]statistics.Count
	for i, g := range groups {
		n := slices.Index([]string{a, b}, g)
		if n < 0 || math.IsNaN(x[i]) {
			continue
		}
		counts[n].N++
		counts[n].Successes += int(x[i])
	}
	r, err := proportionsOf(counts[0], counts[1], t.Confidence, notes)
	r.First, r.Second = a, b
	return r, err
}

// proportionsOf compares two counts.
func proportionsOf(a, b statistics.Count, confidence float64, notes io.Writer) (testResult, error) {
	s, err := statistics.TwoProportions(a, b, confidence)
	if err != nil {
		return testResult{}, err
	}
	if statistics.ExpectedSmall(a, b) {
		_, _ = fmt.Fprintln(notes, "tandem: fewer than 5 answers are expected in a cell: the p value may be far off")
	}
	shares := [2]float64{float64(a.Successes) / float64(a.N), float64(b.Successes) / float64(b.N)}
	r := testResult{ValueFirst: number(shares[0]), ValueOther: number(shares[1])}
	h, err := statistics.CohenH(shares[0], shares[1])
	r.Effect, r.EffectName = some(h), "Cohen's h"
	r.Pearson = some(s.Statistic * s.Statistic)
	return r.with(s), err
}

func (t *StatisticsCompare) paired(c *columns) (testResult, error) {
	s, err := statistics.PairedDifference(c.numbers[t.Value], c.numbers[t.With], t.Confidence)
	r := testResult{First: t.Value, Second: t.With, ValueFirst: number(math.NaN()), ValueOther: number(math.NaN())}
	return r.with(s), err
}

func (t *StatisticsCompare) chiSquare(c *columns, d *statistics.Design) (testResult, error) {
	answers := slices.Clone(c.texts[t.Value])
	for i, a := range answers {
		if slices.Contains(t.Except, a) {
			answers[i] = ""
		}
	}
	s, err := d.ChiSquare(answers, c.texts[t.Group])
	none := number(math.NaN())
	return testResult{
		Test: s.Method, First: t.Value, Second: t.Group, ValueFirst: none, ValueOther: none, Difference: none, SE: none,
		Interval: intervalResult{none, none, none}, Statistic: number(s.F), DF: number(s.DF1), DF2: some(s.DF2), P: number(s.P), Pearson: some(s.Pearson),
	}, err
}

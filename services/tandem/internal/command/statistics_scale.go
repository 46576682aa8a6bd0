package command

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// StatisticsReliability says how well items measure one thing.
type StatisticsReliability struct {
	outputFlags `embed:""`

	File       string   `arg:"" help:"CSV file with a row for each person; - is standard input." placeholder:"FILE"`
	Items      []string `required:"" help:"Columns with the scores of the items." placeholder:"COL" env:"-"`
	Composite  bool     `help:"The items are a composite, such as barriers: reliability is refused, because it means nothing." env:"-"`
	Minimum    int      `help:"People who have to have answered each pair of items." default:"30" env:"-"`
	Confidence float64  `help:"Confidence of the interval of alpha (Feldt)." default:"0.95" env:"-"`
}

// Help names the estimators.
func (StatisticsReliability) Help() string {
	return `Alpha equals alpha(check.keys = FALSE) of R's package psych, with pairwise covariances; items are taken as they are, so reverse those that run the other way before. Omega is the omega.tot of omega(nfactors = 1): one factor by minimum residuals; items that load against the others are reversed for it, and named.

  tandem statistics reliability --items q1,q2,q3,q4 answers.csv`
}

// Run computes and prints.
func (r *StatisticsReliability) Run() error { return r.run(os.Stdout, os.Stderr) }

type reliabilityResult struct {
	Estimator    string         `json:"estimator"`
	N            int            `json:"n"`
	Alpha        number         `json:"alpha"`
	Interval     intervalResult `json:"interval"`
	ASE          number         `json:"ase"`
	Standardized number         `json:"standardized_alpha"`
	G6           number         `json:"g6"`
	AverageR     number         `json:"average_r"`
	MedianR      number         `json:"median_r"`
	SignalNoise  number         `json:"signal_to_noise"`
	Mean         number         `json:"mean"`
	SD           number         `json:"sd"`
	Items        []itemResult   `json:"items"`
	Constant     []string       `json:"constant_items,omitempty"`
	Omega        *omegaResult   `json:"omega"`
	OmegaRefused string         `json:"omega_refused,omitempty"`
}

type itemResult struct {
	Item         string  `json:"item"`
	N            int     `json:"n"`
	Mean         number  `json:"mean"`
	SD           number  `json:"sd"`
	Rest         number  `json:"item_rest_correlation"`
	Total        number  `json:"item_total_correlation"`
	AlphaDropped *number `json:"alpha_if_dropped"`
	StdDropped   *number `json:"standardized_alpha_if_dropped"`
	G6Dropped    *number `json:"g6_if_dropped"`
	Loading      *number `json:"loading"`
}

type omegaResult struct {
	Estimator string   `json:"estimator"`
	Total     number   `json:"total"`
	Residual  number   `json:"residual"`
	Reversed  []string `json:"reversed_items,omitempty"`
	AtLimit   []string `json:"items_at_limit,omitempty"`
}

func (r *StatisticsReliability) run(out, notes io.Writer) error {
	c, err := readColumns(r.File, wanted{numbers: r.Items})
	if err != nil {
		return err
	}
	var answers [][]float64
	for _, name := range r.Items {
		answers = append(answers, c.numbers[name])
	}
	items, err := statistics.ItemsOf(answers...)
	if err != nil {
		return c.explain(err)
	}
	scale := statistics.Scale{Composite: r.Composite, Minimum: r.Minimum}
	reliability, err := items.Reliability(scale)
	if err != nil {
		return c.explain(err)
	}
	result, err := r.result(reliability)
	if err != nil {
		return err
	}
	if omega, err := items.Omega(scale); err != nil {
		result.OmegaRefused = err.Error()
	} else {
		r.addOmega(&result, omega)
	}
	for _, i := range result.Items {
		if i.Rest < 0 {
			_, _ = fmt.Fprintf(notes, "tandem: %s goes against the other items: does it have to be reversed?\n", i.Item)
		}
	}
	return r.show(out, notes, result)
}

func (r *StatisticsReliability) result(s statistics.Reliability) (reliabilityResult, error) {
	i, err := s.Interval(r.Confidence)
	if err != nil {
		return reliabilityResult{}, err
	}
	result := reliabilityResult{
		Estimator: s.Estimator, N: s.Rows, Alpha: number(s.Raw), Interval: boundsOf(i), ASE: number(s.ASE), Standardized: number(s.Standardized),
		G6: number(s.G6), AverageR: number(s.AverageR), MedianR: number(s.MedianR), SignalNoise: number(s.SignalNoise), Mean: number(s.Mean), SD: number(s.SD),
		Constant: r.names(s.Constant),
	}
	for _, it := range s.Items {
		item := itemResult{
			Item: r.Items[it.Item], N: it.N, Mean: number(it.Mean), SD: number(it.SD), Rest: number(it.Rest), Total: number(it.Total),
		}
		if d := it.Dropped; d != nil {
			item.AlphaDropped, item.StdDropped, item.G6Dropped = some(d.Raw), some(d.Standardized), some(d.G6)
		}
		result.Items = append(result.Items, item)
	}
	return result, nil
}

func some(x float64) *number {
	n := number(x)
	return &n
}

func (r *StatisticsReliability) names(items []int) []string {
	var names []string
	for _, i := range items {
		names = append(names, r.Items[i])
	}
	return names
}

func (r *StatisticsReliability) addOmega(result *reliabilityResult, o statistics.Omega) {
	result.Omega = &omegaResult{
		Estimator: o.Estimator, Total: number(o.Total), Residual: number(o.Residual), Reversed: r.names(o.Reversed), AtLimit: r.names(o.AtLimit),
	}
	for a, item := range o.Items {
		loading := o.Loadings[a]
		if slices.Contains(o.Reversed, item) {
			loading = -loading
		}
		for n := range result.Items {
			if result.Items[n].Item == r.Items[item] {
				result.Items[n].Loading = some(loading)
			}
		}
	}
}

// show prints the coefficients, and each item below.
func (r *StatisticsReliability) show(out, notes io.Writer, s reliabilityResult) error {
	if r.JSON {
		return r.print(out, s, "")
	}
	omega := number(math.NaN())
	if s.Omega != nil {
		omega = s.Omega.Total
		for _, name := range s.Omega.AtLimit {
			_, _ = fmt.Fprintf(notes, "tandem: one factor explains all of %s: the model does not hold, and omega is too high\n", name)
		}
	} else {
		_, _ = fmt.Fprintln(notes, "tandem:", s.OmegaRefused)
	}
	if err := r.print(out, nil, "n|alpha|low|high|standardized|G6|average r|ase|mean|SD|omega",
		[]any{s.N, s.Alpha, s.Interval.Low, s.Interval.High, s.Standardized, s.G6, s.AverageR, s.ASE, s.Mean, s.SD, omega}); err != nil {
		return err
	}
	var rows [][]any
	for _, i := range s.Items {
		rows = append(rows, []any{i.Item, i.N, i.Mean, i.SD, i.Rest, i.Total, orNone(i.AlphaDropped), orNone(i.Loading)})
	}
	_, _ = fmt.Fprintln(out)
	if err := r.print(out, nil, "item|n|mean|SD|r with rest|r with total|alpha without|loading", rows...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nAlpha: %s.\n", s.Estimator)
	if s.Omega != nil {
		_, err = fmt.Fprintf(out, "Omega: %s.\n", s.Omega.Estimator)
	}
	return err
}

func orNone(n *number) number {
	if n == nil {
		return number(math.NaN())
	}
	return *n
}

// StatisticsAgreement says how well raters agree.
type StatisticsAgreement struct {
	outputFlags `embed:""`

	File       string   `arg:"" help:"CSV file with a row for each thing that was rated; - is standard input." placeholder:"FILE"`
	Raters     []string `required:"" help:"Columns with the ratings of each rater." placeholder:"COL" env:"-"`
	Levels     []string `help:"Levels in their order, for Cohen's kappa of two raters. Without them: intraclass correlations of numbers." placeholder:"LEVEL" env:"-"`
	Weights    string   `help:"How kappa counts disagreement: ${enum}." enum:"nominal,linear,quadratic" default:"nominal" env:"-"`
	Confidence float64  `help:"Confidence of the intervals." default:"0.95" env:"-"`
}

// Run computes and prints.
func (a *StatisticsAgreement) Run() error { return a.run(os.Stdout) }

type agreementResult struct {
	Name     string         `json:"name"`
	Value    number         `json:"value"`
	Interval intervalResult `json:"interval"`
	SE       *number        `json:"se,omitempty"`
	N        int            `json:"n,omitempty"`
	F        *number        `json:"f,omitempty"`
	DF1      *number        `json:"df1,omitempty"`
	DF2      *number        `json:"df2,omitempty"`
	P        *number        `json:"p,omitempty"`
}

func (a *StatisticsAgreement) run(out io.Writer) error {
	measure := a.kappa
	if len(a.Levels) == 0 {
		measure = a.icc
	}
	list, err := measure()
	if err != nil {
		return err
	}
	var rows [][]any
	for _, r := range list {
		rows = append(rows, []any{r.Name, r.Value, r.Interval.Low, r.Interval.High, orNone(r.SE), orNone(r.F), orNone(r.DF1), orNone(r.DF2), orNone(r.P)})
	}
	return a.print(out, list, "agreement|value|low|high|SE|F|df1|df2|p", rows...)
}

func (a *StatisticsAgreement) kappa() ([]agreementResult, error) {
	if len(a.Raters) != 2 {
		return nil, fmt.Errorf("--raters: kappa compares two, and %d are named", len(a.Raters))
	}
	c, err := readColumns(a.File, wanted{texts: a.Raters})
	if err != nil {
		return nil, err
	}
	k, err := statistics.CohenKappa(c.texts[a.Raters[0]], c.texts[a.Raters[1]], a.Levels, statistics.Disagreement(a.Weights))
	if err != nil {
		return nil, c.explain(err)
	}
	i, err := k.Interval(a.Confidence)
	return []agreementResult{{Name: "kappa, " + a.Weights, Value: number(k.Value), SE: some(k.SE), Interval: boundsOf(i), N: k.N}}, err
}

func (a *StatisticsAgreement) icc() ([]agreementResult, error) {
	c, err := readColumns(a.File, wanted{exact: a.Raters})
	if err != nil {
		return nil, err
	}
	ratings := make([][]float64, len(c.lines))
	for _, rater := range a.Raters {
		for i, x := range c.numbers[rater] {
			ratings[i] = append(ratings[i], x)
		}
	}
	correlations, err := statistics.IntraclassCorrelations(ratings, a.Confidence)
	if err != nil {
		return nil, c.explain(err)
	}
	var results []agreementResult
	for _, r := range correlations {
		results = append(results, agreementResult{
			Name: r.Name, Value: number(r.Value), Interval: boundsOf(r.Interval), N: len(ratings), F: some(r.F), DF1: some(r.DF1), DF2: some(r.DF2), P: some(r.P),
		})
	}
	return results, nil
}

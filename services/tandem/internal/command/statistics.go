package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Statistics are the commands that compute on a file what the platform computes
// on answers, with the same code, for whoever checks its numbers.
type Statistics struct {
	Mean         StatisticsMean         `cmd:"" help:"Means, totals or ratios with standard errors, for samples with strata, clusters, weights and finite populations."`
	Proportion   StatisticsProportion   `cmd:"" help:"Shares, such as of favorable answers, with intervals that hold near 0 and 1."`
	Distribution StatisticsDistribution `cmd:"" help:"The share of each answer."`
	Rake         StatisticsRake         `cmd:"" help:"Weights that agree with known margins, trimmed on request, and what they cost."`
	Reliability  StatisticsReliability  `cmd:"" help:"Cronbach's alpha, items dropped, and omega of the items of a scale."`
	Agreement    StatisticsAgreement    `cmd:"" help:"Agreement of raters: kappa and intraclass correlations."`
	Compare      StatisticsCompare      `cmd:"" help:"Two groups: t tests, shares, chi-square, effect sizes."`
	Proportions  StatisticsProportions  `cmd:"" name:"two-proportion" help:"Two shares from counts, such as 120/200 95/190."`
	Adjust       StatisticsAdjust       `cmd:"" help:"P values of many tests, adjusted by Holm or by Benjamini and Hochberg."`
	ResponseRate StatisticsResponseRate `cmd:"" help:"Response, cooperation, refusal and contact rates of AAPOR, and whether a bias analysis is due."`
}

// Help tells what all of them have in common.
func (Statistics) Help() string {
	return `Each command reads a CSV file whose first line names the columns; - is standard input. A missing value is an empty field or NA. Numbers equal those of R's packages survey and psych; docs/statistics.md says how each is defined.

  tandem statistics mean --value score --strata district --weight w --fpc families answers.csv
  tandem statistics proportion --value q1 --success 4,5 --method wilson answers.csv
  tandem statistics rake --weight w --margins margins.csv --epsilon 1e-9 --maxit 100 answers.csv
  tandem statistics reliability --items q1,q2,q3 answers.csv
  tandem statistics compare --value q1 --group wave answers.csv

With --json numbers have all digits. Exit code 0: computed. 1: the file or the numbers do not allow it, and the error says where. 2: an option is wrong.`
}

// outputFlags say how results are printed.
type outputFlags struct {
	JSON bool `name:"json" help:"Print JSON with all digits instead of a table." env:"-"`
}

// number is a float that JSON can hold: what is no number is null.
type number float64

// MarshalJSON writes all digits.
func (n number) MarshalJSON() ([]byte, error) {
	x := float64(n)
	switch {
	case math.IsNaN(x):
		return []byte("null"), nil
	case math.IsInf(x, 0):
		return json.Marshal(fmt.Sprint(x))
	}
	return json.Marshal(x)
}

func (n number) String() string {
	if math.IsNaN(float64(n)) {
		return "-"
	}
	return fmt.Sprintf("%.7g", float64(n))
}

// print writes rows as a table, or the whole result as JSON.
func (o outputFlags) print(out io.Writer, result any, header string, rows ...[]any) error {
	if o.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(result)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, strings.ReplaceAll(header, "|", "\t"))
	for _, row := range rows {
		texts := make([]string, len(row))
		for i, x := range row {
			texts[i] = fmt.Sprint(x)
		}
		_, _ = fmt.Fprintln(w, strings.Join(texts, "\t"))
	}
	return w.Flush()
}

// intervalResult is a confidence interval as printed.
type intervalResult struct {
	Low        number `json:"low"`
	High       number `json:"high"`
	Confidence number `json:"confidence"`
}

func boundsOf(i statistics.Interval) intervalResult {
	return intervalResult{number(i.Low), number(i.High), number(i.Confidence)}
}

// estimateResult is an estimate as printed.
type estimateResult struct {
	Variable    string         `json:"variable"`
	Per         string         `json:"per,omitempty"`
	Group       string         `json:"group,omitempty"`
	Answer      string         `json:"answer,omitempty"`
	Statistic   string         `json:"statistic"`
	Estimate    number         `json:"estimate"`
	SE          number         `json:"se"`
	Interval    intervalResult `json:"interval"`
	Method      string         `json:"method,omitempty"`
	DF          number         `json:"df"`
	N           int            `json:"n"`
	Missing     int            `json:"missing"`
	SumWeights  number         `json:"sum_of_weights"`
	EffectiveN  number         `json:"effective_n"`
	WeightsDeff number         `json:"weights_design_effect"`
	Unavailable string         `json:"unavailable,omitempty"` // why there is no interval
}

func estimateOf(e statistics.Estimate) estimateResult {
	return estimateResult{
		Estimate: number(e.Value), SE: number(e.SE), DF: number(e.DF), N: e.N, Missing: e.Rows - e.N,
		SumWeights: number(e.Sum), EffectiveN: number(e.Effective), WeightsDeff: number(float64(e.N) / e.Effective),
		Interval: intervalResult{number(math.NaN()), number(math.NaN()), number(math.NaN())},
	}
}

// withInterval adds the interval, or why there is none.
func (r estimateResult) withInterval(i statistics.Interval, err error) (estimateResult, error) {
	var no *statistics.RefusedError
	if errors.As(err, &no) {
		r.Unavailable = no.Reason
		return r, nil
	}
	if err == nil {
		r.Interval = boundsOf(i)
	}
	return r, err
}

const estimateHeader = "variable|group|statistic|estimate|SE|low|high|df|n|missing|effective n"

func (r estimateResult) row() []any {
	variable := r.Variable
	if r.Per != "" {
		variable += "/" + r.Per
	}
	if r.Answer != "" {
		variable += "=" + r.Answer
	}
	return []any{variable, orDash(r.Group), r.Statistic, r.Estimate, r.SE, r.Interval.Low, r.Interval.High, r.DF, r.N, r.Missing, r.EffectiveN}
}

// printEstimates prints them with their notes below.
func (o outputFlags) printEstimates(out, notes io.Writer, results []estimateResult) error {
	rows := make([][]any, len(results))
	for i, r := range results {
		rows[i] = r.row()
		if r.Unavailable != "" {
			_, _ = fmt.Fprintf(notes, "tandem: no interval of %v %v: %s\n", rows[i][0], r.Group, r.Unavailable)
		}
	}
	return o.print(out, results, estimateHeader, rows...)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// openInput opens a file, or standard input.
func openInput(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(path) //nolint:gosec // the file that the person at this machine named
}

package command

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// StatisticsRake makes weights.
type StatisticsRake struct {
	sampleFlags `embed:""`
	outputFlags `embed:""`

	Margins string   `help:"CSV file with the columns variable, category, total: all margins in one file, raked in the order of the file." placeholder:"FILE" env:"-"`
	Margin  []string `help:"A margin in a file of its own, COL=FILE, with the columns category, total; raked in the order given." placeholder:"COL=FILE" env:"-"`
	Rescale bool     `help:"Rescale margins so that all add up to the first one's sum; without it other sums are refused." env:"-"`

	Epsilon   float64 `help:"A round that changes no cell by so much is the last; below 1 a share of the sum of the weights." default:"1" env:"-"`
	Maxit     int     `help:"Rounds at most." default:"10" env:"-"`
	TrimUpper float64 `help:"Cut the new weights to this at most, and spread what is cut over the others." placeholder:"WEIGHT" env:"-"`
	TrimLower float64 `help:"Raise the new weights to this at least." placeholder:"WEIGHT" env:"-"`
	Strict    bool    `help:"Trim again until no weight is outside of the bounds." env:"-"`

	Value      []string `help:"Columns of which to print the mean with the new weights; its error knows of the raking." placeholder:"COL" env:"-"`
	Confidence float64  `help:"Confidence of their intervals." default:"0.95" env:"-"`
	Output     string   `help:"File that gets the rows with the column raked_weight. Without it they are printed, unless --json or --value is given." placeholder:"FILE" env:"-"`
}

// Help shows what R would be asked.
func (StatisticsRake) Help() string {
	return `Equals rake(control = list(epsilon =, maxit =)) and trimWeights of R's package survey, with R's defaults: an epsilon of 1 is coarse, so give 1e-9 for margins that are met. Standard errors are those of the residuals after the margins.

  tandem statistics rake --weight pw --margins margins.csv --epsilon 1e-9 --maxit 100 --output weighted.csv answers.csv
  tandem statistics rake --weight pw --cluster dnum --fpc fpc --margin stype=types.csv --margin sch.wide=wide.csv --value api00 schools.csv

A raking that did not converge ends with exit code 1; the weights are written anyway.`
}

// Run computes, writes and prints.
func (r *StatisticsRake) Run() error { return r.run(os.Stdout, os.Stderr) }

// rakeResult is what the command prints as JSON.
type rakeResult struct {
	Converged   bool             `json:"converged"`
	Rounds      int              `json:"rounds"`
	Change      number           `json:"change"`
	Discrepancy number           `json:"discrepancy"`
	N           int              `json:"n"`
	SumWeights  number           `json:"sum_of_weights"`
	Effect      number           `json:"design_effect"`
	EffectiveN  number           `json:"effective_n"`
	Smallest    number           `json:"smallest_weight"`
	Largest     number           `json:"largest_weight"`
	Means       []estimateResult `json:"means,omitempty"`
	Weights     []number         `json:"weights,omitempty"`
}

func (r *StatisticsRake) run(out, notes io.Writer) error {
	totals, err := r.totals()
	if err != nil {
		return err
	}
	w := wanted{numbers: slices.Clone(r.Value), records: true}
	for _, m := range totals {
		w.names = append(w.names, m.Name)
	}
	c, d, err := r.read(w)
	if err != nil {
		return err
	}
	for i := range totals {
		totals[i].Categories = c.texts[totals[i].Name]
	}
	raked, report, err := d.Rake(totals, statistics.RakeOptions{Epsilon: r.Epsilon, Rounds: r.Maxit, Rescale: r.Rescale})
	if err != nil {
		return c.explain(err)
	}
	if r.TrimUpper != 0 || r.TrimLower != 0 {
		upper := r.TrimUpper
		if upper == 0 {
			upper = math.Inf(1)
		}
		if raked, err = raked.Trim(statistics.Bounds{Lower: r.TrimLower, Upper: upper, Strict: r.Strict}); err != nil {
			return c.explain(err)
		}
	}
	result, err := r.result(c, raked, report)
	if err != nil {
		return c.explain(err)
	}
	if err := r.write(out, notes, c, raked.Weights(), result); err != nil {
		return err
	}
	if !report.Converged {
		_, _ = fmt.Fprintf(notes, "tandem: raking did not converge in %d rounds: the last one still changed a cell by %v\n", report.Rounds, result.Change)
		return ExitError{Code: 1}
	}
	return nil
}

// result sums the raking up, after trimming.
func (r *StatisticsRake) result(c *columns, d *statistics.Design, report statistics.RakeReport) (rakeResult, error) {
	effect, err := statistics.EffectOfWeights(d.Weights())
	if err != nil {
		return rakeResult{}, err
	}
	result := rakeResult{
		Converged: report.Converged, Rounds: report.Rounds, Change: number(report.Change), Discrepancy: number(report.Discrepancy),
		N: effect.N, SumWeights: number(effect.Sum), Effect: number(effect.Effect), EffectiveN: number(effect.Effective),
		Smallest: number(effect.Smallest), Largest: number(effect.Largest),
	}
	for _, name := range r.Value {
		e, err := d.Mean(c.numbers[name])
		if err != nil {
			return rakeResult{}, fmt.Errorf("%s: %w", name, err)
		}
		m := estimateOf(e)
		m.Variable, m.Statistic = name, "mean"
		if m, err = m.withInterval(e.Interval(r.Confidence)); err != nil {
			return rakeResult{}, err
		}
		result.Means = append(result.Means, m)
	}
	return result, nil
}

// write puts the weights where they are wanted, and the report beside them.
func (r *StatisticsRake) write(out, notes io.Writer, c *columns, weights []float64, result rakeResult) error {
	report := notes
	switch {
	case r.Output != "":
		file, err := os.Create(r.Output)
		if err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		if err := errors.Join(writeWeights(file, c, weights), file.Close()); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		report = out
	case r.JSON, len(r.Value) > 0:
		report = out
	default:
		if err := writeWeights(out, c, weights); err != nil {
			return err
		}
	}
	if r.JSON {
		for _, w := range weights {
			result.Weights = append(result.Weights, number(w))
		}
		return r.print(out, result, "")
	}
	if err := r.print(report, nil, "n|sum of weights|design effect|effective n|smallest|largest|rounds|converged|largest discrepancy",
		[]any{result.N, result.SumWeights, result.Effect, result.EffectiveN, result.Smallest, result.Largest, result.Rounds, result.Converged, result.Discrepancy}); err != nil {
		return err
	}
	if len(result.Means) == 0 {
		return nil
	}
	return r.printEstimates(report, notes, result.Means)
}

// writeWeights writes the rows of the file again, with one column more.
func writeWeights(out io.Writer, c *columns, weights []float64) error {
	w := csv.NewWriter(out)
	if err := w.Write(append(slices.Clone(c.header), "raked_weight")); err != nil {
		return err
	}
	for i, record := range c.records {
		if err := w.Write(append(record, strconv.FormatFloat(weights[i], 'g', -1, 64))); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// totals reads the margins, without the categories of the rows.
func (r *StatisticsRake) totals() ([]statistics.Margin, error) {
	if (r.Margins == "") == (len(r.Margin) == 0) {
		return nil, errors.New("give the margins with --margins FILE, or each with --margin COL=FILE")
	}
	if r.Margins != "" {
		return marginsOf(r.Margins, "")
	}
	var margins []statistics.Margin
	for _, pair := range r.Margin {
		name, path, ok := strings.Cut(pair, "=")
		if !ok || name == "" || path == "" {
			return nil, fmt.Errorf("--margin %s: it takes COL=FILE", pair)
		}
		m, err := marginsOf(path, name)
		if err != nil {
			return nil, err
		}
		margins = append(margins, m...)
	}
	return margins, nil
}

// marginsOf reads a file with the totals of one variable, or of many.
func marginsOf(path, variable string) ([]statistics.Margin, error) {
	w := wanted{names: []string{"category"}, exact: []string{"total"}}
	if variable == "" {
		w.names = append(w.names, "variable")
	}
	c, err := readColumns(path, w)
	if err != nil {
		return nil, err
	}
	var margins []statistics.Margin
	for i, total := range c.numbers["total"] {
		name, category := variable, c.texts["category"][i]
		if variable == "" {
			name = c.texts["variable"][i]
		}
		at := slices.IndexFunc(margins, func(m statistics.Margin) bool { return m.Name == name })
		if at < 0 {
			at = len(margins)
			margins = append(margins, statistics.Margin{Name: name, Totals: map[string]float64{}})
		}
		if _, twice := margins[at].Totals[category]; twice {
			return nil, fmt.Errorf("%s, line %d: %q of %s stands there twice", path, c.lines[i], category, name)
		}
		margins[at].Totals[category] = total
	}
	return margins, nil
}

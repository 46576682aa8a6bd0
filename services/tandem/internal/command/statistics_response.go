package command

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// StatisticsResponseRate counts what became of everybody who was asked.
type StatisticsResponseRate struct {
	outputFlags `embed:""`

	Dispositions string   `required:"" help:"CSV file with the column disposition, and count where a row stands for many; - is standard input." placeholder:"FILE" env:"-"`
	Eligibility  *float64 `help:"Share of the unknown that is eligible (e). Without it: the share among those of whom it is known." placeholder:"SHARE" env:"-"`
	Universe     bool     `help:"Everybody was asked, not a sample: the bound for a bias analysis is 90 % instead of 85 %." env:"-"`
}

// Help lists the dispositions.
func (StatisticsResponseRate) Help() string {
	return `Dispositions, by name or by AAPOR's letter: complete (I), partial (P), refusal (R), noncontact (NC), other (O), unknown_household (UH), unknown_other (UO), ineligible (NE). A count may be weighted.

  disposition,count
  complete,412
  refusal,35
  noncontact,160
  unknown_other,80
  ineligible,13

  tandem statistics response-rate --dispositions dispositions.csv --universe`
}

// Run computes and prints.
func (r *StatisticsResponseRate) Run() error { return r.run(os.Stdout) }

type responseResult struct {
	Eligibility number            `json:"e"`
	Rates       map[string]number `json:"rates"`
	Due         bool              `json:"bias_analysis_due"`
	Reason      string            `json:"reason"`
}

func (r *StatisticsResponseRate) run(out io.Writer) error {
	d, err := readDispositions(r.Dispositions)
	if err != nil {
		return err
	}
	e, err := r.eligibility(d)
	if err != nil {
		return err
	}
	rates, err := d.Rates(e)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Dispositions, err)
	}
	due, err := statistics.BiasAnalysisDue(rates.RR2, r.Universe)
	if err != nil {
		return err
	}
	result := responseResult{Eligibility: number(e), Rates: map[string]number{}, Due: due.Due, Reason: due.Reason}
	var rows [][]any
	for _, rate := range []struct {
		name, text string
		value      float64
	}{
		{"RR1", "whole answers, of all who are or may be eligible", rates.RR1},
		{"RR2", "with partial answers", rates.RR2},
		{"RR3", "whole answers, with the estimated share e of the unknown", rates.RR3},
		{"RR4", "with partial answers", rates.RR4},
		{"RR5", "whole answers, of those known to be eligible", rates.RR5},
		{"RR6", "with partial answers", rates.RR6},
		{"COOP1", "whole answers, of those reached", rates.COOP1},
		{"COOP2", "with partial answers", rates.COOP2},
		{"COOP3", "whole answers, of those reached and able", rates.COOP3},
		{"COOP4", "with partial answers", rates.COOP4},
		{"REF1", "refusals, of all who are or may be eligible", rates.REF1},
		{"REF2", "refusals, with the share e", rates.REF2},
		{"REF3", "refusals, of those known to be eligible", rates.REF3},
		{"CON1", "reached, of all who are or may be eligible", rates.CON1},
		{"CON2", "reached, with the share e", rates.CON2},
		{"CON3", "reached, of those known to be eligible", rates.CON3},
	} {
		result.Rates[rate.name] = number(rate.value)
		rows = append(rows, []any{rate.name, number(rate.value), rate.text})
	}
	rows = append(rows, []any{"e", number(e), "share of the unknown that counts as eligible"})
	if err := r.print(out, result, "rate|value|what", rows...); err != nil || r.JSON {
		return err
	}
	verdict := "not due"
	if due.Due {
		verdict = "due"
	}
	_, err = fmt.Fprintf(out, "\nAn analysis of nonresponse bias is %s (by RR2). %s\n", verdict, due.Reason)
	return err
}

func (r *StatisticsResponseRate) eligibility(d statistics.Dispositions) (float64, error) {
	if r.Eligibility != nil {
		return *r.Eligibility, nil
	}
	e, err := d.Eligibility()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", r.Dispositions, err)
	}
	return e, nil
}

// readDispositions adds up the counts of each disposition.
func readDispositions(path string) (statistics.Dispositions, error) {
	var d statistics.Dispositions
	by := map[string]*float64{
		"complete": &d.Complete, "i": &d.Complete, "partial": &d.Partial, "p": &d.Partial, "refusal": &d.Refusal, "r": &d.Refusal,
		"noncontact": &d.NonContact, "nc": &d.NonContact, "other": &d.Other, "o": &d.Other,
		"unknown_household": &d.UnknownHousehold, "uh": &d.UnknownHousehold, "unknown_other": &d.UnknownOther, "uo": &d.UnknownOther,
		"ineligible": &d.Ineligible, "ne": &d.Ineligible,
	}
	c, err := readColumns(path, wanted{names: []string{"disposition"}, optional: []string{"count"}})
	if err != nil {
		return d, err
	}
	counts := c.numbers["count"]
	for i, name := range c.texts["disposition"] {
		at := by[strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(name))]
		n := 1.0
		if counts != nil {
			n = counts[i]
		}
		switch {
		case at == nil:
			return d, fmt.Errorf("%s, line %d: %q is no disposition; see tandem statistics response-rate --help", path, c.lines[i], name)
		case math.IsNaN(n) || n < 0:
			return d, fmt.Errorf("%s, line %d: the count is a number, zero or more", path, c.lines[i])
		}
		*at += n
	}
	return d, nil
}

package command

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// StatisticsProportions compares two counts.
type StatisticsProportions struct {
	outputFlags `embed:""`

	Counts     []string `arg:"" help:"Two counts, each SUCCESSES/N, such as 120/200 95/190." placeholder:"X/N"`
	Confidence float64  `help:"Confidence of the interval of the difference." default:"0.95" env:"-"`
}

// Run computes and prints.
func (p *StatisticsProportions) Run() error { return p.run(os.Stdout, os.Stderr) }

func (p *StatisticsProportions) run(out, notes io.Writer) error {
	if len(p.Counts) != 2 {
		return fmt.Errorf("it takes two counts, such as 120/200 95/190, and %d were given", len(p.Counts))
	}
	var counts [2]statistics.Count
	for i, text := range p.Counts {
		x, n, _ := strings.Cut(text, "/")
		successes, err1 := strconv.Atoi(x)
		total, err2 := strconv.Atoi(n)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("%q: it takes SUCCESSES/N, such as 120/200", text)
		}
		counts[i] = statistics.Count{Successes: successes, N: total}
	}
	r, err := proportionsOf(counts[0], counts[1], p.Confidence, notes)
	if err != nil {
		return err
	}
	return p.print(out, r, "test|first|second|difference|low|high|z|chi-square|p|effect",
		[]any{r.Test, r.ValueFirst, r.ValueOther, r.Difference, r.Interval.Low, r.Interval.High, r.Statistic, orNone(r.Pearson), r.P, orNone(r.Effect)})
}

// StatisticsAdjust adjusts p values.
type StatisticsAdjust struct {
	outputFlags `embed:""`

	File   string `arg:"" help:"CSV file with a row for each test; - is standard input." placeholder:"FILE"`
	P      string `name:"p" required:"" help:"Column with the p values; missing ones do not count." placeholder:"COL" env:"-"`
	Method string `help:"${enum}: holm keeps the chance of any false finding, bh the share of false ones among the findings." enum:"holm,bh" default:"holm" env:"-"`
}

// Run computes, and prints the rows with one column more.
func (a *StatisticsAdjust) Run() error { return a.run(os.Stdout) }

func (a *StatisticsAdjust) run(out io.Writer) error {
	c, err := readColumns(a.File, wanted{numbers: []string{a.P}, records: true})
	if err != nil {
		return err
	}
	adjusted, err := statistics.AdjustP(c.numbers[a.P], statistics.Adjustment(a.Method))
	if err != nil {
		return c.explain(err)
	}
	if a.JSON {
		var list []number
		for _, p := range adjusted {
			list = append(list, number(p))
		}
		return a.print(out, map[string]any{"method": a.Method, "adjusted": list}, "")
	}
	w := csv.NewWriter(out)
	_ = w.Write(append(slices.Clone(c.header), "adjusted"))
	for i, record := range c.records {
		text := ""
		if !math.IsNaN(adjusted[i]) {
			text = strconv.FormatFloat(adjusted[i], 'g', -1, 64)
		}
		_ = w.Write(append(record, text))
	}
	w.Flush()
	return w.Error()
}

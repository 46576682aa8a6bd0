package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
	"github.com/tandem-badges/tandem/services/assessments/disclosure/csvtable"
)

// Exit codes of `tandem audit disclosure`.
const (
	exitDisclosed = 1
	exitNoTable   = 2
)

// AuditDisclosure computes what readers of published tables can know of the
// numbers that are hidden in them.
type AuditDisclosure struct {
	File    string   `arg:"" help:"Published table to audit: CSV with a first line as tandem disclosure protect writes it." placeholder:"FILE.csv"`
	Earlier []string `arg:"" optional:"" help:"Tables that were published before; what they show and hide is used too." placeholder:"EARLIER.csv"`
	JSON    bool     `name:"json" help:"Print the intervals of all hidden numbers as JSON." env:"-"`
	Top     int      `help:"How many of the narrowest are listed." default:"10" placeholder:"N" env:"-"`
	Minimum int64    `help:"Hold the tables to this minimum instead of the one that the first file names." placeholder:"N" env:"-"`
	Zeros   bool     `help:"Hold zeros to be protected, whatever the first file says." env:"-"`
	Width   int64    `help:"Hold the tables to this width instead of that of the first file." placeholder:"N" env:"-"`
}

// Help tells what an audit finds, and how tables are tied.
func (AuditDisclosure) Help() string {
	return `Reads nothing but the files. Every hidden number is held to the rule, because a reader cannot tell which are small. Its interval is exact: the least and the greatest value with which all sums in all files hold and nobody is counted negatively.

Numbers are the same when they count the same people: same population, same row or group, same column. A file whose rows are another's groups, a file with fewer columns, and one with fewer rows all tie in. Files that cannot all be true are refused.

  tandem audit disclosure public.csv
  tandem audit disclosure public.csv last-round.csv by-district.csv
  tandem audit disclosure --json public.csv

Exit code 0: the rule holds. 1: a number can be found, is too narrow, or is shown although it is protected. 2: a file cannot be read, or the files contradict each other.`
}

// Run audits and prints.
func (a *AuditDisclosure) Run(ctx context.Context) error {
	clean, err := a.run(ctx, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tandem audit disclosure:", err)
		return ExitError{Code: exitNoTable}
	}
	if !clean {
		return ExitError{Code: exitDisclosed}
	}
	return nil
}

func (a *AuditDisclosure) run(ctx context.Context, out io.Writer) (clean bool, err error) {
	tables, err := readTables(append([]string{a.File}, a.Earlier...))
	if err != nil {
		return false, err
	}
	rule := &tables[0].Rule
	if a.Minimum > 0 {
		*rule = disclosure.Rule{Minimum: a.Minimum, Zeros: rule.Zeros}
	}
	if a.Width > 0 {
		rule.Least = a.Width
	}
	rule.Zeros = rule.Zeros || a.Zeros
	joint, err := csvtable.Join(tables...)
	if err != nil {
		return false, err
	}
	report, err := joint.System.AuditUnknown(ctx)
	if errors.Is(err, disclosure.ErrContradiction) {
		return false, fmt.Errorf("%w; files of one population are taken to count the same people, and totals of one name to be one number", err)
	}
	if err != nil {
		return false, err
	}
	clean = report.Clean() && report.Recoverable == 0
	if a.JSON {
		return clean, printIntervals(out, joint.System, report, clean)
	}
	return clean, a.print(out, joint.System, report, clean)
}

// readTables reads published tables.
func readTables(paths []string) ([]*csvtable.Table, error) {
	tables := make([]*csvtable.Table, len(paths))
	for i, path := range paths {
		in, name, done, err := openTable(path)
		if err != nil {
			return nil, err
		}
		tables[i], err = csvtable.Read(name, in)
		done()
		if err != nil {
			return nil, err
		}
	}
	return tables, nil
}

// print writes the narrowest intervals and the verdict for people.
func (a *AuditDisclosure) print(out io.Writer, s *disclosure.System, r disclosure.Report, clean bool) error {
	narrow := slices.Clone(r.Intervals)
	slices.SortStableFunc(narrow, func(x, y disclosure.Interval) int { return cmp.Compare(x.Width(), y.Width()) })
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if len(narrow) > 0 && a.Top > 0 {
		_, _ = fmt.Fprintln(table, "HIDDEN NUMBER\tPOSSIBLE\tWIDTH")
	}
	for _, i := range narrow[:min(max(a.Top, 0), len(narrow))] {
		width := "-"
		if i.High != disclosure.Unbounded {
			width = fmt.Sprint(i.Width())
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.Cells[i.Cell].Label, span(i), width)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	verdict := "The rule holds."
	if !clean {
		verdict = "THE RULE DOES NOT HOLD."
	}
	_, err := fmt.Fprintf(out, "%d hidden numbers; minimum %d, width %d: %d can be found exactly, %d are too narrow, %d are shown although protected.\n%s\n",
		len(r.Intervals), s.Rule.Minimum, s.Rule.Width(), r.Recoverable, r.TooNarrow, r.Exposed, verdict)
	return err
}

// intervalJSON is a hidden number; High and Width are absent where nothing limits
// it. The real ends differ from the whole ones only where sums are no network.
type intervalJSON struct {
	Number   string   `json:"number"`
	Low      int64    `json:"low"`
	High     *int64   `json:"high,omitempty"`
	Width    *int64   `json:"width,omitempty"`
	LowReal  float64  `json:"low_real"`
	HighReal *float64 `json:"high_real,omitempty"`
}

func intervalOf(s *disclosure.System, i disclosure.Interval) *intervalJSON {
	j := &intervalJSON{Number: s.Cells[i.Cell].Label, Low: i.Low, LowReal: i.LowReal}
	if !math.IsInf(i.HighReal, 1) {
		width := i.Width()
		j.High, j.Width, j.HighReal = &i.High, &width, &i.HighReal
	}
	return j
}

func printIntervals(out io.Writer, s *disclosure.System, r disclosure.Report, clean bool) error {
	report := struct {
		Clean       bool            `json:"clean"`
		Minimum     int64           `json:"minimum"`
		Zeros       bool            `json:"zeros"`
		Width       int64           `json:"width"`
		Hidden      int             `json:"hidden"`
		Recoverable int             `json:"recoverable"`
		TooNarrow   int             `json:"too_narrow"`
		Exposed     int             `json:"exposed"`
		Narrowest   *intervalJSON   `json:"narrowest,omitempty"`
		Numbers     []*intervalJSON `json:"numbers"`
	}{
		Clean: clean, Minimum: s.Rule.Minimum, Zeros: s.Rule.Zeros, Width: s.Rule.Width(), Hidden: len(r.Intervals),
		Recoverable: r.Recoverable, TooNarrow: r.TooNarrow, Exposed: r.Exposed, Numbers: []*intervalJSON{},
	}
	if r.Narrowest != nil {
		report.Narrowest = intervalOf(s, *r.Narrowest)
	}
	for _, i := range r.Intervals {
		report.Numbers = append(report.Numbers, intervalOf(s, i))
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(report)
}

package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
	"github.com/tandem-badges/tandem/services/assessments/disclosure/csvtable"
)

// Disclosure are the commands for publishing tables without telling about
// anybody. They need no server.
type Disclosure struct {
	Protect DisclosureProtect `cmd:"" help:"Hide what has to be hidden of a table, and add its totals."`
}

// DisclosureProtect hides small numbers of a table of counts, and others so that
// nobody can subtract them back.
type DisclosureProtect struct {
	File string `arg:"" help:"CSV file with a header and one line per row, or - for standard input." placeholder:"FILE.csv"`

	Rows       string   `required:"" help:"Column that identifies a row, such as a school's id." placeholder:"COL" env:"-"`
	Groups     []string `help:"Columns of what rows belong to, such as their district: each gets totals. They may lie in each other or not." placeholder:"COL,..." env:"-"`
	Cells      []string `required:"" help:"Columns of counts." placeholder:"COL,..." env:"-"`
	Minimum    int64    `required:"" help:"Least number that may be shown: 1 to one less are protected." placeholder:"N" env:"-"`
	Zeros      bool     `help:"Protect zeros as well." env:"-"`
	Width      int64    `help:"How far apart the least and the greatest possible value of a hidden number have to be. One less than the minimum when not given; with 1 numbers cannot be found exactly." placeholder:"N" env:"-"`
	Total      string   `help:"Name of the column with the sum of the cells; - for none. If the file has it, it is checked." default:"total" env:"-"`
	Keep       []string `help:"Further columns to carry over, such as names." placeholder:"COL,..." env:"-"`
	Population string   `help:"Who was counted and when, such as families-2026-1. Tables of one population are audited together." placeholder:"NAME" env:"-"`
	Selection  string   `help:"Name of a choice of rows, when the file does not have all of the population: its totals are then not those of all." placeholder:"NAME" env:"-"`
	Earlier    []string `help:"Tables of the same people that were published before: what they show stays shown, what they hide stays hidden, and the rule holds for all together." placeholder:"FILE,..." env:"-"`
	Output     string   `help:"File that gets the table instead of standard output." placeholder:"FILE" env:"-"`
}

// Help tells what is done and shows examples.
func (DisclosureProtect) Help() string {
	return `Numbers from 1 to the minimum less one are hidden, and with them as few others as we find so that nobody who adds and subtracts what is shown, and knows that there are no negative people, can come closer to a hidden number than the width. The table gets totals by row, by group and of all; hidden numbers are written as *. Its first line says what it is, so that ` + "`tandem audit disclosure`" + ` can check it by itself. What was done is told on standard error.

  tandem disclosure protect --rows school_id --groups district_id --cells asian,black,white --minimum 10 schools.csv > public.csv
  tandem disclosure protect --rows school --groups feeder,district --cells yes,no --minimum 5 --zeros --population families-2026-1 --output public.csv answers.csv
  tandem disclosure protect --rows district --cells yes,no --minimum 5 --population families-2026-1 --earlier public.csv districts.csv

Exit code 0: done. 1: the file is wrong, or the table cannot be protected; nothing is written.`
}

// Run protects and writes.
func (p *DisclosureProtect) Run(ctx context.Context) (err error) {
	in, name, done, err := openTable(p.File)
	if err != nil {
		return err
	}
	defer done()
	table, err := csvtable.Load(name, in, p.layout())
	if err != nil {
		return err
	}
	earlier, err := readTables(p.Earlier)
	if err != nil {
		return err
	}
	outcome, err := table.ProtectAfter(ctx, earlier...)
	if err != nil {
		return err
	}
	if err := p.write(table); err != nil {
		return err
	}
	return p.summary(ctx, os.Stderr, outcome, append([]*csvtable.Table{table}, earlier...))
}

func (p *DisclosureProtect) layout() csvtable.Layout {
	l := csvtable.Layout{
		Rows: p.Rows, Groups: p.Groups, Cells: p.Cells, Total: p.Total, Keep: p.Keep,
		Population: p.Population, Selection: p.Selection,
		Rule: disclosure.Rule{Minimum: p.Minimum, Zeros: p.Zeros, Least: p.Width},
	}
	if l.Total == "-" {
		l.Total = ""
	}
	return l
}

// write writes a file whole or not at all.
func (p *DisclosureProtect) write(table *csvtable.Table) error {
	if p.Output == "" || p.Output == "-" {
		out := bufio.NewWriter(os.Stdout)
		return errors.Join(table.Write(out), out.Flush())
	}
	part := p.Output + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the file that the operator names
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	out := bufio.NewWriter(file)
	if err := errors.Join(table.Write(out), out.Flush(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, p.Output)
}

// summary says what was hidden, and audits the tables as their readers see them.
func (p *DisclosureProtect) summary(ctx context.Context, out io.Writer, outcome disclosure.Outcome, tables []*csvtable.Table) error {
	joint, err := csvtable.Join(tables...)
	if err != nil {
		return err
	}
	report, err := joint.System.AuditUnknown(ctx)
	if err != nil {
		return err
	}
	cells := len(joint.System.Cells)
	_, err = fmt.Fprintf(out, "%d of %d numbers hidden: %d that are protected, %d for their sake (%.3f times as many in all)\n",
		outcome.Primary+outcome.Secondary, cells, outcome.Primary, outcome.Secondary, outcome.Ratio())
	if err != nil || report.Narrowest == nil {
		return err
	}
	_, err = fmt.Fprintf(out, "narrowest: %s, %s; the rule asks for a width of %d; %d can be found exactly, %d are too narrow\n",
		joint.System.Cells[report.Narrowest.Cell].Label, span(*report.Narrowest), tables[0].Rule.Width(), report.Recoverable, report.TooNarrow)
	return err
}

// span writes an interval.
func span(i disclosure.Interval) string {
	if i.High == disclosure.Unbounded {
		return fmt.Sprintf("%d or more", i.Low)
	}
	if i.Low == i.High {
		return fmt.Sprintf("%d exactly", i.Low)
	}
	return fmt.Sprintf("%d to %d", i.Low, i.High)
}

// openTable opens a file, or standard input.
func openTable(path string) (in io.Reader, name string, done func(), err error) {
	if path == "-" {
		return os.Stdin, "standard input", func() {}, nil
	}
	file, err := os.Open(path) //nolint:gosec // the file that was named
	if err != nil {
		return nil, "", nil, err
	}
	return file, path, func() { _ = file.Close() }, nil
}

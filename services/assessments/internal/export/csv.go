package export

import (
	"encoding/csv"
	"io"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// table writes lines of CSV (RFC 4180, UTF-8). A text that a spreadsheet would
// take for a formula gets an apostrophe before it.
type table struct {
	to   *csv.Writer
	rows int64
}

func newTable(to io.Writer, header []string) (*table, error) {
	t := &table{to: csv.NewWriter(to)}
	t.to.UseCRLF = true
	return t, t.to.Write(header)
}

func (t *table) line(fields ...any) error {
	record := make([]string, len(fields))
	for i, f := range fields {
		record[i] = text(f)
	}
	t.rows++
	return t.to.Write(record)
}

// Rows is how many lines were written after the header.
func (t *table) Rows() int64 { return t.rows }

// Close ends the file.
func (t *table) Close() error {
	t.to.Flush()
	return t.to.Error()
}

type csvWriter struct {
	*table
	about About
}

func newCSV(about About, to io.Writer) (*csvWriter, error) {
	t, err := newTable(to, Columns)
	return &csvWriter{t, about}, err
}

// Page adds the lines of a page.
func (w *csvWriter) Page(p rollup.Page) error {
	for _, row := range rowsOf(w.about, p) {
		if err := w.line(row.fields()...); err != nil {
			return err
		}
	}
	w.to.Flush()
	return w.to.Error()
}

package export

import (
	"errors"
	"io"

	"github.com/xuri/excelize/v2"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Sheets of the workbook.
const (
	resultsSheet  = "Results"
	codebookSheet = "Codebook"
)

// lastLine is how many lines a sheet can have.
const lastLine = 1_048_576

// errFull says that a sheet is full.
var errFull = errors.New("the release has more lines than a worksheet can hold; choose CSV or Parquet")

type xlsxWriter struct {
	file  *excelize.File
	sheet *excelize.StreamWriter
	to    io.Writer
	about About
	line  int
}

func newXLSX(about About, to io.Writer) (*xlsxWriter, error) {
	file := excelize.NewFile()
	if err := file.SetSheetName("Sheet1", resultsSheet); err != nil {
		return nil, err
	}
	if _, err := file.NewSheet(codebookSheet); err != nil {
		return nil, err
	}
	sheet, err := file.NewStreamWriter(resultsSheet)
	if err != nil {
		return nil, err
	}
	w := &xlsxWriter{file: file, sheet: sheet, to: to, about: about}
	header := make([]any, len(Columns))
	for i, c := range Columns {
		header[i] = c
	}
	return w, w.write(sheet, &w.line, header)
}

// write adds a line. Texts are kept as texts, so that none becomes a formula.
func (w *xlsxWriter) write(sheet *excelize.StreamWriter, line *int, fields []any) error {
	if *line++; *line > lastLine {
		return errFull
	}
	cell, err := excelize.CoordinatesToCellName(1, *line)
	if err != nil {
		return err
	}
	for i, f := range fields {
		switch v := f.(type) {
		case *int64:
			fields[i] = nil
			if v != nil {
				fields[i] = *v
			}
		case *float64:
			fields[i] = nil
			if v != nil {
				fields[i] = *v
			}
		}
	}
	return sheet.SetRow(cell, fields)
}

// Page adds the lines of a page.
func (w *xlsxWriter) Page(p rollup.Page) error {
	for _, row := range rowsOf(w.about, p) {
		if err := w.write(w.sheet, &w.line, row.fields()); err != nil {
			return err
		}
	}
	return nil
}

// Rows is how many lines were written after the header.
func (w *xlsxWriter) Rows() int64 { return int64(w.line - 1) }

// Close adds the codebook and ends the file.
func (w *xlsxWriter) Close() error {
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	book, err := w.file.NewStreamWriter(codebookSheet)
	if err != nil {
		return err
	}
	line := 0
	if err := w.write(book, &line, anyOf(codebookColumns)); err != nil {
		return err
	}
	for _, e := range entries(w.about) {
		if err := w.write(book, &line, anyOf(e.fields())); err != nil {
			return err
		}
	}
	if err := book.Flush(); err != nil {
		return err
	}
	if err := w.file.Write(w.to); err != nil {
		return err
	}
	return w.file.Close()
}

func anyOf(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

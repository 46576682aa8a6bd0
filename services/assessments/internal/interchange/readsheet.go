package interchange

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds of a workbook.
const (
	maxUnzipped = 32 << 20 // bytes of all parts together
	maxRows     = 5000
	maxColumns  = 300
)

// grid is a sheet read: rows as maps from column to text, with their numbers.
type grid struct {
	columns []string
	rows    []gridRow
}

type gridRow struct {
	number int // as a spreadsheet counts
	cells  map[string]string
}

// open reads the sheets of a workbook. A cell with a formula has the value that was
// stored with it; nothing is computed.
func open(content []byte) (sheets map[string]grid, err error) {
	// The reader of workbooks is not ours, and a file may be made to break it.
	defer func() {
		if r := recover(); r != nil {
			sheets, err = nil, refused("xlsform", "Save the workbook again as .xlsx: it is damaged.")
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true,
	})
	if err != nil {
		return nil, refused("xlsform", "Give a workbook (.xlsx) of at most %d MiB unpacked, without a password.", maxUnzipped>>20)
	}
	defer f.Close()
	sheets = map[string]grid{}
	for _, name := range f.GetSheetList() {
		known := strings.ToLower(strings.TrimSpace(name))
		switch known {
		case sheetSurvey, sheetChoices, sheetSettings, sheetScales:
		default:
			continue
		}
		if sheets[known], err = readGrid(f, name); err != nil {
			return nil, err
		}
	}
	return sheets, nil
}

func readGrid(f *excelize.File, name string) (grid, error) {
	var g grid
	rows, err := f.Rows(name)
	if err != nil {
		return g, refused("xlsform", "Save the workbook again: sheet %q is damaged.", name)
	}
	defer rows.Close()
	for n := 1; rows.Next(); n++ {
		if n > maxRows {
			return g, refused("too_many", "Give sheet %q at most %d rows.", name, maxRows)
		}
		cells, err := rows.Columns()
		if err != nil {
			return g, refused("xlsform", "Save the workbook again: row %d of sheet %q is damaged.", n, name)
		}
		if err := g.take(n, cells); err != nil {
			return g, err
		}
	}
	return g, rows.Error()
}

func (g *grid) take(n int, cells []string) error {
	if g.columns == nil {
		if empty(cells) {
			return nil
		}
		if len(cells) > maxColumns {
			return refused("too_many", "Give a sheet at most %d columns.", maxColumns)
		}
		for _, c := range cells {
			g.columns = append(g.columns, strings.TrimSpace(c))
		}
		return nil
	}
	row := gridRow{number: n, cells: map[string]string{}}
	for i, c := range cells {
		if i < len(g.columns) && g.columns[i] != "" && strings.TrimSpace(c) != "" {
			row.cells[g.columns[i]] = c
		}
	}
	if len(row.cells) > 0 {
		g.rows = append(g.rows, row)
	}
	return nil
}

func empty(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// get is a cell without blanks around it.
func (r gridRow) get(column string) string { return strings.TrimSpace(r.cells[column]) }

func (r gridRow) yes(column string) bool {
	switch strings.ToLower(r.get(column)) {
	case "yes", "true", "true()", "1":
		return true
	}
	return false
}

func (r gridRow) at(sheet string) string { return fmt.Sprintf("%s row %d", sheet, r.number) }

package csvtable

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// bom is what some programs write before UTF-8.
const bom = "\ufeff"

// source reads records of a file with their lines.
type source struct {
	name   string
	before int // lines before the header
	csv    *csv.Reader
	column map[string]int
}

// open reads the header of a file.
func open(name string, r io.Reader, before int) (*source, error) {
	s := &source{name: name, before: before, csv: csv.NewReader(r), column: map[string]int{}}
	header, err := s.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, s.problem(0, "", "the file has no header")
	}
	if err != nil {
		return nil, s.broken(err)
	}
	for i, name := range header {
		if _, twice := s.column[name]; twice && name != "" {
			return nil, s.problem(before+1, name, "the header has this column twice")
		}
		s.column[name] = i
	}
	return s, nil
}

// withoutBOM leaves out the mark that some programs write before UTF-8.
func withoutBOM(r io.Reader) *bufio.Reader {
	b := bufio.NewReader(r)
	if start, err := b.Peek(len(bom)); err == nil && string(start) == bom {
		_, _ = b.Discard(len(bom))
	}
	return b
}

// next is the next record and its line; io.EOF at the end.
func (s *source) next() ([]string, int, error) {
	record, err := s.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, io.EOF
	}
	if err != nil {
		return nil, 0, s.broken(err)
	}
	line, _ := s.csv.FieldPos(0)
	return record, line + s.before, nil
}

// broken tells what is wrong with the form of a file.
func (s *source) broken(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return s.problem(parse.Line+s.before, "", parse.Err.Error())
	}
	return s.problem(0, "", err.Error())
}

func (s *source) problem(line int, column, text string) error {
	return &Problem{Name: s.name, Line: line, Column: column, Text: text}
}

// has checks that columns are there.
func (s *source) has(columns ...string) error {
	var missing []string
	for _, c := range columns {
		if _, ok := s.column[c]; !ok {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return s.problem(s.before+1, "", "the header has no column "+strings.Join(missing, ", "))
	}
	return nil
}

// text is a field that may not be empty. Ids that a spreadsheet would run as a
// formula are refused, since they cannot be changed without becoming others.
func (s *source) text(record []string, line int, column string) (string, error) {
	v := record[s.column[column]]
	switch {
	case strings.TrimSpace(v) == "":
		return "", s.problem(line, column, "is empty")
	case isFormula(v):
		return "", s.problem(line, column, "begins like a formula, which spreadsheets would run")
	}
	return v, nil
}

// isFormula tells whether a spreadsheet would run a text. Numbers with a sign are
// none.
func isFormula(v string) bool {
	switch v[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		return len(v) == 1 || v[1] < '0' || v[1] > '9' || strings.ContainsAny(v[1:], "+-*/(")
	}
	return false
}

// Load reads raw data, one line per row, and adds the totals by row, group and of
// all. A total that the data have is checked.
func Load(name string, r io.Reader, layout Layout) (*Table, error) {
	if err := layout.check(); err != nil {
		return nil, err
	}
	s, err := open(name, withoutBOM(r), 0)
	if err != nil {
		return nil, err
	}
	if err := s.has(slices.Concat([]string{layout.Rows}, layout.Groups, layout.Cells, layout.Keep)...); err != nil {
		return nil, err
	}
	t := &Table{Layout: layout, Name: name}
	seen := map[string]int{}
	for {
		record, line, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		row, err := t.row(s, record, line)
		if err != nil {
			return nil, err
		}
		if first, twice := seen[row.ID]; twice {
			return nil, s.problem(line, layout.Rows, fmt.Sprintf("%s stands in line %d already", quoted(row.ID), first))
		}
		seen[row.ID] = line
		t.Records = append(t.Records, row)
	}
	if len(t.Records) == 0 {
		return nil, s.problem(0, "", "the file has no rows")
	}
	t.addTotals()
	return t, nil
}

// row reads one line of raw data.
func (t *Table) row(s *source, record []string, line int) (Record, error) {
	row := Record{Line: line, Row: true}
	var err error
	if row.ID, err = s.text(record, line, t.Rows); err != nil {
		return row, err
	}
	for _, g := range t.Groups {
		id, err := s.text(record, line, g)
		if err != nil {
			return row, err
		}
		row.Groups = append(row.Groups, id)
	}
	for _, k := range t.Keep {
		row.Keep = append(row.Keep, record[s.column[k]])
	}
	var sum int64
	for _, c := range t.Cells {
		n, err := s.count(record, line, c)
		if err != nil {
			return row, err
		}
		sum += n
		row.Values = append(row.Values, Value{Count: n})
	}
	if t.Total == "" {
		return row, nil
	}
	if _, given := s.column[t.Total]; given {
		n, err := s.count(record, line, t.Total)
		if err != nil {
			return row, err
		}
		if n != sum {
			return row, s.problem(line, t.Total, fmt.Sprintf("is %d, but the cells add up to %d; give the sum another name with --total", n, sum))
		}
	}
	row.Values = append(row.Values, Value{Count: sum})
	return row, nil
}

// count reads a number that has to be there.
func (s *source) count(record []string, line int, column string) (int64, error) {
	text := strings.TrimSpace(record[s.column[column]])
	if text == "" {
		return 0, s.problem(line, column, "is empty; write 0 where nobody is")
	}
	n, err := number(text)
	if err != nil {
		return 0, s.problem(line, column, err.Error())
	}
	return n, nil
}

// addTotals adds a total for each group, in order of their first rows, and one of
// all.
func (t *Table) addTotals() {
	rows := t.Records
	for g, column := range t.Groups {
		at := map[string]int{}
		for _, r := range rows {
			n, known := at[r.Groups[g]]
			if !known {
				n = len(t.Records)
				at[r.Groups[g]] = n
				t.Records = append(t.Records, t.empty(column, r.Groups[g]))
			}
			t.Records[n].add(r)
		}
	}
	all := t.empty("", "")
	for _, r := range rows {
		all.add(r)
	}
	t.Records = append(t.Records, all)
}

func (t *Table) empty(group, id string) Record {
	return Record{Group: group, ID: id, Keep: make([]string, len(t.Keep)), Values: make([]Value, len(t.counted()))}
}

// add adds a row to a total. Groups that all rows of the total share are told.
func (r *Record) add(row Record) {
	if r.Groups == nil {
		r.Groups = slices.Clone(row.Groups)
	}
	for i, g := range row.Groups {
		if r.Groups[i] != g {
			r.Groups[i] = ""
		}
	}
	for i, v := range row.Values {
		r.Values[i].Count += v.Count
	}
}

package csvtable

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// longestLine bounds the first line of a file.
const longestLine = 1 << 16

// Read reads a published table. Numbers are taken as they are: that they add up
// is for the audit to see.
func Read(name string, r io.Reader) (*Table, error) {
	b := withoutBOM(r)
	first, err := firstLine(b)
	if err != nil {
		return nil, &Problem{Name: name, Line: 1, Text: err.Error()}
	}
	layout, err := understand(first)
	if err != nil {
		return nil, &Problem{Name: name, Line: 1, Text: err.Error()}
	}
	s, err := open(name, b, 1)
	if err != nil {
		return nil, err
	}
	if err := s.has(slices.Concat([]string{layout.Rows}, layout.Groups, layout.counted())...); err != nil {
		return nil, err
	}
	t := &Table{Layout: layout, Name: name}
	seen := map[[2]string]int{}
	for {
		record, line, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		rec, err := t.published(s, record, line)
		if err != nil {
			return nil, err
		}
		if known, twice := seen[rec.key(t)]; twice {
			return nil, s.problem(line, "", fmt.Sprintf("%s stands in line %d already", rec.title(t), known))
		}
		seen[rec.key(t)] = line
		t.Records = append(t.Records, rec)
	}
	if len(t.Records) == 0 {
		return nil, s.problem(0, "", "the file has no rows")
	}
	return t, nil
}

func firstLine(b *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := b.ReadByte()
		if errors.Is(err, io.EOF) || c == '\n' {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
		if line = append(line, c); len(line) > longestLine {
			return "", errors.New("the first line is too long")
		}
	}
}

// published reads one line of a published table.
func (t *Table) published(s *source, record []string, line int) (Record, error) {
	rec := Record{Line: line, Groups: make([]string, len(t.Groups))}
	for i, g := range t.Groups {
		rec.Groups[i] = record[s.column[g]]
	}
	id := record[s.column[t.Rows]]
	level, err := t.level(s, record, line, id)
	if err != nil {
		return rec, err
	}
	switch group, is := strings.CutPrefix(level, byGroup); {
	case level == levelRow:
		rec.Row, rec.ID = true, id
	case level == levelAll:
	case is && slices.Contains(t.Groups, group):
		rec.Group, rec.ID = group, record[s.column[group]]
	default:
		return rec, s.problem(line, levelColumn, fmt.Sprintf("%s is no level of this table", quoted(level)))
	}
	if level != levelAll && strings.TrimSpace(rec.ID) == "" {
		return rec, s.problem(line, "", "a "+level+" has no id")
	}
	for _, c := range t.counted() {
		text := strings.TrimSpace(record[s.column[c]])
		if text == hiddenMark {
			rec.Values = append(rec.Values, Value{Hidden: true})
			continue
		}
		n, err := total(text)
		if err != nil {
			return rec, s.problem(line, c, err.Error()+", and not * for a hidden number")
		}
		rec.Values = append(rec.Values, Value{Count: n})
	}
	return rec, nil
}

// level is what kind of line this is. Where the file does not say it, a row has an
// id, a total by group the group's, and the total of all none.
func (t *Table) level(s *source, record []string, line int, id string) (string, error) {
	if at, told := s.column[levelColumn]; told {
		return record[at], nil
	}
	if id != "" {
		return levelRow, nil
	}
	level := levelAll
	for _, g := range t.Groups {
		if record[s.column[g]] == "" {
			continue
		}
		if level != levelAll {
			return "", s.problem(line, "", "several groups are named, so that it is not clear of which this is the total; add a column "+levelColumn)
		}
		level = byGroup + g
	}
	return level, nil
}

// total reads a published number, which may be a total and larger than a count.
func total(text string) (int64, error) {
	if len(text) > 9 && strings.Trim(text, "0123456789") == "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && n <= 1<<40 {
			return n, nil
		}
	}
	return number(text)
}

// key identifies a record in its table.
func (r Record) key(t *Table) [2]string {
	if r.Row {
		return [2]string{t.Rows, r.ID}
	}
	return [2]string{r.Group, r.ID}
}

// title names a record.
func (r Record) title(t *Table) string {
	key := r.key(t)
	if key[0] == "" {
		return "the total"
	}
	return key[0] + " " + key[1]
}

// Write writes the table as it is published.
func (t *Table) Write(w io.Writer) error {
	if _, err := io.WriteString(w, t.describe()+"\n"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(slices.Concat([]string{levelColumn}, t.Groups, []string{t.Rows}, t.Keep, t.counted())); err != nil {
		return err
	}
	for _, r := range t.Records {
		if err := out.Write(t.line(r)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (t *Table) line(r Record) []string {
	level, id := levelAll, ""
	switch {
	case r.Row:
		level, id = levelRow, r.ID
	case r.Group != "":
		level = byGroup + r.Group
	}
	fields := []string{level}
	for i := range t.Groups {
		group := ""
		if level != levelAll {
			group = r.Groups[i]
		}
		fields = append(fields, group)
	}
	fields = append(fields, id)
	for _, k := range r.Keep {
		if k != "" && isFormula(k) {
			k = "'" + k // shown as it is by spreadsheets, and not run
		}
		fields = append(fields, k)
	}
	for _, v := range r.Values {
		text := hiddenMark
		if !v.Hidden {
			text = strconv.FormatInt(v.Count, 10)
		}
		fields = append(fields, text)
	}
	return fields
}

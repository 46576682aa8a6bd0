package csvtable

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// Joint is several tables as one system. A cell is known by whom it counts and by
// its column: the same row, or the same group as a whole, of the same population
// is the same number in every table.
type Joint struct {
	System *disclosure.System
	values bool // the first table has the true values
	tables []*Table
	cells  [][][]int         // by table, record and value
	known  map[string]*entry // by identity
	sums   map[string]bool   // those that are in the system
	extent map[place]*extent
	// columns are the last parts of identities, by population.
	columns map[string]map[string]bool
}

// entry is a number that several tables may print: some its value, others a mark.
type entry struct {
	shown, hidden int // cells, -1 for none
	where         string
	// held tells that the number is hidden elsewhere, in a joint whose first table
	// has all values.
	held bool
}

// cell is what sums are made of.
func (e *entry) cell() int {
	if e.shown >= 0 {
		return e.shown
	}
	return e.hidden
}

// place is a group of rows, or all of them when the group column is empty.
type place struct{ population, rows, group, id string }

// extent is which rows of a place the tables print.
type extent struct {
	rows map[string]bool
	// whole tells that one table prints all of them under its total.
	whole bool
}

// Join ties tables together. It fails when two tables show different values of the
// same number.
func Join(tables ...*Table) (*Joint, error) { return join(false, tables) }

// join ties tables. When the first has the true values, what others hide of them is
// the same cell, and not one beside it.
func join(values bool, tables []*Table) (*Joint, error) {
	if len(tables) == 0 {
		return nil, errors.New("there is no table")
	}
	j := &Joint{
		values: values,
		System: &disclosure.System{Rule: tables[0].Rule}, tables: tables,
		known: map[string]*entry{}, sums: map[string]bool{}, extent: map[place]*extent{}, columns: map[string]map[string]bool{},
	}
	of := make([]members, len(tables))
	for i, t := range tables {
		of[i] = membersOf(t)
		j.extend(t, of[i])
	}
	for i, t := range tables {
		if err := j.place(t, of[i], totalName(t, tables)); err != nil {
			return nil, err
		}
	}
	j.addPrinted(of)
	j.addWholes()
	return j, nil
}

// extend notes which rows a table prints of each of its groups.
func (j *Joint) extend(t *Table, m members) {
	for g, byID := range m.rows {
		for id, rows := range byID {
			p := place{t.Population, t.Rows, g, id}
			e := j.extent[p]
			if e == nil {
				e = &extent{rows: map[string]bool{}}
				j.extent[p] = e
			}
			for _, r := range rows {
				e.rows[t.Records[r].ID] = true
			}
		}
	}
}

// subject is whom a record counts. A total that does not cover all rows that are
// known of its group is a number of its own, known by the rows it covers.
func (j *Joint) subject(t *Table, r Record, m members) string {
	if r.Row {
		return subject(t.Population, t.Rows, r.ID)
	}
	rows := m.rows[r.Group][r.ID]
	if len(rows) == 0 {
		return subject(t.Population, r.Group, r.ID)
	}
	e := j.extent[place{t.Population, t.Rows, r.Group, r.ID}]
	if t.Selection == "" && len(rows) == len(e.rows) {
		e.whole = true
		return subject(t.Population, r.Group, r.ID)
	}
	ids := make([]string, len(rows))
	for i, n := range rows {
		ids[i] = t.Records[n].ID
	}
	slices.Sort(ids)
	return subject(append([]string{t.Population, r.Group, r.ID, t.Rows}, ids...)...)
}

// subject joins names so that no two lists become one.
func subject(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(strconv.Quote(n))
	}
	return b.String()
}

// place makes cells of a table's numbers.
func (j *Joint) place(t *Table, m members, total string) error {
	columns := t.counted()
	suffix := make([]string, len(columns))
	if j.columns[t.Population] == nil {
		j.columns[t.Population] = map[string]bool{}
	}
	for v, c := range columns {
		if suffix[v] = subject(c); v == len(t.Cells) {
			suffix[v] += total
		}
		j.columns[t.Population][suffix[v]] = true
	}
	var cells [][]int
	for _, r := range t.Records {
		who := j.subject(t, r, m)
		var row []int
		for v, value := range r.Values {
			c, err := j.number(who+suffix[v], value, t, r, columns[v])
			if err != nil {
				return err
			}
			row = append(row, c)
		}
		cells = append(cells, row)
	}
	j.cells = append(j.cells, cells)
	return nil
}

// number is the cell of a number. Where one table hides what another shows, the
// hidden cell is a cell of its own, equal to the shown one.
func (j *Joint) number(key string, v Value, t *Table, r Record, column string) (int, error) {
	e := j.known[key]
	if e == nil {
		e = &entry{shown: -1, hidden: -1}
		j.known[key] = e
	}
	label := r.title(t) + ", " + column
	switch {
	case v.Hidden && e.shown >= 0 && j.values:
		e.held = true
		return e.shown, nil
	case v.Hidden && e.hidden < 0:
		e.hidden = j.add(disclosure.Cell{Status: disclosure.Hidden, Label: label})
	case !v.Hidden && e.shown < 0:
		e.shown, e.where = j.add(disclosure.Cell{Value: v.Count, Label: label}), t.Name
	case !v.Hidden && j.System.Cells[e.shown].Value != v.Count:
		other := j.System.Cells[e.shown].Value
		return 0, &Problem{Name: t.Name, Line: r.Line, Column: column, Text: fmt.Sprintf(
			"%d contradicts %d of the same number in %s; if they count different people, give the tables different populations or selections, or the totals different names",
			v.Count, other, e.where)}
	default:
		if v.Hidden {
			return e.hidden, nil
		}
		return e.shown, nil
	}
	if e.hidden >= 0 && e.shown >= 0 {
		j.sum(e.hidden, []int{e.shown})
	}
	if v.Hidden {
		return e.hidden, nil
	}
	return e.shown, nil
}

func (j *Joint) add(c disclosure.Cell) int {
	j.System.Cells = append(j.System.Cells, c)
	return len(j.System.Cells) - 1
}

// sum adds a sum once.
func (j *Joint) sum(total int, parts []int) {
	key := fmt.Sprint(total, parts)
	if !j.sums[key] && len(parts) > 0 && !slices.Contains(parts, total) {
		j.sums[key] = true
		j.System.Sums = append(j.System.Sums, disclosure.Sum{Total: total, Parts: parts})
	}
}

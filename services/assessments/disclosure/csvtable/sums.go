package csvtable

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// members are the rows of each group of a table, as indexes of records, by group
// column and id. The empty column holds all rows.
type members struct {
	rows map[string]map[string][]int
	// printed are the records of totals, by group column and id.
	printed map[string]map[string]int
	// order are the group columns, those with the most groups first.
	order []string
}

func membersOf(t *Table) members {
	m := members{rows: map[string]map[string][]int{"": {}}, printed: map[string]map[string]int{"": {}}, order: slices.Clone(t.Groups)}
	for _, g := range t.Groups {
		m.rows[g], m.printed[g] = map[string][]int{}, map[string]int{}
	}
	for n, r := range t.Records {
		if !r.Row {
			m.printed[r.Group][r.ID] = n
			continue
		}
		m.rows[""][""] = append(m.rows[""][""], n)
		for i, g := range t.Groups {
			if r.Groups[i] != "" {
				m.rows[g][r.Groups[i]] = append(m.rows[g][r.Groups[i]], n)
			}
		}
	}
	slices.SortStableFunc(m.order, func(a, b string) int { return cmp.Compare(len(m.rows[b]), len(m.rows[a])) })
	return m
}

// addPrinted ties the cells of each table.
func (j *Joint) addPrinted(of []members) {
	shown := map[int]int{}
	for _, e := range j.known {
		if e.shown >= 0 && e.hidden >= 0 {
			shown[e.hidden] = e.shown
		}
	}
	for i, t := range j.tables {
		// Where a number is shown elsewhere, sums are made of the shown cell.
		cells := make([][]int, len(t.Records))
		for n, row := range j.cells[i] {
			cells[n] = slices.Clone(row)
			for v, c := range row {
				if s, is := shown[c]; is {
					cells[n][v] = s
				}
			}
		}
		j.addSums(t, of[i], cells)
	}
}

// addSums ties the cells of a table: rows add up to their totals, and totals are
// made of the largest groups that lie in them, or of rows.
func (j *Joint) addSums(t *Table, m members, cells [][]int) {
	j.across(t, cells, true)
	for level, g := range append(slices.Clone(m.order), "") {
		for _, id := range slices.Sorted(maps.Keys(m.printed[g])) {
			parts := m.partsOf(t, level, g, id)
			for v, total := range cells[m.printed[g][id]] {
				column := make([]int, len(parts))
				for k, p := range parts {
					column[k] = cells[p][v]
				}
				j.sum(total, column)
			}
		}
	}
	j.across(t, cells, false)
}

// across ties the cells of each row, or of each total, to their sum. Those of totals
// follow from all others and come last.
func (j *Joint) across(t *Table, cells [][]int, rows bool) {
	for n, row := range cells {
		if len(row) > len(t.Cells) && t.Records[n].Row == rows {
			j.sum(row[len(t.Cells)], row[:len(t.Cells)])
		}
	}
}

// partsOf are the records that a total is the sum of. Candidates are the group
// columns before it, which have more groups: one whose groups all lie inside or
// outside and are printed. The last of them has the largest groups.
func (m members) partsOf(t *Table, level int, group, id string) []int {
	rows := m.rows[group][id]
	for k := level - 1; k >= 0; k-- {
		if parts, ok := m.cover(t, m.order[k], rows); ok {
			return parts
		}
	}
	return rows
}

// cover tells whether printed groups of a column have exactly these rows.
func (m members) cover(t *Table, column string, rows []int) ([]int, bool) {
	at := slices.Index(t.Groups, column)
	var parts []int
	covered := 0
	seen := map[string]bool{}
	for _, n := range rows {
		id := t.Records[n].Groups[at]
		if seen[id] {
			continue
		}
		seen[id] = true
		record, printed := m.printed[column][id]
		if !printed {
			return nil, false
		}
		parts = append(parts, record)
		covered += len(m.rows[column][id])
	}
	return parts, len(rows) > 0 && covered == len(rows)
}

// addWholes ties groups that one table prints as a whole to rows that others print
// of them: they are not more than the group.
func (j *Joint) addWholes() {
	places := slices.SortedFunc(maps.Keys(j.extent), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.population, b.population), cmp.Compare(a.rows, b.rows), cmp.Compare(a.group, b.group), cmp.Compare(a.id, b.id))
	})
	for _, p := range places {
		e := j.extent[p]
		if e.whole {
			continue
		}
		for _, column := range slices.Sorted(maps.Keys(j.columns[p.population])) {
			whole := j.known[subject(p.population, p.group, p.id)+column]
			if whole == nil {
				continue
			}
			var parts []int
			for _, row := range slices.Sorted(maps.Keys(e.rows)) {
				if known := j.known[subject(p.population, p.rows, row)+column]; known != nil {
					parts = append(parts, known.cell())
				}
			}
			if len(parts) > 0 {
				rest := j.add(disclosure.Cell{Status: disclosure.Free, Label: "the rest of " + p.group + " " + p.id})
				j.sum(whole.cell(), append(parts, rest))
			}
		}
	}
}

// totalName tells totals apart that have one name. A total over some of the
// columns which another table adds up under the same name is a number of its own;
// totals over other columns, such as pupils by race and by sex, are one.
func totalName(t *Table, tables []*Table) string {
	for _, other := range tables {
		if other.Total == t.Total && other.Population == t.Population && len(t.Cells) < len(other.Cells) && !slices.ContainsFunc(t.Cells, func(c string) bool {
			return !slices.Contains(other.Cells, c)
		}) {
			return subject(slices.Sorted(slices.Values(t.Cells))...)
		}
	}
	return ""
}

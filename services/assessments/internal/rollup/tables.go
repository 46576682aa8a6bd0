package rollup

import (
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// Wave names the people that a publication asks: an instrument in a wave of a cycle.
type Wave struct {
	Instrument string // family, e.g. family-survey
	Cycle      string // resource name
	Number     int
}

// Tables are the tables of a tree for the release engine: for each question one of
// everybody, and one for each group, of districts and above only. Places that are the
// same people, such as a district of one school and the school, are one row.
func (t *Tree) Tables(w Wave) []release.Table {
	rows, places := t.rows()
	top := t.tops(rows)
	var out []release.Table
	for q, question := range t.questions {
		categories := t.categories(q)
		base := release.Table{
			Population: w.population(question.ID, categories), Of: w.String(), Round: t.Places[0].Round, Categories: categories,
		}
		whole := base
		whole.Places = places
		for _, i := range rows {
			whole.Counts = append(whole.Counts, cells(t.Places[i].Counts.Counts, q, len(categories)))
		}
		out = append(out, whole)
		for _, key := range t.groupKeys() {
			part := base
			part.Filter = key
			part.Places = top.places
			for _, i := range top.rows {
				part.Counts = append(part.Counts, cells(t.Places[i].Counts.Groups[key], q, len(categories)))
			}
			out = append(out, part)
		}
	}
	return out
}

// String names the answers of the wave: every question has as many.
func (w Wave) String() string {
	return fmt.Sprintf("%s/%s/%d", w.Instrument, strings.TrimPrefix(w.Cycle, "cycles/"), w.Number)
}

// population names the people and the question, equal in all releases about them. The
// categories are part of it: another edition with other options asks another question.
func (w Wave) population(question string, categories []string) string {
	return w.String() + "/" + question + "#" + digest(strings.Join(categories, "\n"))
}

// cells are the counts of one question, the rest as NotScored.
func cells(c Counts, q, categories int) []int64 {
	out := make([]int64, categories)
	if c.Cells == nil {
		return out
	}
	rest := c.Answers
	for k, n := range c.Cells[q] {
		out[k] = n
		rest -= n
	}
	if categories > len(c.Cells[q]) {
		out[categories-1] = rest
	}
	return out
}

// categories of a question: without NotScored where nobody can leave it out, so that
// no column is zero by construction.
func (t *Tree) categories(q int) []string {
	question := t.questions[q]
	out := make([]string, len(question.Categories))
	var given int64
	for k, c := range question.Categories {
		out[k] = c.ID
		if k < len(question.Categories)-1 {
			given += t.Places[0].Counts.Cells[q][k]
		}
	}
	if !question.mayAbstain && given == t.Places[0].Counts.Answers {
		return out[:len(out)-1]
	}
	return out
}

// rows are the places with different people, by the index of the first of them, and
// the places of the engine's tables.
func (t *Tree) rows() ([]int, []release.Place) {
	var rows []int
	var places []release.Place
	at := map[string]int{}
	for i, p := range t.Places {
		if _, same := at[p.Key]; same {
			continue
		}
		parent := -1
		if p.Parent >= 0 {
			parent = at[t.Places[p.Parent].Key]
		}
		at[p.Key] = len(rows)
		rows = append(rows, i)
		places = append(places, release.Place{ID: p.Key, Parent: parent, Round: p.Round})
	}
	return rows, places
}

// top is the part of the tree from districts up.
type top struct {
	rows   []int
	places []release.Place
}

// tops are the places that have groups: districts and above in a district's release.
// In one of the whole state the state and its regions, since groups by places by options
// of two hundred districts are tables that are no network, and take the engine hours.
func (t *Tree) tops(rows []int) top {
	var out top
	at := map[string]int{}
	lowest := t.lowest(rows)
	for _, i := range rows {
		p := t.Places[i]
		if p.Level < lowest {
			continue
		}
		parent := -1
		if up := t.above(i); up >= 0 {
			parent = at[t.Places[up].Key]
		}
		at[p.Key] = len(out.rows)
		out.rows = append(out.rows, i)
		out.places = append(out.places, release.Place{ID: p.Key, Parent: parent, Round: p.Round})
	}
	return out
}

// lowest is the lowest level that has groups. Regions have them where they make up the
// state: the parts of a table add up.
func (t *Tree) lowest(rows []int) Level {
	if t.Places[0].Level != State {
		return District
	}
	for _, i := range rows {
		if up := t.above(i); up >= 0 && t.Places[up].Level == State && t.Places[i].Level != Region {
			return State
		}
	}
	return Region
}

// groupKeys are the values of group variables that at least two parts of the people
// have.
func (t *Tree) groupKeys() []string {
	values := map[string]int{}
	keys := sorted(t.Places[0].Counts.Groups)
	for _, k := range keys {
		variable, _, _ := strings.Cut(k, "=")
		values[variable]++
	}
	var out []string
	for _, k := range keys {
		if variable, _, _ := strings.Cut(k, "="); values[variable] > 1 {
			out = append(out, k)
		}
	}
	return out
}

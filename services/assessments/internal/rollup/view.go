package rollup

import (
	"fmt"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// view is what was published of a tree, and nothing else: pages are computed from it.
type view struct {
	tree   *Tree
	rows   []int                          // of a place, in tables of everybody
	tops   map[int]int                    // of a place from districts up, in tables of groups
	whole  []release.Published            // by question
	groups map[string][]release.Published // by group, by question
	leaves [][]int                        // the leaves below a place, itself for a leaf
	noise  Noise                          // in all counts
}

// newView reads tables in the order in which Tables made them.
func newView(t *Tree, published []release.Published) (*view, error) {
	rows, _ := t.rows()
	v := &view{tree: t, rows: make([]int, len(t.Places)), tops: map[int]int{}, groups: map[string][]release.Published{}}
	byKey, topByKey := map[string]int{}, map[string]int{}
	for n, i := range rows {
		byKey[t.Places[i].Key] = n
	}
	for n, i := range t.tops(rows).rows {
		topByKey[t.Places[i].Key] = n
	}
	for i, p := range t.Places {
		v.rows[i] = byKey[p.Key]
		if n, ok := topByKey[p.Key]; ok && p.Level >= District { // a school that is its district has its row, and no groups
			v.tops[i] = n
		}
	}
	keys := t.groupKeys()
	if len(published) != len(t.questions)*(1+len(keys)) {
		return nil, fmt.Errorf("%d tables were published where %d were asked for", len(published), len(t.questions)*(1+len(keys)))
	}
	for len(published) > 0 {
		v.whole = append(v.whole, published[0])
		for n, key := range keys {
			v.groups[key] = append(v.groups[key], published[1+n])
		}
		published = published[1+len(keys):]
	}
	v.leaves = make([][]int, len(t.Places))
	for i := len(t.Places) - 1; i >= 0; i-- {
		if t.Places[i].leaf {
			v.leaves[i] = []int{i}
		}
		if up := t.Places[i].Parent; up >= 0 {
			v.leaves[up] = append(v.leaves[up], v.leaves[i]...)
		}
	}
	return v, nil
}

// tally is one row of a published table.
type tally struct {
	question *Question
	total    int64   // release.Withheld when hidden
	counts   []int64 // by category of the question, hidden ones release.Withheld
}

func rowOf(q *Question, p release.Published, row int) tally {
	t := tally{question: q, total: release.Withheld, counts: make([]int64, len(q.Categories))}
	if row >= len(p.Totals) { // the whole table was withdrawn: there was no safe way to tell it
		for i := range t.counts {
			t.counts[i] = release.Withheld
		}
		return t
	}
	t.total = p.Totals[row]
	copy(t.counts, p.Counts[row]) // NotScored, the last, is left out where nobody can be in it
	return t
}

func (v *view) tally(place, q int) tally {
	return rowOf(&v.tree.questions[q], v.whole[q], v.rows[place])
}

// group is the row of a group; false for places that have none.
func (v *view) group(place, q int, key string) (tally, bool) {
	row, ok := v.tops[place]
	if !ok {
		return tally{}, false
	}
	return rowOf(&v.tree.questions[q], v.groups[key][q], row), true
}

// responses is how many answered at a place: the total of any question.
func (v *view) responses(place int) int64 {
	for q := range v.whole {
		if n := v.tally(place, q).total; n != release.Withheld {
			return n
		}
	}
	return release.Withheld
}

// sum is how many are in the categories that match: the sum of them, or the total
// less the others. False when neither can be read.
func (t tally) sum(match func(Category) bool) (int64, bool) {
	var in, out int64
	inside, outside := true, t.total != release.Withheld
	for k, n := range t.counts {
		switch matches := match(t.question.Categories[k]); {
		case n == release.Withheld && matches:
			inside = false
		case n == release.Withheld:
			outside = false
		case matches:
			in += n
		default:
			out += n
		}
	}
	switch {
	case inside:
		return in, true
	case outside:
		return t.total - out, true
	}
	return 0, false
}

func favorable(c Category) bool   { return c.Favorable }
func unfavorable(c Category) bool { return !c.Favorable && c.ID != NotScored }
func notScored(c Category) bool   { return c.ID == NotScored }
func scored(c Category) bool      { return c.ID != NotScored }

// split are the counts on both sides of a share; false where a side is hidden.
func (t tally) split() ([]int64, bool) {
	yes, known := t.sum(favorable)
	no, also := t.sum(unfavorable)
	return []int64{yes, no}, known && also && t.total != release.Withheld
}

// scores are the counts by scored category; false where one is hidden.
func (t tally) scores() ([]int64, bool) {
	var out []int64
	for _, c := range t.question.Categories {
		if !c.Scored {
			continue
		}
		n, ok := t.sum(func(o Category) bool { return o.ID == c.ID })
		if !ok {
			return nil, false
		}
		out = append(out, n)
	}
	return out, t.total != release.Withheld
}

package release_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// world is people who answer, and where. Everything that tests publish is counted
// from it.
type world struct {
	random  *rand.Rand
	schools []string          // with the district before the slash
	region  map[string]string // of a district
	people  []person
	items   []string
	options map[string][]string // of an item
	values  map[string][]string // of a variable
	rounds  int
}

type person struct {
	school string
	round  int
	value  map[string]string
	answer map[string]string
}

const wave = "family/2026/fall"

// newWorld makes a small state.
func newWorld(r *rand.Rand) *world {
	w := &world{random: r, region: map[string]string{}, options: map[string][]string{}, values: map[string][]string{}, rounds: 1 + r.IntN(3)}
	for d := range 1 + r.IntN(4) {
		district := fmt.Sprintf("d%d", d)
		w.region[district] = fmt.Sprintf("r%d", d/2)
		for s := range 1 + r.IntN(4) {
			w.schools = append(w.schools, fmt.Sprintf("%s/s%d", district, s))
		}
	}
	for i := range 1 + r.IntN(2) {
		item := fmt.Sprintf("%s/item%d", wave, i)
		w.items = append(w.items, item)
		w.options[item] = []string{"yes", "no", "none", "other"}[:2+r.IntN(3)]
	}
	w.values["language"] = []string{"en", "es", "ar"}[:2+r.IntN(2)]
	w.values["grade"] = []string{"1", "2"}
	for _, school := range w.schools {
		size := []int{2, 5, 12, 25, 60}[r.IntN(5)]
		for range 1 + r.IntN(size) {
			w.people = append(w.people, w.person(school, 1+max(0, r.IntN(4*w.rounds)-3*w.rounds)%max(1, w.rounds)))
		}
	}
	return w
}

func (w *world) person(school string, round int) person {
	p := person{school: school, round: round, value: map[string]string{}, answer: map[string]string{}}
	skewed := func(of []string) string { return of[min(w.random.IntN(len(of)), w.random.IntN(len(of)+1))] }
	for _, item := range w.items {
		p.answer[item] = skewed(w.options[item])
	}
	for v, values := range w.values {
		p.value[v] = skewed(values)
	}
	return p
}

func district(school string) string { return school[:slices.Index([]byte(school), '/')] }

// table counts the answers to an item.
func (w *world) table(item, filter string, round int, places []release.Place) release.Table {
	t := release.Table{
		Population: item, Of: wave, Filter: filter, Round: round,
		Places: places, Categories: w.options[item], Counts: make([][]int64, len(places)),
	}
	for i, place := range places {
		t.Counts[i] = make([]int64, len(t.Categories))
		for _, p := range w.people {
			if p.round <= round && w.in(p, place.ID) && p.passes(filter) {
				t.Counts[i][slices.Index(t.Categories, p.answer[item])]++
			}
		}
	}
	return t
}

func (w *world) in(p person, place string) bool {
	d := district(p.school)
	return place == "state" || place == p.school || place == d || place == w.region[d]
}

func (p person) passes(filter string) bool {
	if filter == "" {
		return true
	}
	for v, value := range p.value {
		if filter == v+"="+value {
			return true
		}
	}
	return false
}

// places are one district with its schools, or alone, or the whole state down to
// some level.
func (w *world) places() []release.Place {
	one := district(w.schools[w.random.IntN(len(w.schools))])
	switch w.random.IntN(5) {
	case 0:
		return []release.Place{{ID: one, Parent: -1}}
	case 1, 2:
		return w.under(one, []release.Place{{ID: one, Parent: -1}}, 0)
	default:
		return w.state(w.random.IntN(2) == 0)
	}
}

// under adds the schools of a district below it.
func (w *world) under(d string, places []release.Place, at int) []release.Place {
	for _, s := range w.schools {
		if district(s) == d {
			places = append(places, release.Place{ID: s, Parent: at})
		}
	}
	return places
}

func (w *world) state(schools bool) []release.Place {
	places := []release.Place{{ID: "state", Parent: -1}}
	at := map[string]int{}
	var seen []string
	for _, s := range w.schools {
		d := district(s)
		if slices.Contains(seen, d) {
			continue
		}
		seen = append(seen, d)
		r := w.region[d]
		if _, is := at[r]; !is {
			at[r] = len(places)
			places = append(places, release.Place{ID: r, Parent: 0})
		}
		places = append(places, release.Place{ID: d, Parent: at[r]})
		if schools {
			places = w.under(d, places, len(places)-1)
		}
	}
	return places
}

// release is the tables of one publication: all items, everybody, and perhaps
// by a variable above the schools.
func (w *world) release(round int) []release.Table {
	places := w.places()
	var tables []release.Table
	for _, item := range w.items {
		tables = append(tables, w.table(item, "", round, places))
	}
	if w.random.IntN(2) == 0 {
		return tables
	}
	above := above(places)
	v := []string{"language", "grade"}[w.random.IntN(2)]
	values := w.values[v]
	if w.random.IntN(4) == 0 {
		values = values[:1]
	}
	for _, item := range w.items {
		for _, value := range values {
			tables = append(tables, w.table(item, v+"="+value, round, above))
		}
	}
	return tables
}

// above leaves the schools out.
func above(places []release.Place) []release.Place {
	var out []release.Place
	for _, p := range places {
		if !slices.Contains([]byte(p.ID), '/') {
			out = append(out, p)
		}
	}
	for i := range out { // only schools are left out, which come after their districts
		if out[i].Parent >= 0 {
			out[i].Parent = slices.IndexFunc(out, func(p release.Place) bool { return p.ID == places[out[i].Parent].ID })
		}
	}
	return out
}

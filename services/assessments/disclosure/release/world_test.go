package release_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

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
	wave   string
	school string
	round  int
	value  map[string]string
	answer map[string]string
}

var waves = []string{"family/2026/fall", "family/2026/spring"}

// waveOf is the wave of an item.
func waveOf(item string) string { return item[:strings.LastIndex(item, "/")] }

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
	for _, wave := range waves[:1+r.IntN(4)/3] {
		for i := range 1 + r.IntN(3) {
			item := fmt.Sprintf("%s/item%d", wave, i)
			w.items = append(w.items, item)
			w.options[item] = []string{"yes", "no", "none", "other"}[:2+r.IntN(3)]
		}
	}
	w.values["language"] = []string{"en", "es", "ar"}[:2+r.IntN(2)]
	w.values["grade"] = []string{"1", "2"}
	for _, school := range w.schools {
		for _, wave := range waves {
			size := []int{2, 5, 12, 25, 60}[r.IntN(5)]
			for range 1 + r.IntN(size) {
				p := w.person(school, 1+max(0, r.IntN(4*w.rounds)-3*w.rounds))
				p.wave = wave
				w.people = append(w.people, p)
			}
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
	for _, v := range []string{"grade", "language"} {
		p.value[v] = skewed(w.values[v])
	}
	return p
}

func district(school string) string { return school[:strings.Index(school, "/")] }

// table counts the answers to an item.
func (w *world) table(item, filter string, round int, places []release.Place) release.Table {
	t := release.Table{
		Population: item, Of: waveOf(item), Filter: filter, Round: round,
		Places: places, Categories: w.options[item], Counts: make([][]int64, len(places)),
	}
	for i, place := range places {
		t.Counts[i] = make([]int64, len(t.Categories))
		for _, p := range w.people {
			if p.wave == waveOf(item) && p.round <= round && w.in(p, place.ID) && p.passes(filter) {
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
	items := w.items
	if w.random.IntN(4) == 0 {
		items = items[:1]
	}
	for _, item := range items {
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
	for _, item := range items {
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
		if !strings.Contains(p.ID, "/") {
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

// complete are the variables of which everybody has a value, with how many there
// are.
func (w *world) complete() map[string]int {
	all := map[string]int{}
	for v, values := range w.values {
		all[v] = len(values)
	}
	return all
}

// contextOf is a test's own.
func contextOf(t any) context.Context {
	if has, ok := t.(interface{ Context() context.Context }); ok {
		return has.Context()
	}
	return context.Background() // a drawn case has none
}

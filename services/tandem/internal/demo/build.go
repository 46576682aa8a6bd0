package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

// Build invents the state. today decides only which school years there are.
func Build(seed uint64, today time.Time) State {
	s := State{Seed: seed, Today: today, Years: years(today)}
	names := slices.Clone(schoolNames)
	for _, layout := range districtLayouts {
		count := layout.schools()
		s.Districts = append(s.Districts, buildDistrict(seed, layout, names[:count]))
		names = names[count:]
	}
	s.Districts[0].Guests = []Person{evaluator(seed, s.Districts[0], today)}
	s.formTeams()
	s.Office = office(seed)
	s.Journeys = journeys(s)
	return s
}

// random is the source of everything about one thing: what is invented about a
// school does not depend on how many there are before it.
func random(seed uint64, what string) *rand.Rand {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(what))
	return rand.New(rand.NewPCG(seed, hash.Sum64()))
}

// years are the two school years before the one of today, and that one.
func years(today time.Time) []Year {
	first := today.Year()
	if today.Month() < time.August {
		first--
	}
	var all []Year
	for y := first - 2; y <= first; y++ {
		all = append(all, Year{ID: fmt.Sprintf("%d-%02d", y, (y+1)%100), First: y, Index: len(all), Current: y == first})
	}
	return all
}

// layout says how many schools each feeder system of a district has.
type layout struct {
	id, title, region string
	feeders           []feederLayout
}

// feederLayout is one high school, one middle school and some elementary ones.
type feederLayout struct {
	title      string
	elementary int
}

// districtLayouts are 14 + 13 + 13 schools.
var districtLayouts = []layout{
	{"aspen-ridge", "Aspen Ridge Demonstration District", "Invented Mountains", []feederLayout{
		{"North Ridge", 3}, {"South Ridge", 3}, {"Ridge Creek", 2},
	}},
	{"cottonwood-flats", "Cottonwood Flats Demonstration District", "Invented Plains", []feederLayout{
		{"Upper Flats", 4}, {"Lower Flats", 5},
	}},
	{"juniper-bend", "Juniper Bend Demonstration District", "Invented Plateau", []feederLayout{
		{"East Bend", 3}, {"West Bend", 2}, {"River Bend", 2},
	}},
}

func (l layout) schools() int {
	total := 0
	for _, f := range l.feeders {
		total += f.elementary + 2
	}
	return total
}

func buildDistrict(seed uint64, l layout, names []string) District {
	d := District{ID: l.id, Title: l.title, Region: l.region}
	d.Coordinator = Person{
		Name: d.Name() + "/people/coordinator-" + l.id, DisplayName: displayName(seed, "coordinator-"+l.id),
		Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: d.Name(),
	}
	for _, f := range l.feeders {
		feeder := Feeder{ID: slug(f.title), Title: f.title + " feeder system"}
		for level := range f.elementary + 2 {
			school := buildSchool(seed, d, names[len(d.Schools)], level)
			d.Schools = append(d.Schools, school)
			feeder.Schools = append(feeder.Schools, school.Name())
		}
		d.Feeders = append(d.Feeders, feeder)
	}
	return d
}

// kinds of schools: the first two of a feeder system are its high and its middle
// school, all others are elementary schools.
var kinds = []struct {
	title, low, high string
	least, most      int // enrollment
}{
	{"High School", "09", "12", 680, 1240},
	{"Middle School", "06", "08", 420, 760},
	{"Elementary School", "K", "05", 240, 520},
}

func buildSchool(seed uint64, d District, name string, level int) *School {
	kind := kinds[min(level, len(kinds)-1)]
	r := random(seed, "school "+name)
	s := &School{
		District: d.ID, ID: slug(name), Title: name + " " + kind.title, Low: kind.low, High: kind.high,
		Enrollment: kind.least + r.IntN(kind.most-kind.least), TitleOne: r.IntN(2) == 0,
		Spanish: 0.08 + 0.4*r.Float64(), Answering: 0.1 + 0.08*r.Float64(),
	}
	if name == tinySchool {
		// So small that too few families answer: its results stay hidden.
		s.Title, s.Charter, s.Enrollment, s.Answering = name+" Village School", true, 58, 0.12
	}
	mood := 3.3 + 0.35*r.NormFloat64()
	for range standards {
		s.Climate = append(s.Climate, min(max(mood+0.4*r.NormFloat64(), 2), 4.6))
	}
	return s
}

// teamCount is how many schools have a partnership team.
const teamCount = 24

// formTeams decides which schools have a team, and with it who has an account.
func (s *State) formTeams() {
	all := s.schools()
	picked := 0
	for _, i := range random(s.Seed, "teams").Perm(len(all)) {
		if picked < teamCount && !all[i].Charter {
			all[i].HasTeam = true
			picked++
		}
	}
	for _, school := range all {
		school.People = staff(s.Seed, school)
	}
}

// staff of a school: who signs, who leads, a parent where there is a team, and a
// liaison at each Title I school.
func staff(seed uint64, s *School) []Person {
	make1 := func(role string, granted accessv1.Role) Person {
		return Person{Name: s.person(role), DisplayName: displayName(seed, role+"-"+s.ID), Role: granted, Node: s.Name()}
	}
	people := []Person{
		make1("principal", accessv1.Role_ROLE_PRINCIPAL),
		make1("lead", accessv1.Role_ROLE_TEAM_LEAD),
	}
	if s.HasTeam {
		people = append(people, make1("parent", accessv1.Role_ROLE_TEAM_MEMBER))
	}
	if s.TitleOne {
		people = append(people, make1("liaison", accessv1.Role_ROLE_FAMILY_LIAISON))
	}
	return people
}

// Staff of the state.
const (
	stateAdmin = "people/state-admin"
	panelChair = "people/panel-chair"
)

var reviewers = []string{"people/reviewer-1", "people/reviewer-2", "people/reviewer-3", "people/reviewer-4"}

func office(seed uint64) []Person {
	people := []Person{
		{Name: stateAdmin, Role: accessv1.Role_ROLE_STATE_ADMIN},
		{Name: "people/state-analyst", Role: accessv1.Role_ROLE_STATE_ANALYST},
		{Name: panelChair, Role: accessv1.Role_ROLE_PANEL_CHAIR},
	}
	for _, name := range reviewers {
		people = append(people, Person{Name: name, Role: accessv1.Role_ROLE_REVIEWER})
	}
	for i := range people {
		people[i].DisplayName = displayName(seed, people[i].Name)
	}
	return people
}

// evaluator studies a district from outside. The year that is running and most of
// the next are enough; such a role lasts two years at most.
func evaluator(seed uint64, d District, today time.Time) Person {
	return Person{
		Name: d.Name() + "/people/evaluator-" + d.ID, DisplayName: displayName(seed, "evaluator-"+d.ID),
		Role: accessv1.Role_ROLE_OUTSIDE_EVALUATOR, Node: d.Name(), Until: today.AddDate(0, 20, 0),
	}
}

// journeys are at different schools and in all phases. Those of past years end
// where a year ends; one of them goes on in the current year.
func journeys(s State) []Journey {
	oldest, last, current := s.Years[0], s.Years[len(s.Years)-2], s.current()
	var all []Journey
	free := s.teams()
	random(s.Seed, "journeys").Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	add := func(year Year, until schoolsv1.Phase) Journey {
		school := free[0]
		free = free[1:]
		j := Journey{School: school, ID: "begun-" + year.ID, Year: year, Standard: school.weakest(), Until: until}
		all = append(all, j)
		return j
	}
	add(oldest, schoolsv1.Phase_PHASE_SUSTAINING)
	add(last, schoolsv1.Phase_PHASE_AWARDED)
	add(last, schoolsv1.Phase_PHASE_AWARDED)
	add(last, schoolsv1.Phase_PHASE_APPLIED)
	again := add(last, schoolsv1.Phase_PHASE_PRESENTED)
	for _, until := range []schoolsv1.Phase{
		schoolsv1.Phase_PHASE_FORMING, schoolsv1.Phase_PHASE_DISCOVERING, schoolsv1.Phase_PHASE_CHOOSING,
		schoolsv1.Phase_PHASE_PLANNING, schoolsv1.Phase_PHASE_UNDERWAY, schoolsv1.Phase_PHASE_UNDERWAY,
	} {
		add(current, until)
	}
	again.Year, again.Until, again.Continued = current, schoolsv1.Phase_PHASE_PLANNING, true
	return append(all, again)
}

// slug makes an id of a title.
func slug(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

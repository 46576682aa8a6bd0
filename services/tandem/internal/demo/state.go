package demo

import (
	"fmt"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

// State is everything that is invented.
type State struct {
	Seed      uint64
	Today     time.Time
	Years     []Year // oldest first, the last one is the current
	Districts []District
	Office    []Person // reviewers and staff of the state
	Journeys  []Journey
}

// Year is a school year.
type Year struct {
	ID      string // e.g. 2026-27
	First   int    // calendar year in which it begins
	Index   int    // how many there are before it
	Current bool
}

// Name is the cycle's resource name.
func (y Year) Name() string { return "cycles/" + y.ID }

// waves are the waves of the family survey that are finished: two in a year
// that is over, one in the current one.
func (y Year) waves() int {
	if y.Current {
		return 1
	}
	return 2
}

// date is a day of the year by month: August to December lie in its first
// calendar year.
func (y Year) date(month time.Month, day int) string {
	year := y.First
	if month < time.August {
		year++
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// District is a district with its schools.
type District struct {
	ID, Title   string
	Region      string
	Coordinator Person
	Guests      []Person // who studies the program for a time
	Schools     []*School
	Feeders     []Feeder
}

// Name is the district's resource name.
func (d District) Name() string { return "districts/" + d.ID }

// Feeder is a group of schools along which pupils move up.
type Feeder struct {
	ID, Title string
	Schools   []string // resource names
}

// School is a school and what its families would say about it.
type School struct {
	District, ID, Title string
	Low, High           string
	Enrollment          int
	TitleOne, Charter   bool
	HasTeam             bool
	People              []Person // principal, lead, and where there are such: parent and liaison

	Climate   []float64 // per standard, how families see it: 1 to 5
	Spanish   float64   // share of families who answer in Spanish
	Answering float64   // share of the enrollment that answers a wave
}

// Name is the school's resource name.
func (s *School) Name() string { return "districts/" + s.District + "/schools/" + s.ID }

// Team is the resource name of the partnership team.
func (s *School) Team() string { return s.Name() + "/teams/" + teamID }

func (s *School) person(role string) string {
	return "districts/" + s.District + "/people/" + role + "-" + s.ID
}

// Principal is the person who signs.
func (s *School) Principal() string { return s.person("principal") }

// Lead is the person who leads the team.
func (s *School) Lead() string { return s.person("lead") }

// Parent is the family member of the team who has an account.
func (s *School) Parent() string { return s.person("parent") }

// weakest is the standard that needs most; its index in standards.
func (s *School) weakest() int {
	least := 0
	for i, climate := range s.Climate {
		if climate < s.Climate[least] {
			least = i
		}
	}
	return least
}

// Person is somebody with an account.
type Person struct {
	Name        string // resource name
	DisplayName string
	Role        accessv1.Role
	Node        string
	Until       time.Time // when the role ends; zero for no end
}

// Journey is one team's work on one standard, up to a phase.
type Journey struct {
	School   *School
	ID       string
	Year     Year
	Standard int // index in standards
	Until    schoolsv1.Phase
	// Continued journeys were begun in an earlier year and go on in this one.
	Continued bool
}

// Name is the journey's resource name.
func (j Journey) Name() string { return j.School.Team() + "/journeys/" + j.ID }

// Application is the resource name of the application that comes of the journey.
func (j Journey) Application() string { return j.School.Name() + "/applications/" + j.ID }

const teamID = "partnership"

// standards of the framework, in its order, each with an indicator to work on.
var standards = []struct{ id, indicator string }{
	{"welcome-all-families", "welcome-2"},
	{"communicate-effectively", "communicate-2"},
	{"support-student-success", "support-1"},
	{"speak-up-for-every-child", "speak-1"},
	{"share-power", "share-1"},
	{"collaborate-with-community", "collaborate-1"},
}

// Resource names of what every instance has.
const (
	frameworkVersion  = "frameworks/national-standards/versions/2022"
	instrumentVersion = "instruments/family-survey/versions/1"
)

// schools lists the schools of all districts.
func (s State) schools() []*School {
	var all []*School
	for _, d := range s.Districts {
		all = append(all, d.Schools...)
	}
	return all
}

// teams lists the schools that have a team.
func (s State) teams() []*School {
	var some []*School
	for _, school := range s.schools() {
		if school.HasTeam {
			some = append(some, school)
		}
	}
	return some
}

// people lists everybody with an account.
func (s State) people() []Person {
	all := append([]Person(nil), s.Office...)
	for _, d := range s.Districts {
		all = append(all, d.Coordinator)
		all = append(all, d.Guests...)
	}
	for _, school := range s.schools() {
		all = append(all, school.People...)
	}
	return all
}

// current is the school year that is running.
func (s State) current() Year { return s.Years[len(s.Years)-1] }

func (s State) summary() string {
	return fmt.Sprintf("%d districts, %d schools, %d teams, %d people, %d school years, %d survey answers, %d journeys",
		len(s.Districts), len(s.schools()), len(s.teams()), len(s.people()), len(s.Years), s.answers(), len(s.Journeys))
}

// answers counts the answers of all finished waves.
func (s State) answers() int {
	total := 0
	for _, year := range s.Years {
		for wave := 1; wave <= year.waves(); wave++ {
			for _, school := range s.schools() {
				total += respondents(s.Seed, school, year, wave)
			}
		}
	}
	return total
}

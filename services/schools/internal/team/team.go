// Package team keeps the teams of a school and their members.
//
// A member is invited, and counts once confirmed: by the person, or by somebody
// who leads when the member has no account. Each member speaks for a stakeholder
// group, and whether a team is more than its staff is what eligibility looks at.
// Members who leave stay in the history.
//
// Neighbours: api calls Service, journey counts members, store implements Store.
package team

import (
	"context"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxTitle   = 200
	maxPurpose = 2000
	maxName    = 200
)

// Group is whom a team member speaks for.
type Group string

// The stakeholder groups.
const (
	Staff      Group = "staff"
	Family     Group = "family"
	Student    Group = "student"
	Leadership Group = "leadership"
	Community  Group = "community"
)

// Groups returns all groups in order.
func Groups() []Group {
	return []Group{Staff, Family, Student, Leadership, Community}
}

// Valid tells whether g is one of the groups.
func (g Group) Valid() bool { return slices.Contains(Groups(), g) }

// Team is the group of a school that works for a badge.
type Team struct {
	Name string
	Fields
	Groups []Group // with at least one confirmed member
	record.Meta
}

// Fields is what may be changed about a team.
type Fields struct {
	Title   string
	Purpose string
}

// Formed says that a team was formed.
type Formed struct{ Name string }

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	School(ctx context.Context, name string) (district.School, error)
	HasPerson(ctx context.Context, name string) (bool, error)

	Team(ctx context.Context, name string) (Team, error)
	InsertTeam(ctx context.Context, t Team) error
	UpdateTeam(ctx context.Context, t Team) error
	ListTeams(ctx context.Context, school string, r record.Range) ([]Team, error)

	// Member does not find those who left.
	Member(ctx context.Context, name string) (Member, error)
	// MemberOf finds who of the team has the account, or is empty.
	MemberOf(ctx context.Context, team, person string) (string, error)
	InsertMember(ctx context.Context, m Member) error
	UpdateMember(ctx context.Context, m Member) error
	ListMembers(ctx context.Context, team string, r record.Range) ([]Member, error)
}

// Service is what can be done with teams and members.
type Service struct {
	Store Store
	Clock clock.Clock
}

// Create forms a team at a school.
func (s Service) Create(ctx context.Context, school, id string, f Fields) (Team, error) {
	id, err := record.ChooseID(id, "team_id")
	if err != nil {
		return Team{}, err
	}
	if err := f.check(); err != nil {
		return Team{}, err
	}
	t := Team{Name: record.Join(school, "teams", id), Fields: f, Meta: record.NewMeta(s.Clock.Now())}
	return t, s.Store.Tx(ctx, func(ctx context.Context) error {
		at, err := s.Store.School(ctx, school)
		if err != nil {
			return err
		}
		if at.State == district.Closed {
			return stateWrong(school, "school_open", "The school is closed; a team can be formed at an open school.")
		}
		if err := s.Store.InsertTeam(ctx, t); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Formed{Name: t.Name})
	})
}

// Get reads one team.
func (s Service) Get(ctx context.Context, name string) (Team, error) {
	return s.Store.Team(ctx, name)
}

// List lists the teams of a school.
func (s Service) List(ctx context.Context, school string, r record.Range) ([]Team, error) {
	if _, err := s.Store.School(ctx, school); err != nil {
		return nil, err
	}
	return s.Store.ListTeams(ctx, school, r)
}

// Update changes title and purpose.
func (s Service) Update(ctx context.Context, name, tag string, change func(Fields) Fields) (t Team, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if t, err = s.Store.Team(ctx, name); err != nil {
			return err
		}
		if err := t.Check(tag, name); err != nil {
			return err
		}
		t.Fields = change(t.Fields)
		if err := t.check(); err != nil {
			return err
		}
		t.Touch(s.Clock.Now())
		return s.Store.UpdateTeam(ctx, t)
	})
	return t, err
}

func (f Fields) check() error {
	r := record.For("team")
	r.Text("title", f.Title, maxTitle)
	r.Short("purpose", f.Purpose, maxPurpose)
	return r.Err()
}

func stateWrong(name, rule, fix string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{Field: name, Rule: rule, Fix: fix})
}

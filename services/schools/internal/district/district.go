// Package district keeps the organization tree: districts, their schools and the
// feeder systems along which pupils move up.
//
// Everything else hangs on this tree: teams on schools, grants on its nodes. So
// nothing of it is ever removed but a feeder system, which is only a grouping;
// a school closes and its history stays.
//
// Neighbours: api calls Service, store implements Store and turns the events of
// events.go into messages.
package district

import (
	"context"
	"time"
	_ "time/tzdata" // time zones must be known in images without them

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/scope"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxTitle      = 200
	maxIdentifier = 64
	maxRegion     = 120
)

// District is a school district, or another unit that runs schools.
type District struct {
	Name string
	Fields
	record.Meta
}

// Fields is what may be changed about a district.
type Fields struct {
	Title           string
	StateIdentifier string
	Region          string
	TimeZone        string
}

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error

	District(ctx context.Context, name string) (District, error)
	InsertDistrict(ctx context.Context, d District) error
	UpdateDistrict(ctx context.Context, d District) error
	ListDistricts(ctx context.Context, shown scope.Scope, r record.Range) ([]District, error)

	School(ctx context.Context, name string) (School, error)
	InsertSchool(ctx context.Context, s School) error
	UpdateSchool(ctx context.Context, s School) error
	ListSchools(ctx context.Context, q SchoolQuery, r record.Range) ([]School, error)

	Feeder(ctx context.Context, name string) (Feeder, error)
	InsertFeeder(ctx context.Context, f Feeder) error
	UpdateFeeder(ctx context.Context, f Feeder) error
	DeleteFeeder(ctx context.Context, f Feeder) error
	ListFeeders(ctx context.Context, parent string, r record.Range) ([]Feeder, error)
	// FeederOf names the feeder system of a school, or is empty.
	FeederOf(ctx context.Context, school string) (string, error)
}

// Service is what can be done with the organization tree.
type Service struct {
	Store Store
	Clock clock.Clock
}

// CreateDistrict registers a district.
func (s Service) CreateDistrict(ctx context.Context, id string, f Fields) (District, error) {
	id, err := record.ChooseID(id, "district_id")
	if err != nil {
		return District{}, err
	}
	if err := f.check().Err(); err != nil {
		return District{}, err
	}
	d := District{Name: record.Join("", "districts", id), Fields: f, Meta: record.NewMeta(s.Clock.Now())}
	return d, s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.InsertDistrict(ctx, d); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Registered{Name: d.Name})
	})
}

// GetDistrict reads one district.
func (s Service) GetDistrict(ctx context.Context, name string) (District, error) {
	return s.Store.District(ctx, name)
}

// ListDistricts lists the districts of the scope, and those that a node of it lies in.
func (s Service) ListDistricts(ctx context.Context, shown scope.Scope, r record.Range) ([]District, error) {
	return s.Store.ListDistricts(ctx, shown, r)
}

// UpdateDistrict changes facts of a district.
func (s Service) UpdateDistrict(ctx context.Context, name, tag string, change func(Fields) Fields) (d District, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if d, err = s.Store.District(ctx, name); err != nil {
			return err
		}
		if err := d.Check(tag, name); err != nil {
			return err
		}
		d.Fields = change(d.Fields)
		if err := d.Fields.check().Err(); err != nil {
			return err
		}
		d.Touch(s.Clock.Now())
		return s.Store.UpdateDistrict(ctx, d)
	})
	return d, err
}

func (f Fields) check() *record.Rules {
	r := record.For("district")
	r.Text("title", f.Title, maxTitle)
	r.Short("state_identifier", f.StateIdentifier, maxIdentifier)
	r.Short("region", f.Region, maxRegion)
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "Local" {
		r.Add("time_zone", "time_zone", "Give an IANA time zone such as America/Denver, or leave it out.")
	}
	return r
}

// hasDistrict refuses work below a district that is not registered.
func (s Service) hasDistrict(ctx context.Context, name string) error {
	_, err := s.Store.District(ctx, name)
	return err
}

func stateWrong(name, rule, fix string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{Field: name, Rule: rule, Fix: fix})
}

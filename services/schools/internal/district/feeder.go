package district

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const maxFeederSchools = 200

// Feeder is a group of schools of one district along which pupils move up.
type Feeder struct {
	Name string
	FeederFields
	record.Meta
}

// FeederFields is what may be changed about a feeder system.
type FeederFields struct {
	Title   string
	Schools []string // in the order in which pupils move up
}

// CreateFeeder groups schools of a district.
func (s Service) CreateFeeder(ctx context.Context, parent, id string, fields FeederFields) (Feeder, error) {
	id, err := record.ChooseID(id, "feeder_system_id")
	if err != nil {
		return Feeder{}, err
	}
	f := Feeder{Name: record.Join(parent, "feederSystems", id), FeederFields: fields, Meta: record.NewMeta(s.Clock.Now())}
	return f, s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.hasDistrict(ctx, parent); err != nil {
			return err
		}
		if err := s.checkFeeder(ctx, f); err != nil {
			return err
		}
		return s.Store.InsertFeeder(ctx, f)
	})
}

// GetFeeder reads one feeder system.
func (s Service) GetFeeder(ctx context.Context, name string) (Feeder, error) {
	return s.Store.Feeder(ctx, name)
}

// ListFeeders lists the feeder systems of a district.
func (s Service) ListFeeders(ctx context.Context, parent string, r record.Range) ([]Feeder, error) {
	if err := s.hasDistrict(ctx, parent); err != nil {
		return nil, err
	}
	return s.Store.ListFeeders(ctx, parent, r)
}

// UpdateFeeder changes title and schools of a feeder system.
func (s Service) UpdateFeeder(ctx context.Context, name, tag string, change func(FeederFields) FeederFields) (f Feeder, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if f, err = s.Store.Feeder(ctx, name); err != nil {
			return err
		}
		if err := f.Check(tag, name); err != nil {
			return err
		}
		f.FeederFields = change(f.FeederFields)
		if err := s.checkFeeder(ctx, f); err != nil {
			return err
		}
		f.Touch(s.Clock.Now())
		return s.Store.UpdateFeeder(ctx, f)
	})
	return f, err
}

// DeleteFeeder removes a feeder system; its schools stay.
func (s Service) DeleteFeeder(ctx context.Context, name, tag string) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		f, err := s.Store.Feeder(ctx, name)
		if err != nil {
			return err
		}
		if err := f.Check(tag, name); err != nil {
			return err
		}
		return s.Store.DeleteFeeder(ctx, f)
	})
}

// checkFeeder holds a feeder system to schools of its district, each in no other.
func (s Service) checkFeeder(ctx context.Context, f Feeder) error {
	r := record.For("feeder_system")
	r.Text("title", f.Title, maxTitle)
	if len(f.Schools) > maxFeederSchools {
		r.Add("schools", "max_items", fmt.Sprintf("Give at most %d schools.", maxFeederSchools))
	}
	for i, name := range f.Schools {
		at := fmt.Sprintf("schools[%d]", i)
		if slices.Contains(f.Schools[:i], name) {
			r.Add(at, "unique", "Give each school once.")
			continue
		}
		if err := s.checkFeederSchool(ctx, r, at, name, f.Name); err != nil {
			return err
		}
	}
	return r.Err()
}

func (s Service) checkFeederSchool(ctx context.Context, r *record.Rules, at, name, feeder string) error {
	const fix = "Choose a school of this district that is registered."
	if record.Parent(name) != record.Parent(feeder) {
		r.Add(at, "same_district", fix)
		return nil
	}
	_, err := s.Store.School(ctx, name)
	if problem.Is(err, problem.KindNotFound) {
		r.Add(at, "school_exists", fix)
		return nil
	}
	if err != nil {
		return err
	}
	other, err := s.Store.FeederOf(ctx, name)
	if err == nil && other != "" && other != feeder {
		r.Add(at, "one_feeder_system", fmt.Sprintf("Take the school out of %s first: a school is in one feeder system at most.", other))
	}
	return err
}

package district

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/schools/internal/record"

	"github.com/tandem-badges/tandem/services/kit/scope"
)

const maxEnrollment = 100_000

// State is whether a school runs.
type State string

// The states of a school.
const (
	Open   State = "open"
	Closed State = "closed"
)

// School is a school of a district.
type School struct {
	Name string
	SchoolFields
	State State
	record.Meta
}

// SchoolFields is what may be changed about a school.
type SchoolFields struct {
	Title           string
	StateIdentifier string
	GradeLow        string
	GradeHigh       string
	Enrollment      int64
	TitleOne        bool
	Charter         bool
}

// Draft is a school to be registered with the id that it is to have.
type Draft struct {
	Parent string
	ID     string
	Fields SchoolFields
}

// SchoolQuery says which schools a list holds.
type SchoolQuery struct {
	District string      // name of the district; empty for all
	Scope    scope.Scope // those it covers
	Filter   *Condition
}

// CreateSchool registers a school.
func (s Service) CreateSchool(ctx context.Context, parent, id string, f SchoolFields) (School, error) {
	id, err := record.ChooseID(id, "school_id")
	if err != nil {
		return School{}, err
	}
	if err := f.check("school").Err(); err != nil {
		return School{}, err
	}
	school := s.newSchool(parent, id, f)
	return school, s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.hasDistrict(ctx, parent); err != nil {
			return err
		}
		return s.register(ctx, school)
	})
}

// CreateSchools registers schools of one district, all or none.
func (s Service) CreateSchools(ctx context.Context, parent string, drafts []Draft) ([]School, error) {
	rules := record.For("")
	schools := make([]School, 0, len(drafts))
	taken := map[string]bool{}
	for i, d := range drafts {
		at := fmt.Sprintf("requests[%d]", i)
		if d.Parent != parent {
			rules.Add(at+".parent", "same_parent", "Give each school the district of the whole request.")
		}
		id, err := record.ChooseID(d.ID, at+".school_id")
		switch {
		case err != nil:
			rules.Add(at+".school_id", "id_form", "Use 1 to 63 lower-case letters, digits and hyphens.")
		case taken[id]:
			rules.Add(at+".school_id", "unique", "Give each school of the request an id of its own.")
		default:
			taken[id] = true
		}
		rules.Merge(d.Fields.check(at + ".school"))
		schools = append(schools, s.newSchool(parent, id, d.Fields))
	}
	if err := rules.Err(); err != nil {
		return nil, err
	}
	return schools, s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.hasDistrict(ctx, parent); err != nil {
			return err
		}
		for _, school := range schools {
			if err := s.register(ctx, school); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s Service) newSchool(parent, id string, f SchoolFields) School {
	return School{
		Name: record.Join(parent, "schools", id), SchoolFields: f, State: Open,
		Meta: record.NewMeta(s.Clock.Now()),
	}
}

func (s Service) register(ctx context.Context, school School) error {
	if err := s.Store.InsertSchool(ctx, school); err != nil {
		return err
	}
	return s.Store.Emit(ctx, SchoolRegistered{Name: school.Name, Title: school.Title})
}

// GetSchool reads one school.
func (s Service) GetSchool(ctx context.Context, name string) (School, error) {
	return s.Store.School(ctx, name)
}

// ListSchools lists the schools of a district, or of all, that the nodes cover.
func (s Service) ListSchools(ctx context.Context, q SchoolQuery, r record.Range) ([]School, error) {
	if q.District != "" {
		if err := s.hasDistrict(ctx, q.District); err != nil {
			return nil, err
		}
	}
	return s.Store.ListSchools(ctx, q, r)
}

// UpdateSchool changes facts of a school.
func (s Service) UpdateSchool(ctx context.Context, name, tag string, change func(SchoolFields) SchoolFields) (School, error) {
	return s.changeSchool(ctx, name, tag, func(school *School) (any, error) {
		school.SchoolFields = change(school.SchoolFields)
		return SchoolChanged{Name: name, Title: school.Title}, school.check("school").Err()
	})
}

// CloseSchool marks a school as closed.
func (s Service) CloseSchool(ctx context.Context, name, tag string) (School, error) {
	return s.changeSchool(ctx, name, tag, func(school *School) (any, error) {
		if school.State == Closed {
			return nil, stateWrong(name, "school_open", "The school is closed already; only an open school can be closed.")
		}
		school.State = Closed
		return SchoolClosed{Name: name}, nil
	})
}

func (s Service) changeSchool(ctx context.Context, name, tag string, change func(*School) (event any, err error)) (school School, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if school, err = s.Store.School(ctx, name); err != nil {
			return err
		}
		if err := school.Check(tag, name); err != nil {
			return err
		}
		event, err := change(&school)
		if err != nil {
			return err
		}
		school.Touch(s.Clock.Now())
		if err := s.Store.UpdateSchool(ctx, school); err != nil {
			return err
		}
		return s.Store.Emit(ctx, event)
	})
	return school, err
}

// grades returns the grades from the lowest to the highest.
func grades() []string {
	return []string{"PK", "K", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"}
}

func (f SchoolFields) check(prefix string) *record.Rules {
	r := record.For(prefix)
	r.Text("title", f.Title, maxTitle)
	r.Short("state_identifier", f.StateIdentifier, maxIdentifier)
	low, high := slices.Index(grades(), f.GradeLow), slices.Index(grades(), f.GradeHigh)
	if low < 0 && f.GradeLow != "" {
		r.Add("grade_low", "grade", "Use PK, K or 01 to 12, or leave it out.")
	}
	if high < 0 && f.GradeHigh != "" {
		r.Add("grade_high", "grade", "Use PK, K or 01 to 12, or leave it out.")
	}
	if low >= 0 && high >= 0 && high < low {
		r.Add("grade_high", "grade_order", "Give a highest grade that is not below the lowest.")
	}
	if f.Enrollment < 0 || f.Enrollment > maxEnrollment {
		r.Add("enrollment", "range", fmt.Sprintf("Give a number from 0 to %d.", maxEnrollment))
	}
	return r
}

package api

import (
	"context"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/mask"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// everyDistrict is the parent that stands for all districts.
const everyDistrict = "districts/-"

// CreateSchool registers a school of a district.
func (s *organizations) CreateSchool(ctx context.Context, req *schoolsv1.CreateSchoolRequest) (*schoolsv1.School, error) {
	if err := checkName("parent", req.GetParent(), districtForm); err != nil {
		return nil, err
	}
	school, err := s.tree.CreateSchool(ctx, req.GetParent(), req.GetSchoolId(), schoolFields(req.GetSchool()))
	return answer(school, err, schoolOut)
}

// BatchCreateSchools registers schools of one district, all or none.
func (s *organizations) BatchCreateSchools(ctx context.Context, req *schoolsv1.BatchCreateSchoolsRequest) (*schoolsv1.BatchCreateSchoolsResponse, error) {
	if err := checkName("parent", req.GetParent(), districtForm); err != nil {
		return nil, err
	}
	drafts := make([]district.Draft, len(req.GetRequests()))
	for i, r := range req.GetRequests() {
		drafts[i] = district.Draft{Parent: r.GetParent(), ID: r.GetSchoolId(), Fields: schoolFields(r.GetSchool())}
	}
	schools, err := s.tree.CreateSchools(ctx, req.GetParent(), drafts)
	if err != nil {
		return nil, err
	}
	resp := &schoolsv1.BatchCreateSchoolsResponse{}
	for _, school := range schools {
		resp.Schools = append(resp.Schools, schoolOut(school))
	}
	return resp, nil
}

// GetSchool reads one school.
func (s *organizations) GetSchool(ctx context.Context, req *schoolsv1.GetSchoolRequest) (*schoolsv1.School, error) {
	return read(ctx, req.GetName(), schoolForm, s.tree.GetSchool, schoolOut)
}

// ListSchools lists the schools that the caller may see.
func (s *organizations) ListSchools(ctx context.Context, req *schoolsv1.ListSchoolsRequest) (*schoolsv1.ListSchoolsResponse, error) {
	if err := checkName("parent", req.GetParent(), districtForm); err != nil {
		return nil, err
	}
	filter, err := schoolFilter(req.GetFilter())
	if err != nil {
		return nil, err
	}
	q := district.SchoolQuery{District: req.GetParent(), Scope: access.ScopeOf(ctx, "schools.get"), Filter: filter}
	if q.District == everyDistrict {
		q.District = ""
	}
	rows, next, err := list(req, func(r record.Range) ([]district.School, error) { return s.tree.ListSchools(ctx, q, r) },
		func(d district.School) []string { return []string{record.District(d.Name), idOf(d.Name)} }, schoolOut)
	return &schoolsv1.ListSchoolsResponse{Schools: rows, NextPageToken: next}, err
}

// UpdateSchool changes the fields of the update mask.
func (s *organizations) UpdateSchool(ctx context.Context, req *schoolsv1.UpdateSchoolRequest) (*schoolsv1.School, error) {
	in := req.GetSchool()
	if err := checkName("school.name", in.GetName(), schoolForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in,
		[]string{"title", "state_identifier", "grade_low", "grade_high", "enrollment", "title_one", "charter"},
		func(f district.SchoolFields) *schoolsv1.School { return schoolOut(district.School{SchoolFields: f}) }, schoolFields)
	if err != nil {
		return nil, err
	}
	school, err := s.tree.UpdateSchool(ctx, in.GetName(), in.GetEtag(), change)
	return answer(school, err, schoolOut)
}

// CloseSchool marks a school as closed.
func (s *organizations) CloseSchool(ctx context.Context, req *schoolsv1.CloseSchoolRequest) (*schoolsv1.School, error) {
	if err := checkName("name", req.GetName(), schoolForm); err != nil {
		return nil, err
	}
	school, err := s.tree.CloseSchool(ctx, req.GetName(), req.GetEtag())
	return answer(school, err, schoolOut)
}

func schoolFields(s *schoolsv1.School) district.SchoolFields {
	return district.SchoolFields{
		Title: s.GetTitle(), StateIdentifier: s.GetStateIdentifier(), GradeLow: s.GetGradeLow(), GradeHigh: s.GetGradeHigh(),
		Enrollment: int64(s.GetEnrollment()), TitleOne: s.GetTitleOne(), Charter: s.GetCharter(),
	}
}

func schoolOut(s district.School) *schoolsv1.School {
	state := schoolsv1.School_STATE_OPEN
	if s.State == district.Closed {
		state = schoolsv1.School_STATE_CLOSED
	}
	return &schoolsv1.School{
		Name: s.Name, Title: s.Title, StateIdentifier: s.StateIdentifier, GradeLow: s.GradeLow, GradeHigh: s.GradeHigh,
		Enrollment: int32(s.Enrollment), //nolint:gosec // at most 100,000
		TitleOne:   s.TitleOne, Charter: s.Charter, State: state,
		CreateTime: stamp(s.Created), UpdateTime: stamp(s.Updated), Etag: tagOf(s.Meta),
	}
}

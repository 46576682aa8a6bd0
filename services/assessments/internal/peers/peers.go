// Package peers asks the schools service what this service must know about
// districts, schools, teams and cycles.
//
// The calls carry the caller's own identity: what the caller may not see there
// does not exist here. Domain packages know the answers through small interfaces
// (campaign.Directory, result.Directory, selfassessment.Directory).
package peers

import (
	"context"
	"strings"

	"go.einride.tech/aip/resourcename"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

const pageSize = 1000

// Schools is the schools service.
type Schools struct {
	organizations schoolsv1.OrganizationsServiceClient
	teams         schoolsv1.TeamsServiceClient
	cycles        schoolsv1.CyclesServiceClient
	plans         schoolsv1.PlansServiceClient
}

// NewSchools returns the schools service behind a connection.
func NewSchools(conn grpc.ClientConnInterface) *Schools {
	return &Schools{
		organizations: schoolsv1.NewOrganizationsServiceClient(conn),
		teams:         schoolsv1.NewTeamsServiceClient(conn),
		cycles:        schoolsv1.NewCyclesServiceClient(conn),
		plans:         schoolsv1.NewPlansServiceClient(conn),
	}
}

// Schools lists the open schools of a district.
func (s *Schools) Schools(ctx context.Context, district string) ([]campaign.School, error) {
	parent := "districts/" + district
	req := &schoolsv1.ListSchoolsRequest{Parent: parent, PageSize: pageSize}
	var out []campaign.School
	for {
		resp, err := s.organizations.ListSchools(ctx, req)
		if err != nil {
			return nil, err
		}
		for _, school := range resp.GetSchools() {
			if school.GetState() != schoolsv1.School_STATE_CLOSED {
				out = append(out, campaign.School{ID: strings.TrimPrefix(school.GetName(), parent+"/schools/"), Title: school.GetTitle()})
			}
		}
		if resp.GetNextPageToken() == "" {
			return out, nil
		}
		req.PageToken = resp.GetNextPageToken()
	}
}

// HasDistrict tells whether a district exists.
func (s *Schools) HasDistrict(ctx context.Context, name string) (bool, error) {
	_, err := s.organizations.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
	return exists(err)
}

// DistrictTitle reads the title of a district.
func (s *Schools) DistrictTitle(ctx context.Context, name string) (string, error) {
	d, err := s.organizations.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
	return d.GetTitle(), err
}

// HasSchool tells whether a school exists.
func (s *Schools) HasSchool(ctx context.Context, name string) (bool, error) {
	_, err := s.organizations.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: name})
	return exists(err)
}

// HasTeam tells whether a team exists.
func (s *Schools) HasTeam(ctx context.Context, name string) (bool, error) {
	_, err := s.teams.GetTeam(ctx, &schoolsv1.GetTeamRequest{Name: name})
	return exists(err)
}

// HasCycle tells whether a cycle exists. What is no name of a cycle does not.
func (s *Schools) HasCycle(ctx context.Context, name string) (bool, error) {
	if !resourcename.Match("cycles/{cycle}", name) {
		return false, nil
	}
	_, err := s.cycles.GetCycle(ctx, &schoolsv1.GetCycleRequest{Name: name})
	return exists(err)
}

// Notes counts the anecdotal notes of a school's teams, or of one, by the standard
// they speak to. Who may not know of them, or names a team that is none, sees none.
func (s *Schools) Notes(ctx context.Context, school, team string) (map[string]int, error) {
	counts, err := s.plans.CountNotes(ctx, &schoolsv1.CountNotesRequest{Name: school, Team: team})
	switch status.Code(err) {
	case codes.OK:
	case codes.NotFound, codes.PermissionDenied:
		return nil, nil
	default:
		return nil, err
	}
	out := make(map[string]int, len(counts.GetStandards()))
	for _, n := range counts.GetStandards() {
		out[n.GetStandard()] = int(n.GetNotes())
	}
	return out, nil
}

// exists reads the answer of a Get: a name that is refused names nothing either.
func exists(err error) (bool, error) {
	switch status.Code(err) {
	case codes.OK:
		return true, nil
	case codes.NotFound, codes.InvalidArgument:
		return false, nil
	default:
		return false, err
	}
}

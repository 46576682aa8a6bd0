// Package peers asks the schools service what this service must know about the work
// that evidence shows: schools, journeys, steps and goals.
//
// The calls carry the caller's own identity: what the caller may not see there does
// not exist here. Domain packages know the answers through small interfaces
// (artifact.Plans, portfolio.Journeys).
package peers

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

const pageSize = 1000

// Schools is the schools service.
type Schools struct {
	organizations schoolsv1.OrganizationsServiceClient
	journeys      schoolsv1.JourneysServiceClient
	plans         schoolsv1.PlansServiceClient
}

// NewSchools returns the schools service behind a connection.
func NewSchools(conn grpc.ClientConnInterface) *Schools {
	return &Schools{
		organizations: schoolsv1.NewOrganizationsServiceClient(conn),
		journeys:      schoolsv1.NewJourneysServiceClient(conn),
		plans:         schoolsv1.NewPlansServiceClient(conn),
	}
}

// HasSchool tells whether a school exists.
func (s *Schools) HasSchool(ctx context.Context, name string) (bool, error) {
	_, err := s.organizations.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: name})
	return exists(err)
}

// Phase is where a journey stands, without the prefix of the enum; empty when there
// is no such journey.
func (s *Schools) Phase(ctx context.Context, journey string) (string, error) {
	j, err := s.journeys.GetJourney(ctx, &schoolsv1.GetJourneyRequest{Name: journey})
	if known, err := exists(err); !known {
		return "", err
	}
	return strings.TrimPrefix(j.GetPhase().String(), "PHASE_"), nil
}

// HasJourney tells whether a journey exists.
func (s *Schools) HasJourney(ctx context.Context, name string) (bool, error) {
	phase, err := s.Phase(ctx, name)
	return phase != "", err
}

// HasStep tells whether a step exists.
func (s *Schools) HasStep(ctx context.Context, name string) (bool, error) {
	_, err := s.plans.GetStep(ctx, &schoolsv1.GetStepRequest{Name: name})
	return exists(err)
}

// Indicators are those of the goals of a journey; none when there is no such journey.
func (s *Schools) Indicators(ctx context.Context, journey string) ([]string, error) {
	req := &schoolsv1.ListGoalsRequest{Parent: journey, PageSize: pageSize}
	var out []string
	for {
		resp, err := s.plans.ListGoals(ctx, req)
		if known, err := exists(err); !known {
			return nil, err
		}
		for _, goal := range resp.GetGoals() {
			out = append(out, goal.GetIndicator())
		}
		if resp.GetNextPageToken() == "" {
			return out, nil
		}
		req.PageToken = resp.GetNextPageToken()
	}
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

// Package evidencetest gives tests the evidence service with everything around it: a
// schools service of its own in memory behind the real chain, people with roles, and
// contents of every kind.
package evidencetest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// Names of what the schools service knows at the start.
const (
	District     = "districts/0880"
	School       = District + "/schools/0010"
	Journey      = School + "/teams/team/journeys/welcome"
	Other        = School + "/teams/team/journeys/other"
	Step         = Journey + "/steps/open-evening"
	Step2        = Journey + "/steps/interpreters"
	Indicator    = "welcome-1"
	Indicator2   = "welcome-2"
	Neighbour    = District + "/schools/0020"
	FarDistrict  = "districts/0990"
	FarSchool    = FarDistrict + "/schools/0010"
	FarJourney   = FarSchool + "/teams/team/journeys/welcome"
	FarStep      = FarJourney + "/steps/open-evening"
	pageOfGoals  = 1 // so that more than one page is asked for
	notToBeFound = "nothing/is/called/this"
)

// Schools is a schools service that knows three schools and keeps journeys, steps and goals in memory.
type Schools struct {
	schoolsv1.UnimplementedOrganizationsServiceServer
	schoolsv1.UnimplementedJourneysServiceServer
	schoolsv1.UnimplementedPlansServiceServer

	mu       sync.Mutex
	journeys map[string]schoolsv1.Phase
	steps    map[string]bool
	goals    map[string][]string
	away     error
	calls    int
}

// NewSchools returns a schools service in which two schools act on their plans.
func NewSchools() *Schools {
	underway := schoolsv1.Phase_PHASE_UNDERWAY
	return &Schools{
		journeys: map[string]schoolsv1.Phase{Journey: underway, Other: underway, FarJourney: underway},
		steps:    map[string]bool{Step: true, Step2: true, FarStep: true, Other + "/steps/one": true},
		goals:    map[string][]string{Journey: {Indicator, Indicator2}, Other: {Indicator}, FarJourney: {Indicator}},
	}
}

// SetPhase moves a journey.
func (s *Schools) SetPhase(journey string, phase schoolsv1.Phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journeys[journey] = phase
}

// SetAway makes every call fail, or work again with nil.
func (s *Schools) SetAway(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}

// Calls tells how often the service was asked.
func (s *Schools) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Service is how it is served.
func (s *Schools) Service() run.Service {
	return run.Service{Name: "schools", Register: func(r grpc.ServiceRegistrar) {
		schoolsv1.RegisterOrganizationsServiceServer(r, s)
		schoolsv1.RegisterJourneysServiceServer(r, s)
		schoolsv1.RegisterPlansServiceServer(r, s)
	}}
}

// asked counts a call and fails it when the service is away.
func (s *Schools) asked() error {
	s.calls++
	return s.away
}

// GetSchool reads a school.
func (s *Schools) GetSchool(_ context.Context, req *schoolsv1.GetSchoolRequest) (*schoolsv1.School, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.asked(); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{School, Neighbour, FarSchool}, req.GetName()) {
		return nil, problem.NotFound(notToBeFound)
	}
	return &schoolsv1.School{Name: req.GetName()}, nil
}

// GetJourney reads a journey.
func (s *Schools) GetJourney(_ context.Context, req *schoolsv1.GetJourneyRequest) (*schoolsv1.Journey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.asked(); err != nil {
		return nil, err
	}
	phase, ok := s.journeys[req.GetName()]
	if !ok {
		return nil, problem.NotFound(notToBeFound) // the caller of evidence must see the name they sent
	}
	return &schoolsv1.Journey{Name: req.GetName(), Phase: phase}, nil
}

// GetStep reads a step.
func (s *Schools) GetStep(_ context.Context, req *schoolsv1.GetStepRequest) (*schoolsv1.Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.asked(); err != nil {
		return nil, err
	}
	if !s.steps[req.GetName()] {
		return nil, problem.NotFound(req.GetName())
	}
	return &schoolsv1.Step{Name: req.GetName()}, nil
}

// ListGoals lists the goals of a journey.
func (s *Schools) ListGoals(_ context.Context, req *schoolsv1.ListGoalsRequest) (*schoolsv1.ListGoalsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.asked(); err != nil {
		return nil, err
	}
	resp, from := &schoolsv1.ListGoalsResponse{}, len(req.GetPageToken())
	goals := s.goals[req.GetParent()]
	for _, indicator := range goals[from:min(from+pageOfGoals, len(goals))] {
		resp.Goals = append(resp.Goals, &schoolsv1.Goal{Indicator: indicator})
	}
	if from+pageOfGoals < len(goals) {
		resp.NextPageToken = strings.Repeat("+", from+pageOfGoals)
	}
	return resp, nil
}

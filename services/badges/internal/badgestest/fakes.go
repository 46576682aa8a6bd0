// Package badgestest runs the badges service against fakes of its neighbours, for tests.
//
// The fakes implement the generated server interfaces and stand behind the whole gRPC chain,
// so that a call with the wrong rights is refused as the real service would refuse it.
package badgestest

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// FrameworkVersion is the framework version that fake journeys are bound to.
const FrameworkVersion = "frameworks/national-standards/versions/2022"

// Schools is a fake of the schools service.
type Schools struct {
	schoolsv1.UnimplementedJourneysServiceServer
	schoolsv1.UnimplementedPeopleServiceServer
	schoolsv1.UnimplementedOrganizationsServiceServer

	mu       sync.Mutex
	journeys map[string]*schoolsv1.JourneySnapshot
	people   map[string]*schoolsv1.Person
	schools  map[string]bool
}

func newSchools() *Schools {
	return &Schools{
		journeys: map[string]*schoolsv1.JourneySnapshot{}, people: map[string]*schoolsv1.Person{}, schools: map[string]bool{},
	}
}

// AddSchool registers a school.
func (s *Schools) AddSchool(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schools[name] = true
}

// AddPerson registers a person with roles.
func (s *Schools) AddPerson(name string, grants ...access.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &schoolsv1.Person{Name: name, DisplayName: name}
	for _, g := range grants {
		p.Grants = append(p.Grants, &schoolsv1.RoleGrant{Role: g.Role, Node: g.Node})
	}
	s.people[name] = p
}

// AddJourney registers a presented, eligible journey about a standard.
func (s *Schools) AddJourney(name, standard, schoolTitle string, results ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journeys[name] = &schoolsv1.JourneySnapshot{
		Journey: &schoolsv1.Journey{
			Name: name, FrameworkVersion: FrameworkVersion, Phase: schoolsv1.Phase_PHASE_PRESENTED,
			Choice: &schoolsv1.Choice{Standard: standard, Reasons: "Families asked for it."},
		},
		Outcomes: []*typev1.RuleOutcome{{Rule: "two-terms", Met: true, Reason: "2 of 2 terms with evidence"}},
		Eligible: true, SurveyResults: results, SchoolTitle: schoolTitle, DistrictTitle: "Aspen District",
	}
}

// Change changes a journey.
func (s *Schools) Change(name string, change func(*schoolsv1.JourneySnapshot)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.journeys[name])
}

// GetJourney answers with the journey.
func (s *Schools) GetJourney(_ context.Context, req *schoolsv1.GetJourneyRequest) (*schoolsv1.Journey, error) {
	snap, err := s.journey(req.GetName())
	return snap.GetJourney(), err
}

// GetJourneySnapshot answers with the whole journey.
func (s *Schools) GetJourneySnapshot(_ context.Context, req *schoolsv1.GetJourneySnapshotRequest) (*schoolsv1.JourneySnapshot, error) {
	return s.journey(req.GetName())
}

func (s *Schools) journey(name string) (*schoolsv1.JourneySnapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if snap, ok := s.journeys[name]; ok {
		return proto.Clone(snap).(*schoolsv1.JourneySnapshot), nil
	}
	return nil, problem.NotFound(name)
}

// GetPerson answers with the person.
func (s *Schools) GetPerson(_ context.Context, req *schoolsv1.GetPersonRequest) (*schoolsv1.Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.people[req.GetName()]; ok {
		return p, nil
	}
	return nil, problem.NotFound(req.GetName())
}

// GetSchool answers with the school.
func (s *Schools) GetSchool(_ context.Context, req *schoolsv1.GetSchoolRequest) (*schoolsv1.School, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.schools[req.GetName()] {
		out := &schoolsv1.School{Name: req.GetName(), Title: req.GetName(), StateIdentifier: "another"}
		if req.GetName() == School {
			out.StateIdentifier = StateIdentifier
		}
		return out, nil
	}
	return nil, problem.NotFound(req.GetName())
}

// Results is a fake of the results of assessments: every result exists.
type Results struct {
	assessmentsv1.UnimplementedResultsServiceServer
}

// GetResult answers with a result that shows 120 answers.
func (Results) GetResult(_ context.Context, req *assessmentsv1.GetResultRequest) (*assessmentsv1.Result, error) {
	return &assessmentsv1.Result{
		Name: req.GetName(), Wave: 1, Responses: &assessmentsv1.Count{Shown: true, Value: 120},
	}, nil
}

// Frameworks is a fake of the frameworks of assessments: every version has the standard of a World.
type Frameworks struct {
	assessmentsv1.UnimplementedFrameworksServiceServer
}

// GetFrameworkVersion answers with a version of one standard, which has a goal with an indicator.
func (Frameworks) GetFrameworkVersion(_ context.Context, req *assessmentsv1.GetFrameworkVersionRequest) (*assessmentsv1.FrameworkVersion, error) {
	return &assessmentsv1.FrameworkVersion{Name: req.GetName(), Standards: []*assessmentsv1.Standard{{
		Id: Standard, Title: "Communicate effectively", Description: "Families and school talk both ways.",
		Goals: []*assessmentsv1.StandardGoal{{
			Id: "two-way", Title: "Talk both ways", Indicators: []*assessmentsv1.Indicator{{Id: "two-way-1", Title: "Families ask and are answered"}},
		}},
	}}}, nil
}

// What the fakes say of a school and its evidence.
const (
	StateIdentifier = "0470-2012"
	PublicSummary   = "Eighty families at the evening."
)

// Portfolios is a fake of the portfolios of evidence: every journey has two artifacts.
type Portfolios struct {
	evidencev1.UnimplementedPortfoliosServiceServer
	mu     sync.Mutex
	frozen int
}

// FreezePortfolio answers with a manifest, with a new name each time.
func (p *Portfolios) FreezePortfolio(_ context.Context, req *evidencev1.FreezePortfolioRequest) (*evidencev1.Manifest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen++
	return &evidencev1.Manifest{
		Name: fmt.Sprintf("%s/manifests/m%d", req.GetName(), p.frozen), Digest: fmt.Sprintf("%064d", p.frozen),
		Entries: []*evidencev1.ManifestEntry{
			{Artifact: req.GetName() + "/a1", Sha256: fmt.Sprintf("%064x", 10), SizeBytes: 42, MediaType: "text/plain", Caption: "Notes of the family evening", PublicSummary: proto.String(PublicSummary)},
			{Artifact: req.GetName() + "/a2", Sha256: fmt.Sprintf("%064x", 11), SizeBytes: 1 << 40, MediaType: "image/png"},
		},
	}, nil
}

// Grants of the people of a World.
func grant(role accessv1.Role, node string) access.Grant { return access.Grant{Role: role, Node: node} }

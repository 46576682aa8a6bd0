// Package peers asks the other services on behalf of the person in the context, whose token
// goes along with each call: the badges service has no rights of its own. It turns their
// answers into the words of the domain, and their refusals into problems about the resource
// that was asked for.
package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Peers asks the services schools, assessments and evidence.
type Peers struct {
	journeys      schoolsv1.JourneysServiceClient
	people        schoolsv1.PeopleServiceClient
	organizations schoolsv1.OrganizationsServiceClient
	results       assessmentsv1.ResultsServiceClient
	frameworks    assessmentsv1.FrameworksServiceClient
	portfolios    evidencev1.PortfoliosServiceClient
}

// New returns the peers behind connections by service name.
func New(conns map[string]grpc.ClientConnInterface) (*Peers, error) {
	for _, name := range []string{"schools", "assessments", "evidence"} {
		if conns[name] == nil {
			return nil, fmt.Errorf("badges needs a connection to the service %s", name)
		}
	}
	return &Peers{
		journeys:      schoolsv1.NewJourneysServiceClient(conns["schools"]),
		people:        schoolsv1.NewPeopleServiceClient(conns["schools"]),
		organizations: schoolsv1.NewOrganizationsServiceClient(conns["schools"]),
		results:       assessmentsv1.NewResultsServiceClient(conns["assessments"]),
		frameworks:    assessmentsv1.NewFrameworksServiceClient(conns["assessments"]),
		portfolios:    evidencev1.NewPortfoliosServiceClient(conns["evidence"]),
	}, nil
}

// Journey asks schools for a journey.
func (p *Peers) Journey(ctx context.Context, name string) (application.Journey, error) {
	j, err := p.journeys.GetJourney(ctx, &schoolsv1.GetJourneyRequest{Name: name})
	if err != nil {
		return application.Journey{}, refusal(err, name, "schools")
	}
	return journey(j), nil
}

func journey(j *schoolsv1.Journey) application.Journey {
	return application.Journey{
		Name: j.GetName(), Phase: strings.TrimPrefix(j.GetPhase().String(), "PHASE_"),
		Standard: j.GetChoice().GetStandard(), FrameworkVersion: j.GetFrameworkVersion(),
	}
}

// Picture asks schools for a whole journey.
func (p *Peers) Picture(ctx context.Context, name string) (application.Picture, error) {
	s, err := p.journeys.GetJourneySnapshot(ctx, &schoolsv1.GetJourneySnapshotRequest{Name: name})
	if err != nil {
		return application.Picture{}, refusal(err, name, "schools")
	}
	content, err := value(s)
	out := application.Picture{
		Journey: journey(s.GetJourney()), Eligible: s.GetEligible(), SurveyResults: s.GetSurveyResults(),
		SchoolTitle: s.GetSchoolTitle(), DistrictTitle: s.GetDistrictTitle(), Content: content,
	}
	for _, o := range s.GetOutcomes() {
		out.Outcomes = append(out.Outcomes, application.Outcome{
			Rule: o.GetRule(), Title: o.GetTitle(), Reason: o.GetReason(), Fix: o.GetFix(), Met: o.GetMet(),
		})
	}
	return out, err
}

// Freeze has evidence freeze the portfolio of a journey.
func (p *Peers) Freeze(ctx context.Context, name string) (application.Manifest, error) {
	portfolio := name + "/portfolio"
	m, err := p.portfolios.FreezePortfolio(ctx, &evidencev1.FreezePortfolioRequest{Name: portfolio})
	if err != nil {
		return application.Manifest{}, refusal(err, portfolio, "evidence")
	}
	content, err := value(m)
	out := application.Manifest{Name: m.GetName(), Digest: m.GetDigest(), Content: content}
	for _, e := range m.GetEntries() {
		out.Entries = append(out.Entries, application.Evidence{
			Artifact: e.GetArtifact(), SHA256: e.GetSha256(), MediaType: e.GetMediaType(),
			SizeBytes: e.GetSizeBytes(), Caption: e.GetCaption(), PublicSummary: e.GetPublicSummary(),
		})
	}
	return out, err
}

// Result asks assessments for the numbers of a survey result.
func (p *Peers) Result(ctx context.Context, name string) (any, error) {
	r, err := p.results.GetResult(ctx, &assessmentsv1.GetResultRequest{Name: name})
	if err != nil {
		return nil, refusal(err, name, "assessments")
	}
	return value(r)
}

// Person asks schools for the roles of a person.
func (p *Peers) Person(ctx context.Context, name string) (review.Person, error) {
	m, err := p.people.GetPerson(ctx, &schoolsv1.GetPersonRequest{Name: name})
	if err != nil {
		return review.Person{}, refusal(err, name, "schools")
	}
	out := review.Person{Name: m.GetName()}
	for _, g := range m.GetGrants() {
		out.Grants = append(out.Grants, review.Grant{
			Node: g.GetNode(), Reviewer: g.GetRole() == accessv1.Role_ROLE_REVIEWER,
		})
	}
	return out, nil
}

// School asks schools whether a school exists.
func (p *Peers) School(ctx context.Context, name string) error {
	_, err := p.organizations.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: name})
	return refusal(err, name, "schools")
}

// value is a message as a JSON value.
func value(m proto.Message) (any, error) {
	raw, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out any
	err = json.Unmarshal(raw, &out)
	return out, err
}

// refusal turns what a peer refused into a problem about what it was asked for. Other
// statuses pass as they are, with the peer's details.
func refusal(err error, name, service string) error {
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.NotFound:
		return problem.WithCause(problem.NotFound(name), err)
	case codes.PermissionDenied:
		return problem.WithCause(problem.Denied("read "+name), err)
	case codes.Unavailable:
		return problem.WithCause(problem.Unavailable(service), err)
	default:
		return err
	}
}

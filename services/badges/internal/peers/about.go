package peers

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// About asks schools for the identifier of a school in the state's registry, and assessments for the
// standard of a framework version. A standard that the version does not have any more is no reason
// to refuse: the credential then says less about it.
func (p *Peers) About(ctx context.Context, school, frameworkVersion, standard string) (application.About, error) {
	s, err := p.organizations.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: school})
	if err != nil {
		return application.About{}, refusal(err, school, "schools")
	}
	out := application.About{StateIdentifier: s.GetStateIdentifier()}
	v, err := p.frameworks.GetFrameworkVersion(ctx, &assessmentsv1.GetFrameworkVersionRequest{Name: frameworkVersion})
	if err := refusal(err, frameworkVersion, "assessments"); problem.Is(err, problem.KindNotFound) {
		return out, nil
	} else if err != nil {
		return application.About{}, err
	}
	for _, s := range v.GetStandards() {
		if s.GetId() == standard {
			out.Standard = standardOf(s)
		}
	}
	return out, nil
}

func standardOf(s *assessmentsv1.Standard) application.Standard {
	out := application.Standard{Title: s.GetTitle(), Description: s.GetDescription()}
	for _, g := range s.GetGoals() {
		goal := application.Goal{ID: g.GetId(), Title: g.GetTitle()}
		for _, i := range g.GetIndicators() {
			goal.Indicators = append(goal.Indicators, application.Indicator{ID: i.GetId(), Title: i.GetTitle()})
		}
		out.Goals = append(out.Goals, goal)
	}
	return out
}

// Identifiers asks schools for the names under which others know a school.
func (p *Peers) Identifiers(ctx context.Context, school string) ([]string, error) {
	s, err := p.organizations.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: school})
	if err != nil || s.GetStateIdentifier() == "" {
		return nil, refusal(err, school, "schools")
	}
	return []string{s.GetStateIdentifier()}, nil
}

package result

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
)

// looked is how many of a school's newest results are looked through for one of
// an audience: several years of surveys.
const looked = 100

// Newest are the shares of the school's newest result of an audience whose items
// speak to the framework version; it implements selfassessment.Surveys.
func (s *Service) Newest(ctx context.Context, district, school string, who selfassessment.Audience, frameworkVersion string) (selfassessment.Shares, error) {
	list, err := s.store.Results(ctx, district, school, Position{}, looked)
	if err != nil {
		return selfassessment.Shares{}, err
	}
	for _, r := range list {
		if r.FrameworkVersion != frameworkVersion || !r.Sufficient() {
			continue
		}
		asked, err := s.asked(ctx, r)
		if err != nil {
			return selfassessment.Shares{}, err
		}
		if string(asked) == string(who) {
			return sharesOf(r), nil
		}
	}
	return selfassessment.Shares{}, problem.NotFound(campaign.SchoolName(district, school) + "/results/-")
}

// asked is the audience of the result's instrument.
func (s *Service) asked(ctx context.Context, r Result) (instrument.Audience, error) {
	c, err := s.store.Campaign(ctx, r.District, r.Campaign)
	if err != nil {
		return "", err
	}
	v, err := instrument.Published(ctx, s.instruments, c.InstrumentVersion)
	if err != nil {
		return "", err
	}
	if v.Body.Audience == "" {
		return instrument.Families, nil
	}
	return v.Body.Audience, nil
}

func sharesOf(r Result) selfassessment.Shares {
	out := selfassessment.Shares{Result: r.Name(), Standards: map[string]float64{}, Hidden: "The survey has no number on this standard that may be shown."}
	for _, std := range r.Table.Standards {
		if std.FavorableShare.Shown {
			out.Standards[std.Standard] = std.FavorableShare.Value
		}
	}
	return out
}

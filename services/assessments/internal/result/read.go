package result

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// GetRelease reads a release of a campaign that the viewer sees.
func (s *Service) GetRelease(ctx context.Context, district, id string, v campaign.Viewer) (Release, error) {
	r, err := s.store.GetRelease(ctx, district, id)
	if err != nil {
		return Release{}, err
	}
	_, err = s.campaignOf(ctx, r, v)
	return r, err
}

// CampaignOf reads the campaign of a release that the viewer sees.
func (s *Service) CampaignOf(ctx context.Context, district, id string, v campaign.Viewer) (campaign.Campaign, error) {
	r, err := s.store.GetRelease(ctx, district, id)
	if err != nil {
		return campaign.Campaign{}, err
	}
	return s.campaignOf(ctx, r, v)
}

func (s *Service) campaignOf(ctx context.Context, r Release, v campaign.Viewer) (campaign.Campaign, error) {
	c, err := s.store.Campaign(ctx, r.District, r.Campaign)
	if err != nil {
		return c, err
	}
	if !v.Sees(c) {
		return c, problem.NotFound(r.Name())
	}
	return c, nil
}

// Releases lists the releases of campaigns that the viewer sees, in the order of
// their ids.
func (s *Service) Releases(ctx context.Context, district string, v campaign.Viewer, after string, limit int) ([]Release, error) {
	if !v.All && len(v.Schools) == 0 {
		return nil, nil
	}
	list, err := s.store.Releases(ctx, district, v, after, limit)
	if err != nil {
		return nil, err
	}
	return list, check.Parent(ctx, campaign.DistrictName(district), len(list), s.directory.HasDistrict)
}

// Get reads a released result.
func (s *Service) Get(ctx context.Context, district, school, id string) (Result, error) {
	return s.store.Result(ctx, district, school, id)
}

// List lists the released results of a school, the newest first.
func (s *Service) List(ctx context.Context, district, school string, after Position, limit int) ([]Result, error) {
	if err := s.mustExist(ctx, district, school); err != nil {
		return nil, err
	}
	return s.store.Results(ctx, district, school, after, limit)
}

// mustExist refuses a school that does not exist as if its results did not.
func (s *Service) mustExist(ctx context.Context, district, school string) error {
	name := campaign.SchoolName(district, school)
	known, err := s.directory.HasSchool(ctx, name)
	if err != nil || known {
		return err
	}
	return problem.NotFound(name)
}

package peers

import (
	"context"
	"slices"
	"strings"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Plan reads districts with their regions and feeder systems.
func (s *Schools) Plan(ctx context.Context, districts []string) (rollup.Plan, error) {
	var out rollup.Plan
	for _, id := range slices.Sorted(slices.Values(districts)) {
		name := "districts/" + id
		d, err := s.organizations.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
		if err != nil {
			return rollup.Plan{}, err
		}
		feeders, err := s.feeders(ctx, name)
		if err != nil {
			return rollup.Plan{}, err
		}
		out.Districts = append(out.Districts, rollup.PlannedDistrict{ID: id, Title: d.GetTitle(), Region: strings.TrimSpace(d.GetRegion()), Feeders: feeders})
	}
	return out, nil
}

func (s *Schools) feeders(ctx context.Context, district string) ([]rollup.PlannedFeeder, error) {
	req := &schoolsv1.ListFeederSystemsRequest{Parent: district, PageSize: pageSize}
	var out []rollup.PlannedFeeder
	for {
		resp, err := s.organizations.ListFeederSystems(ctx, req)
		if err != nil {
			return nil, err
		}
		for _, f := range resp.GetFeederSystems() {
			planned := rollup.PlannedFeeder{ID: strings.TrimPrefix(f.GetName(), district+"/feederSystems/"), Title: f.GetTitle()}
			for _, school := range f.GetSchools() {
				planned.Schools = append(planned.Schools, strings.TrimPrefix(school, district+"/schools/"))
			}
			out = append(out, planned)
		}
		if resp.GetNextPageToken() == "" {
			return out, nil
		}
		req.PageToken = resp.GetNextPageToken()
	}
}

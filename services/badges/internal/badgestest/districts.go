package badgestest

import (
	"context"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// GetDistrict answers with the one district that there is.
func (s *Schools) GetDistrict(_ context.Context, req *schoolsv1.GetDistrictRequest) (*schoolsv1.District, error) {
	if req.GetName() != District {
		return nil, problem.NotFound(req.GetName())
	}
	return &schoolsv1.District{Name: District, Title: "Aspen"}, nil
}

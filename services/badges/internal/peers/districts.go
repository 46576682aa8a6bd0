package peers

import (
	"context"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

// District asks schools whether there is a district.
func (p *Peers) District(ctx context.Context, name string) error {
	_, err := p.organizations.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
	return refusal(err, name, "schools")
}

package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/mask"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

type organizations struct {
	schoolsv1.UnimplementedOrganizationsServiceServer
	tree district.Service
}

// CreateDistrict registers a district.
func (s *organizations) CreateDistrict(ctx context.Context, req *schoolsv1.CreateDistrictRequest) (*schoolsv1.District, error) {
	d, err := s.tree.CreateDistrict(ctx, req.GetDistrictId(), districtFields(req.GetDistrict()))
	return answer(d, err, districtOut)
}

// GetDistrict reads one district.
func (s *organizations) GetDistrict(ctx context.Context, req *schoolsv1.GetDistrictRequest) (*schoolsv1.District, error) {
	return read(ctx, req.GetName(), districtForm, s.tree.GetDistrict, districtOut)
}

// ListDistricts lists the districts of the caller.
func (s *organizations) ListDistricts(ctx context.Context, req *schoolsv1.ListDistrictsRequest) (*schoolsv1.ListDistrictsResponse, error) {
	rows, next, err := list(req, func(r record.Range) ([]district.District, error) {
		return s.tree.ListDistricts(ctx, access.ScopeOf(ctx, "districts.get"), r)
	}, func(d district.District) []string { return []string{idOf(d.Name)} }, districtOut)
	return &schoolsv1.ListDistrictsResponse{Districts: rows, NextPageToken: next}, err
}

// UpdateDistrict changes the fields of the update mask.
func (s *organizations) UpdateDistrict(ctx context.Context, req *schoolsv1.UpdateDistrictRequest) (*schoolsv1.District, error) {
	in := req.GetDistrict()
	if err := checkName("district.name", in.GetName(), districtForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"title", "state_identifier", "region", "time_zone"},
		func(f district.Fields) *schoolsv1.District { return districtOut(district.District{Fields: f}) }, districtFields)
	if err != nil {
		return nil, err
	}
	d, err := s.tree.UpdateDistrict(ctx, in.GetName(), in.GetEtag(), change)
	return answer(d, err, districtOut)
}

// CreateFeederSystem groups schools of a district.
func (s *organizations) CreateFeederSystem(ctx context.Context, req *schoolsv1.CreateFeederSystemRequest) (*schoolsv1.FeederSystem, error) {
	if err := checkName("parent", req.GetParent(), districtForm); err != nil {
		return nil, err
	}
	f, err := s.tree.CreateFeeder(ctx, req.GetParent(), req.GetFeederSystemId(), feederFields(req.GetFeederSystem()))
	return answer(f, err, feederOut)
}

// GetFeederSystem reads one feeder system.
func (s *organizations) GetFeederSystem(ctx context.Context, req *schoolsv1.GetFeederSystemRequest) (*schoolsv1.FeederSystem, error) {
	return read(ctx, req.GetName(), feederForm, s.tree.GetFeeder, feederOut)
}

// ListFeederSystems lists the feeder systems of a district.
func (s *organizations) ListFeederSystems(ctx context.Context, req *schoolsv1.ListFeederSystemsRequest) (*schoolsv1.ListFeederSystemsResponse, error) {
	rows, next, err := below(ctx, req, districtForm, s.tree.ListFeeders,
		func(f district.Feeder) string { return f.Name }, feederOut)
	return &schoolsv1.ListFeederSystemsResponse{FeederSystems: rows, NextPageToken: next}, err
}

// UpdateFeederSystem changes the fields of the update mask.
func (s *organizations) UpdateFeederSystem(ctx context.Context, req *schoolsv1.UpdateFeederSystemRequest) (*schoolsv1.FeederSystem, error) {
	in := req.GetFeederSystem()
	if err := checkName("feeder_system.name", in.GetName(), feederForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"title", "schools"},
		func(f district.FeederFields) *schoolsv1.FeederSystem {
			return feederOut(district.Feeder{FeederFields: f})
		}, feederFields)
	if err != nil {
		return nil, err
	}
	f, err := s.tree.UpdateFeeder(ctx, in.GetName(), in.GetEtag(), change)
	return answer(f, err, feederOut)
}

// DeleteFeederSystem removes a feeder system; its schools stay.
func (s *organizations) DeleteFeederSystem(ctx context.Context, req *schoolsv1.DeleteFeederSystemRequest) (*emptypb.Empty, error) {
	return remove(ctx, req.GetName(), feederForm, req.GetEtag(), s.tree.DeleteFeeder)
}

func districtFields(d *schoolsv1.District) district.Fields {
	return district.Fields{
		Title: d.GetTitle(), StateIdentifier: d.GetStateIdentifier(), Region: d.GetRegion(), TimeZone: d.GetTimeZone(),
	}
}

func districtOut(d district.District) *schoolsv1.District {
	return &schoolsv1.District{
		Name: d.Name, Title: d.Title, StateIdentifier: d.StateIdentifier, Region: d.Region, TimeZone: d.TimeZone,
		CreateTime: stamp(d.Created), UpdateTime: stamp(d.Updated), Etag: tagOf(d.Meta),
	}
}

func feederFields(f *schoolsv1.FeederSystem) district.FeederFields {
	return district.FeederFields{Title: f.GetTitle(), Schools: f.GetSchools()}
}

func feederOut(f district.Feeder) *schoolsv1.FeederSystem {
	return &schoolsv1.FeederSystem{
		Name: f.Name, Title: f.Title, Schools: f.Schools,
		CreateTime: stamp(f.Created), UpdateTime: stamp(f.Updated), Etag: tagOf(f.Meta),
	}
}

package api

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type grants struct {
	schoolsv1.UnimplementedGrantsServiceServer
	grants grant.Service
}

// CreateGrant gives a person a role on a node.
func (s *grants) CreateGrant(ctx context.Context, req *schoolsv1.CreateGrantRequest) (*schoolsv1.Grant, error) {
	if err := checkName("parent", req.GetParent(), personForm, officeForm); err != nil {
		return nil, err
	}
	g := req.GetGrant()
	asked := grant.Held{
		Role: wire.ToRole(g.GetRole()), Node: g.GetNode(), Start: timeOf(g.GetStartTime()), End: timeOf(g.GetEndTime()),
	}
	v, err := s.grants.Create(ctx, actor(ctx), req.GetParent(), req.GetGrantId(), asked, g.GetReason())
	return answer(v, err, grantOut)
}

// GetGrant reads one grant.
func (s *grants) GetGrant(ctx context.Context, req *schoolsv1.GetGrantRequest) (*schoolsv1.Grant, error) {
	if err := checkName("name", req.GetName(), grantForm, officeGrant); err != nil {
		return nil, err
	}
	v, err := s.grants.Get(ctx, req.GetName())
	return answer(v, err, grantOut)
}

// ListGrants lists the grants of a person, newest first.
func (s *grants) ListGrants(ctx context.Context, req *schoolsv1.ListGrantsRequest) (*schoolsv1.ListGrantsResponse, error) {
	if err := checkName("parent", req.GetParent(), personForm, officeForm); err != nil {
		return nil, err
	}
	rows, next, err := list(req, func(r record.Range) ([]grant.View, error) { return s.grants.List(ctx, req.GetParent(), r) },
		func(v grant.View) []string {
			return []string{strconv.FormatInt(v.Created.UnixMicro(), 10), idOf(v.Name)}
		}, grantOut)
	return &schoolsv1.ListGrantsResponse{Grants: rows, NextPageToken: next}, err
}

// ApproveGrant lets a pending grant take effect.
func (s *grants) ApproveGrant(ctx context.Context, req *schoolsv1.ApproveGrantRequest) (*schoolsv1.Grant, error) {
	if err := checkName("name", req.GetName(), grantForm, officeGrant); err != nil {
		return nil, err
	}
	v, err := s.grants.Approve(ctx, actor(ctx), req.GetName(), req.GetEtag())
	return answer(v, err, grantOut)
}

// EndGrant ends a grant, or refuses a pending one.
func (s *grants) EndGrant(ctx context.Context, req *schoolsv1.EndGrantRequest) (*schoolsv1.Grant, error) {
	if err := checkName("name", req.GetName(), grantForm, officeGrant); err != nil {
		return nil, err
	}
	v, err := s.grants.End(ctx, actor(ctx), req.GetName(), req.GetEtag(), req.GetReason())
	return answer(v, err, grantOut)
}

func grantOut(v grant.View) *schoolsv1.Grant {
	return &schoolsv1.Grant{
		Name: v.Name, Role: wire.Role(v.Role), Node: v.Node, StartTime: stamp(v.Start), EndTime: stamp(v.End), Reason: v.Reason,
		State: wire.GrantState(v.State), Grantor: v.Grantor, Approver: v.Approver, EndedBy: v.EndedBy, EndReason: v.EndReason,
		CreateTime: stamp(v.Created), UpdateTime: stamp(v.Updated), Etag: tagOf(v.Meta), Unsupported: v.Unsupported,
	}
}

// timeOf is a time as databases keep it, zero when it is not given.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type restrictions struct {
	schoolsv1.UnimplementedRestrictionsServiceServer
	restrictions restriction.Service
}

// CreateRestriction forbids actions to roles in a district.
func (s *restrictions) CreateRestriction(ctx context.Context, req *schoolsv1.CreateRestrictionRequest) (*schoolsv1.Restriction, error) {
	if err := checkName("parent", req.GetParent(), districtForm); err != nil {
		return nil, err
	}
	in := req.GetRestriction()
	r, err := s.restrictions.Create(ctx, req.GetParent(), req.GetRestrictionId(), restriction.Fields{
		Actions: in.GetActions(), Roles: wire.ToRoles(in.GetRoles()), Reason: in.GetReason(),
	})
	return answer(r, err, restrictionOut)
}

// GetRestriction reads one restriction.
func (s *restrictions) GetRestriction(ctx context.Context, req *schoolsv1.GetRestrictionRequest) (*schoolsv1.Restriction, error) {
	return read(ctx, req.GetName(), restrictForm, s.restrictions.Get, restrictionOut)
}

// ListRestrictions lists the restrictions of a district.
func (s *restrictions) ListRestrictions(ctx context.Context, req *schoolsv1.ListRestrictionsRequest) (*schoolsv1.ListRestrictionsResponse, error) {
	rows, next, err := below(ctx, req, districtForm, s.restrictions.List,
		func(r restriction.Restriction) string { return r.Name }, restrictionOut)
	return &schoolsv1.ListRestrictionsResponse{Restrictions: rows, NextPageToken: next}, err
}

// DeleteRestriction lifts a restriction.
func (s *restrictions) DeleteRestriction(ctx context.Context, req *schoolsv1.DeleteRestrictionRequest) (*emptypb.Empty, error) {
	return remove(ctx, req.GetName(), restrictForm, req.GetEtag(), s.restrictions.Lift)
}

func restrictionOut(r restriction.Restriction) *schoolsv1.Restriction {
	// A restriction that names an action which a newer program no longer has is
	// shown without its text; it forbids nothing then.
	text, _ := Restriction(r).Policy()
	return &schoolsv1.Restriction{
		Name: r.Name, Actions: r.Actions, Roles: wire.Roles(r.Roles), Reason: r.Reason, Policy: text,
		CreateTime: stamp(r.Created), UpdateTime: stamp(r.Updated), Etag: tagOf(r.Meta),
	}
}

// Restriction is a restriction as package access decides with it.
func Restriction(r restriction.Restriction) access.Restriction {
	return access.Restriction{
		Name: r.Name, District: record.District(r.Name), Actions: r.Actions, Roles: wire.Roles(r.Roles), Reason: r.Reason,
	}
}

package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/trail"
)

type awardsServer struct {
	badgesv1.UnimplementedAwardsServiceServer
	registry *award.Registry
	trails   *trail.Reader
	issuer   *issuing.Issuer
}

// GetAward reads an award.
func (s *awardsServer) GetAward(ctx context.Context, req *badgesv1.GetAwardRequest) (*badgesv1.Award, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.registry.Get(ctx, req.GetName())
	return answer(a, err, awardProto)
}

// ListAwards lists awards.
func (s *awardsServer) ListAwards(ctx context.Context, req *badgesv1.ListAwardsRequest) (*badgesv1.ListAwardsResponse, error) {
	if err := parent(schoolPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(a award.Award) []string { return []string{names.ID(a.Name), a.Name} },
		func(after []string, limit int) ([]award.Award, error) {
			return s.registry.List(ctx, scopeOf(ctx, req.GetParent(), "awards.get"), award.Slice{After: after, Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListAwardsResponse{Awards: each(rows, awardProto), NextPageToken: next}, nil
}

// GetAwardTrail reads everything behind an award.
func (s *awardsServer) GetAwardTrail(ctx context.Context, req *badgesv1.GetAwardTrailRequest) (*badgesv1.AwardTrail, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	t, err := s.trails.Read(ctx, callerOf(ctx, req.GetName()), req.GetName())
	if err != nil {
		return nil, err
	}
	return trailProto(t)
}

// RevokeAward takes a badge away.
func (s *awardsServer) RevokeAward(ctx context.Context, req *badgesv1.RevokeAwardRequest) (*badgesv1.Award, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.registry.Revoke(ctx, req.GetName(), req.GetEtag(), req.GetReason())
	return answer(a, err, awardProto)
}

// GetPartnershipStatus tells how far a school is.
func (s *awardsServer) GetPartnershipStatus(ctx context.Context, req *badgesv1.GetPartnershipStatusRequest) (*badgesv1.PartnershipStatus, error) {
	if err := named(statusPattern, req.GetName()); err != nil {
		return nil, err
	}
	st, err := s.registry.Status(ctx, names.School(req.GetName()), req.GetName())
	if err != nil {
		return nil, err
	}
	c, err := s.issuer.Partnership(ctx, st.School, st.FrameworkVersion)
	return answer(c, err, func(c award.Credential) *badgesv1.PartnershipStatus {
		return &badgesv1.PartnershipStatus{
			Name: req.GetName(), PartnershipSchool: st.Recognized, Held: st.Held, Missing: st.Missing, FrameworkVersion: st.FrameworkVersion,
			Credential: c.Name, InGrace: st.Recognized && st.InGrace,
		}
	})
}

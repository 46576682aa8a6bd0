package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
)

type reviewsServer struct {
	badgesv1.UnimplementedReviewsServiceServer
	panel *review.Panel
}

// GetReview reads a review.
func (s *reviewsServer) GetReview(ctx context.Context, req *badgesv1.GetReviewRequest) (*badgesv1.Review, error) {
	if err := named(reviewPattern, req.GetName()); err != nil {
		return nil, err
	}
	r, err := s.panel.Get(ctx, callerOf(ctx, req.GetName()), req.GetName())
	return answer(r, err, reviewProto)
}

// ListReviews lists reviews.
func (s *reviewsServer) ListReviews(ctx context.Context, req *badgesv1.ListReviewsRequest) (*badgesv1.ListReviewsResponse, error) {
	if err := parent(applicationPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(r review.Review) []string { return []string{names.ID(r.Name), r.Name} },
		func(after []string, limit int) ([]review.Review, error) {
			return s.panel.List(ctx, scopeOf(ctx, req.GetParent(), everyApplication), review.Slice{After: after, Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListReviewsResponse{Reviews: each(rows, reviewProto), NextPageToken: next}, nil
}

// DeclareConflict says whether there is a conflict of interest.
func (s *reviewsServer) DeclareConflict(ctx context.Context, req *badgesv1.DeclareConflictRequest) (*badgesv1.Review, error) {
	if err := named(reviewPattern, req.GetName()); err != nil {
		return nil, err
	}
	r, err := s.panel.Declare(ctx, callerOf(ctx, req.GetName()), review.Declaration{
		Name: req.GetName(), Etag: req.GetEtag(), Conflict: req.GetConflict(), Explanation: req.GetExplanation(),
	})
	return answer(r, err, reviewProto)
}

// UpdateReview changes scores and reasons.
func (s *reviewsServer) UpdateReview(ctx context.Context, req *badgesv1.UpdateReviewRequest) (*badgesv1.Review, error) {
	m := req.GetReview()
	if err := named(reviewPattern, m.GetName()); err != nil {
		return nil, err
	}
	if err := checkMask(req.GetUpdateMask(), "scores", "summary"); err != nil {
		return nil, err
	}
	r, err := s.panel.Change(ctx, callerOf(ctx, m.GetName()), m.GetName(), m.GetEtag(), func(r *review.Review) {
		merged := merge(req.GetUpdateMask(), reviewProto(*r), m)
		r.Scores, r.Summary = each(merged.GetScores(), scoreOf), merged.GetSummary()
	})
	return answer(r, err, reviewProto)
}

// FinalizeReview closes a review.
func (s *reviewsServer) FinalizeReview(ctx context.Context, req *badgesv1.FinalizeReviewRequest) (*badgesv1.Review, error) {
	if err := named(reviewPattern, req.GetName()); err != nil {
		return nil, err
	}
	r, err := s.panel.Finalize(ctx, callerOf(ctx, req.GetName()), req.GetName(), req.GetEtag())
	return answer(r, err, reviewProto)
}

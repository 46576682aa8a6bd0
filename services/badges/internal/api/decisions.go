package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
)

type decisionsServer struct {
	badgesv1.UnimplementedDecisionsServiceServer
	board *decision.Board
}

// CreateDecision proposes a decision.
func (s *decisionsServer) CreateDecision(ctx context.Context, req *badgesv1.CreateDecisionRequest) (*badgesv1.Decision, error) {
	if err := named(applicationPattern, req.GetParent()); err != nil {
		return nil, err
	}
	m := req.GetDecision()
	d, err := s.board.Propose(ctx, callerOf(ctx, req.GetParent()), req.GetParent(), req.GetDecisionId(), decision.Decision{
		Outcome: outcomeOf(m.GetOutcome()), Rationale: m.GetRationale(), Requirements: m.GetRequirements(),
	})
	return answer(d, err, decisionProto)
}

// GetDecision reads a decision.
func (s *decisionsServer) GetDecision(ctx context.Context, req *badgesv1.GetDecisionRequest) (*badgesv1.Decision, error) {
	if err := named(decisionPattern, req.GetName()); err != nil {
		return nil, err
	}
	d, err := s.board.Get(ctx, callerOf(ctx, req.GetName()), req.GetName())
	return answer(d, err, decisionProto)
}

// ListDecisions lists the decisions on an application.
func (s *decisionsServer) ListDecisions(ctx context.Context, req *badgesv1.ListDecisionsRequest) (*badgesv1.ListDecisionsResponse, error) {
	if err := named(applicationPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(d decision.Decision) []string { return []string{d.Name} },
		func(after []string, limit int) ([]decision.Decision, error) {
			return s.board.List(ctx, callerOf(ctx, req.GetParent()), req.GetParent(), decision.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListDecisionsResponse{Decisions: each(rows, decisionProto), NextPageToken: next}, nil
}

// ApproveDecision puts a decision into force.
func (s *decisionsServer) ApproveDecision(ctx context.Context, req *badgesv1.ApproveDecisionRequest) (*badgesv1.Decision, error) {
	if err := named(decisionPattern, req.GetName()); err != nil {
		return nil, err
	}
	d, err := s.board.Approve(ctx, callerOf(ctx, req.GetName()), req.GetName(), req.GetEtag())
	return answer(d, err, decisionProto)
}

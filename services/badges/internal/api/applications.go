package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/filter"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
)

type applicationsServer struct {
	badgesv1.UnimplementedApplicationsServiceServer
	desk  *application.Desk
	panel *review.Panel
}

// CreateApplication drafts an application.
func (s *applicationsServer) CreateApplication(ctx context.Context, req *badgesv1.CreateApplicationRequest) (*badgesv1.Application, error) {
	if err := named(schoolPattern, req.GetParent()); err != nil {
		return nil, err
	}
	a, err := s.desk.Create(ctx, req.GetParent(), req.GetApplicationId(), application.Application{
		Journey: req.GetApplication().GetJourney(), BadgeDefinition: req.GetApplication().GetBadgeDefinition(),
	})
	return answer(a, err, applicationProto)
}

// GetApplication reads an application.
func (s *applicationsServer) GetApplication(ctx context.Context, req *badgesv1.GetApplicationRequest) (*badgesv1.Application, error) {
	if err := named(applicationPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.desk.Get(ctx, callerOf(ctx, req.GetName()), req.GetName())
	return answer(a, err, applicationProto)
}

// ListApplications lists applications.
func (s *applicationsServer) ListApplications(ctx context.Context, req *badgesv1.ListApplicationsRequest) (*badgesv1.ListApplicationsResponse, error) {
	if err := parent(schoolPattern, req.GetParent()); err != nil {
		return nil, err
	}
	f, err := filter.Parse(req.GetFilter(), badgesv1.Application_STATE_UNSPECIFIED.Type(), "state", "journey", "badge_definition")
	if err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(a application.Application) []string { return []string{names.ID(a.Name), a.Name} },
		func(after []string, limit int) ([]application.Application, error) {
			return s.desk.List(ctx, scopeOf(ctx, req.GetParent(), everyApplication), f, application.Slice{After: after, Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListApplicationsResponse{Applications: each(rows, applicationProto), NextPageToken: next}, nil
}

// SubmitApplication hands an application in.
func (s *applicationsServer) SubmitApplication(ctx context.Context, req *badgesv1.SubmitApplicationRequest) (*badgesv1.Application, error) {
	return s.submit(ctx, req, application.Submit)
}

// ResubmitApplication hands an application in again.
func (s *applicationsServer) ResubmitApplication(ctx context.Context, req *badgesv1.ResubmitApplicationRequest) (*badgesv1.Application, error) {
	return s.submit(ctx, req, application.Resubmit)
}

// submission is what the two requests have in common.
type submission interface {
	GetName() string
	GetEtag() string
	GetAttestation() string
}

func (s *applicationsServer) submit(ctx context.Context, req submission, step application.Step) (*badgesv1.Application, error) {
	if err := named(applicationPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.desk.Submit(ctx, application.Submission{
		Name: req.GetName(), Etag: req.GetEtag(), Attestation: req.GetAttestation(),
		Person: callerOf(ctx, req.GetName()).Person, Step: step,
	})
	return answer(a, err, applicationProto)
}

// WithdrawApplication takes an application back.
func (s *applicationsServer) WithdrawApplication(ctx context.Context, req *badgesv1.WithdrawApplicationRequest) (*badgesv1.Application, error) {
	if err := named(applicationPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.desk.Withdraw(ctx, req.GetName(), req.GetEtag(), req.GetReason())
	return answer(a, err, applicationProto)
}

// AssignReviewers gives an application to reviewers.
func (s *applicationsServer) AssignReviewers(ctx context.Context, req *badgesv1.AssignReviewersRequest) (*badgesv1.Application, error) {
	if err := named(applicationPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.panel.Assign(ctx, req.GetName(), req.GetEtag(), req.GetReviewers())
	return answer(a, err, applicationProto)
}

// GetSnapshot reads what was frozen.
func (s *applicationsServer) GetSnapshot(ctx context.Context, req *badgesv1.GetSnapshotRequest) (*badgesv1.Snapshot, error) {
	if err := named(snapshotPattern, req.GetName()); err != nil {
		return nil, err
	}
	n, err := s.desk.Snapshot(ctx, callerOf(ctx, req.GetName()), req.GetName())
	if err != nil {
		return nil, err
	}
	return snapshotProto(n)
}

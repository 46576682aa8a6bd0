package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
)

// CreateRubric creates a rubric.
func (s *definitionsServer) CreateRubric(ctx context.Context, req *badgesv1.CreateRubricRequest) (*badgesv1.Rubric, error) {
	r, err := s.catalog.CreateRubric(ctx, req.GetRubric().GetTitle(), req.GetRubricId())
	return answer(r, err, rubricProto)
}

// GetRubric reads a rubric.
func (s *definitionsServer) GetRubric(ctx context.Context, req *badgesv1.GetRubricRequest) (*badgesv1.Rubric, error) {
	if err := named(rubricPattern, req.GetName()); err != nil {
		return nil, err
	}
	r, err := s.catalog.Rubric(ctx, req.GetName())
	return answer(r, err, rubricProto)
}

// ListRubrics lists rubrics.
func (s *definitionsServer) ListRubrics(ctx context.Context, req *badgesv1.ListRubricsRequest) (*badgesv1.ListRubricsResponse, error) {
	rows, next, err := paged(req, func(r definition.Rubric) []string { return []string{r.Name} },
		func(after []string, limit int) ([]definition.Rubric, error) {
			return s.catalog.Rubrics(ctx, definition.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListRubricsResponse{Rubrics: each(rows, rubricProto), NextPageToken: next}, nil
}

// CreateRubricVersion drafts a version of a rubric.
func (s *definitionsServer) CreateRubricVersion(ctx context.Context, req *badgesv1.CreateRubricVersionRequest) (*badgesv1.RubricVersion, error) {
	if err := named(rubricPattern, req.GetParent()); err != nil {
		return nil, err
	}
	g, err := s.catalog.DraftGuide(ctx, req.GetParent(), req.GetRubricVersionId(), each(req.GetRubricVersion().GetCriteria(), criterionOf))
	return answer(g, err, guideProto)
}

// GetRubricVersion reads a version of a rubric.
func (s *definitionsServer) GetRubricVersion(ctx context.Context, req *badgesv1.GetRubricVersionRequest) (*badgesv1.RubricVersion, error) {
	if err := named(guidePattern, req.GetName()); err != nil {
		return nil, err
	}
	g, err := s.catalog.Guide(ctx, req.GetName())
	return answer(g, err, guideProto)
}

// ListRubricVersions lists the versions of a rubric.
func (s *definitionsServer) ListRubricVersions(ctx context.Context, req *badgesv1.ListRubricVersionsRequest) (*badgesv1.ListRubricVersionsResponse, error) {
	if err := named(rubricPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(g definition.Guide) []string { return []string{g.Name} },
		func(after []string, limit int) ([]definition.Guide, error) {
			return s.catalog.Guides(ctx, req.GetParent(), definition.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListRubricVersionsResponse{RubricVersions: each(rows, guideProto), NextPageToken: next}, nil
}

// UpdateRubricVersion changes a draft.
func (s *definitionsServer) UpdateRubricVersion(ctx context.Context, req *badgesv1.UpdateRubricVersionRequest) (*badgesv1.RubricVersion, error) {
	m := req.GetRubricVersion()
	if err := named(guidePattern, m.GetName()); err != nil {
		return nil, err
	}
	if err := checkMask(req.GetUpdateMask(), "criteria"); err != nil {
		return nil, err
	}
	g, err := s.catalog.ChangeGuide(ctx, m.GetName(), m.GetEtag(), each(m.GetCriteria(), criterionOf))
	return answer(g, err, guideProto)
}

// PublishRubricVersion makes a version of a rubric usable.
func (s *definitionsServer) PublishRubricVersion(ctx context.Context, req *badgesv1.PublishRubricVersionRequest) (*badgesv1.RubricVersion, error) {
	if err := named(guidePattern, req.GetName()); err != nil {
		return nil, err
	}
	g, err := s.catalog.PublishGuide(ctx, req.GetName(), req.GetEtag())
	return answer(g, err, guideProto)
}

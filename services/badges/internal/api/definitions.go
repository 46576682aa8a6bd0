package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/rendering"
)

type definitionsServer struct {
	badgesv1.UnimplementedDefinitionsServiceServer
	catalog  *definition.Catalog
	renderer *rendering.Renderer
}

// CreateBadgeDefinition creates a badge.
func (s *definitionsServer) CreateBadgeDefinition(ctx context.Context, req *badgesv1.CreateBadgeDefinitionRequest) (*badgesv1.BadgeDefinition, error) {
	m := req.GetBadgeDefinition()
	d, err := s.catalog.CreateDefinition(ctx, definition.Definition{
		Title: m.GetTitle(), Framework: m.GetFramework(), Standard: m.GetStandard(),
	}, req.GetBadgeDefinitionId())
	return answer(d, err, definitionProto)
}

// GetBadgeDefinition reads a badge.
func (s *definitionsServer) GetBadgeDefinition(ctx context.Context, req *badgesv1.GetBadgeDefinitionRequest) (*badgesv1.BadgeDefinition, error) {
	if err := named(definitionPattern, req.GetName()); err != nil {
		return nil, err
	}
	d, err := s.catalog.Definition(ctx, req.GetName())
	return answer(d, err, definitionProto)
}

// ListBadgeDefinitions lists badges.
func (s *definitionsServer) ListBadgeDefinitions(ctx context.Context, req *badgesv1.ListBadgeDefinitionsRequest) (*badgesv1.ListBadgeDefinitionsResponse, error) {
	rows, next, err := paged(req, func(d definition.Definition) []string { return []string{d.Name} },
		func(after []string, limit int) ([]definition.Definition, error) {
			return s.catalog.Definitions(ctx, definition.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListBadgeDefinitionsResponse{BadgeDefinitions: each(rows, definitionProto), NextPageToken: next}, nil
}

// CreateBadgeDefinitionVersion drafts an edition.
func (s *definitionsServer) CreateBadgeDefinitionVersion(ctx context.Context, req *badgesv1.CreateBadgeDefinitionVersionRequest) (*badgesv1.BadgeDefinitionVersion, error) {
	if err := named(definitionPattern, req.GetParent()); err != nil {
		return nil, err
	}
	e, err := s.catalog.DraftEdition(ctx, req.GetParent(), req.GetBadgeDefinitionVersionId(), asksOf(req.GetBadgeDefinitionVersion()))
	return answer(e, err, editionProto)
}

// GetBadgeDefinitionVersion reads an edition.
func (s *definitionsServer) GetBadgeDefinitionVersion(ctx context.Context, req *badgesv1.GetBadgeDefinitionVersionRequest) (*badgesv1.BadgeDefinitionVersion, error) {
	if err := named(editionPattern, req.GetName()); err != nil {
		return nil, err
	}
	e, err := s.catalog.Edition(ctx, req.GetName())
	return answer(e, err, editionProto)
}

// ListBadgeDefinitionVersions lists editions.
func (s *definitionsServer) ListBadgeDefinitionVersions(ctx context.Context, req *badgesv1.ListBadgeDefinitionVersionsRequest) (*badgesv1.ListBadgeDefinitionVersionsResponse, error) {
	if err := named(definitionPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(e definition.Edition) []string { return []string{e.Name} },
		func(after []string, limit int) ([]definition.Edition, error) {
			return s.catalog.Editions(ctx, req.GetParent(), definition.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListBadgeDefinitionVersionsResponse{BadgeDefinitionVersions: each(rows, editionProto), NextPageToken: next}, nil
}

// UpdateBadgeDefinitionVersion changes a draft.
func (s *definitionsServer) UpdateBadgeDefinitionVersion(ctx context.Context, req *badgesv1.UpdateBadgeDefinitionVersionRequest) (*badgesv1.BadgeDefinitionVersion, error) {
	m := req.GetBadgeDefinitionVersion()
	if err := named(editionPattern, m.GetName()); err != nil {
		return nil, err
	}
	if err := checkMask(req.GetUpdateMask(), "description", "criteria", "framework_version", "rubric_version", "eligibility_rules",
		"decision_rule", "reviewers_required", "valid_months", "grace_days"); err != nil {
		return nil, err
	}
	e, err := s.catalog.ChangeEdition(ctx, m.GetName(), m.GetEtag(), func(a *definition.Asks) {
		*a = asksOf(merge(req.GetUpdateMask(), asksProto(*a), m))
	})
	return answer(e, err, editionProto)
}

// PublishBadgeDefinitionVersion puts an edition into force.
func (s *definitionsServer) PublishBadgeDefinitionVersion(ctx context.Context, req *badgesv1.PublishBadgeDefinitionVersionRequest) (*badgesv1.BadgeDefinitionVersion, error) {
	if err := named(editionPattern, req.GetName()); err != nil {
		return nil, err
	}
	e, err := s.catalog.PublishEdition(ctx, req.GetName(), req.GetEtag())
	return answer(e, err, editionProto)
}

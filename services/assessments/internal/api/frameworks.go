package api

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

const (
	frameworkPattern        = "frameworks/{framework}"
	frameworkVersionPattern = frameworkPattern + "/versions/{version}"
)

type frameworks struct {
	assessmentsv1.UnimplementedFrameworksServiceServer
	domain *framework.Service
}

// CreateFramework creates a framework.
func (s *frameworks) CreateFramework(ctx context.Context, req *assessmentsv1.CreateFrameworkRequest) (*assessmentsv1.Framework, error) {
	f, err := s.domain.CreateFamily(ctx, req.GetFrameworkId(), req.GetFramework().GetTitle(), req.GetFramework().GetDescription())
	if err != nil {
		return nil, err
	}
	return encodeFramework(f), nil
}

// GetFramework reads one framework.
func (s *frameworks) GetFramework(ctx context.Context, req *assessmentsv1.GetFrameworkRequest) (*assessmentsv1.Framework, error) {
	var id string
	if err := parse("name", req.GetName(), frameworkPattern, &id); err != nil {
		return nil, err
	}
	f, err := s.domain.Family(ctx, id)
	if err != nil {
		return nil, err
	}
	return encodeFramework(f), nil
}

// ListFrameworks lists frameworks.
func (s *frameworks) ListFrameworks(ctx context.Context, req *assessmentsv1.ListFrameworksRequest) (*assessmentsv1.ListFrameworksResponse, error) {
	list, next, err := pageOf(req, func(after []string, limit int) ([]edition.Family, error) {
		return s.domain.Families(ctx, first(after), limit)
	}, func(f edition.Family) []string { return []string{f.ID} }, encodeFramework)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListFrameworksResponse{Frameworks: list, NextPageToken: next}, nil
}

// CreateFrameworkVersion drafts a version.
func (s *frameworks) CreateFrameworkVersion(ctx context.Context, req *assessmentsv1.CreateFrameworkVersionRequest) (*assessmentsv1.FrameworkVersion, error) {
	var id string
	if err := parse("parent", req.GetParent(), frameworkPattern, &id); err != nil {
		return nil, err
	}
	v := req.GetFrameworkVersion()
	e, err := s.domain.Create(ctx, id, req.GetFrameworkVersionId(), v.GetTitle(), decodeFramework(v))
	if err != nil {
		return nil, err
	}
	return encodeFrameworkVersion(e), nil
}

// GetFrameworkVersion reads one version.
func (s *frameworks) GetFrameworkVersion(ctx context.Context, req *assessmentsv1.GetFrameworkVersionRequest) (*assessmentsv1.FrameworkVersion, error) {
	var family, id string
	if err := parse("name", req.GetName(), frameworkVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Get(ctx, family, id)
	if err != nil {
		return nil, err
	}
	return encodeFrameworkVersion(e), nil
}

// ListFrameworkVersions lists the versions of a framework.
func (s *frameworks) ListFrameworkVersions(ctx context.Context, req *assessmentsv1.ListFrameworkVersionsRequest) (*assessmentsv1.ListFrameworkVersionsResponse, error) {
	var id string
	if err := parse("parent", req.GetParent(), frameworkPattern, &id); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]framework.Version, error) {
		return s.domain.List(ctx, id, first(after), limit)
	}, func(e framework.Version) []string { return []string{e.ID} }, encodeFrameworkVersion)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListFrameworkVersionsResponse{FrameworkVersions: list, NextPageToken: next}, nil
}

// UpdateFrameworkVersion changes a draft.
func (s *frameworks) UpdateFrameworkVersion(ctx context.Context, req *assessmentsv1.UpdateFrameworkVersionRequest) (*assessmentsv1.FrameworkVersion, error) {
	patch := req.GetFrameworkVersion()
	var family, id string
	if err := parse("framework_version.name", patch.GetName(), frameworkVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Update(ctx, family, id, patch.GetEtag(), func(e *framework.Version) error {
		v := encodeFrameworkVersion(*e)
		if err := merge(v, patch, req.GetUpdateMask()); err != nil {
			return err
		}
		e.Title, e.Body = v.GetTitle(), decodeFramework(v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeFrameworkVersion(e), nil
}

// PublishFrameworkVersion freezes a draft.
func (s *frameworks) PublishFrameworkVersion(ctx context.Context, req *assessmentsv1.PublishFrameworkVersionRequest) (*assessmentsv1.FrameworkVersion, error) {
	var family, id string
	if err := parse("name", req.GetName(), frameworkVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Publish(ctx, family, id, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return encodeFrameworkVersion(e), nil
}

func encodeFramework(f edition.Family) *assessmentsv1.Framework {
	return &assessmentsv1.Framework{
		Name: framework.Kind().FamilyName(f.ID), Title: f.Title, Description: f.Description,
		CreateTime: stamp(f.CreateTime), UpdateTime: stamp(f.UpdateTime), Etag: etag.Of(f.Version),
	}
}

func encodeFrameworkVersion(e framework.Version) *assessmentsv1.FrameworkVersion {
	return &assessmentsv1.FrameworkVersion{
		Name: framework.Kind().VersionName(e.Family, e.ID), Title: e.Title, State: assessmentsv1.PublishState(e.State), //nolint:gosec // 1 or 2
		Standards:   encodeAll(e.Body.Standards, encodeStandard),
		PublishTime: stamp(e.PublishTime), CreateTime: stamp(e.CreateTime), UpdateTime: stamp(e.UpdateTime), Etag: etag.Of(e.Version),
	}
}

func encodeStandard(s framework.Standard) *assessmentsv1.Standard {
	return &assessmentsv1.Standard{
		Id: s.ID, Title: s.Title, Description: s.Description,
		Goals: encodeAll(s.Goals, func(g framework.Goal) *assessmentsv1.StandardGoal {
			return &assessmentsv1.StandardGoal{Id: g.ID, Title: g.Title, Indicators: encodeAll(g.Indicators, encodeIndicator)}
		}),
	}
}

func encodeIndicator(i framework.Indicator) *assessmentsv1.Indicator {
	return &assessmentsv1.Indicator{
		Id: i.ID, Title: i.Title,
		Levels: encodeAll(i.Levels, func(l framework.Level) *assessmentsv1.RubricLevel {
			return &assessmentsv1.RubricLevel{Level: int32(l.Level), Title: l.Title, Descriptor_: l.Descriptor} //nolint:gosec // at most 10
		}),
	}
}

func decodeFramework(v *assessmentsv1.FrameworkVersion) framework.Body {
	return framework.Body{Standards: encodeAll(v.GetStandards(), func(s *assessmentsv1.Standard) framework.Standard {
		return framework.Standard{
			ID: s.GetId(), Title: s.GetTitle(), Description: s.GetDescription(),
			Goals: encodeAll(s.GetGoals(), func(g *assessmentsv1.StandardGoal) framework.Goal {
				return framework.Goal{ID: g.GetId(), Title: g.GetTitle(), Indicators: encodeAll(g.GetIndicators(), decodeIndicator)}
			}),
		}
	})}
}

func decodeIndicator(i *assessmentsv1.Indicator) framework.Indicator {
	return framework.Indicator{
		ID: i.GetId(), Title: i.GetTitle(),
		Levels: encodeAll(i.GetLevels(), func(l *assessmentsv1.RubricLevel) framework.Level {
			return framework.Level{Level: int(l.GetLevel()), Title: l.GetTitle(), Descriptor: l.GetDescriptor_()}
		}),
	}
}

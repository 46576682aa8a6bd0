package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/kit/etag"
)

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func publishState(s definition.PublishState) badgesv1.PublishState {
	return badgesv1.PublishState(badgesv1.PublishState_value["PUBLISH_STATE_"+string(s)])
}

func definitionProto(d definition.Definition) *badgesv1.BadgeDefinition {
	return &badgesv1.BadgeDefinition{
		Name: d.Name, Title: d.Title, Framework: d.Framework, Standard: d.Standard, CurrentVersion: d.CurrentEdition,
		CreateTime: stamp(d.CreateTime), UpdateTime: stamp(d.UpdateTime), Etag: etag.Of(d.Version),
	}
}

func editionProto(e definition.Edition) *badgesv1.BadgeDefinitionVersion {
	out := asksProto(e.Asks)
	out.Name, out.State, out.Etag = e.Name, publishState(e.State), etag.Of(e.Version)
	out.PublishTime, out.CreateTime, out.UpdateTime = stamp(e.PublishTime), stamp(e.CreateTime), stamp(e.UpdateTime)
	return out
}

func asksProto(a definition.Asks) *badgesv1.BadgeDefinitionVersion {
	return &badgesv1.BadgeDefinitionVersion{
		Description: a.Description, Criteria: a.Criteria, FrameworkVersion: a.FrameworkVersion, RubricVersion: a.RubricVersion,
		DecisionRule: a.DecisionRule, ReviewersRequired: int32(a.ReviewersRequired), //nolint:gosec // bounded by the rules of the resource
		ValidMonths: int32(a.ValidMonths), GraceDays: int32(a.GraceDays), RenewalMonths: int32(a.RenewalMonths), //nolint:gosec // bounded by the rules of the resource
		EligibilityRules: each(a.EligibilityRules, func(r definition.EligibilityRule) *typev1.EligibilityRule {
			return &typev1.EligibilityRule{Id: r.ID, Title: r.Title, Expression: r.Expression, Reason: r.Reason, Fix: r.Fix}
		}),
	}
}

func asksOf(m *badgesv1.BadgeDefinitionVersion) definition.Asks {
	return definition.Asks{
		Description: m.GetDescription(), Criteria: m.GetCriteria(), FrameworkVersion: m.GetFrameworkVersion(),
		RubricVersion: m.GetRubricVersion(), DecisionRule: m.GetDecisionRule(), ReviewersRequired: int(m.GetReviewersRequired()),
		ValidMonths: int(m.GetValidMonths()), GraceDays: int(m.GetGraceDays()), RenewalMonths: int(m.GetRenewalMonths()),
		EligibilityRules: each(m.GetEligibilityRules(), func(r *typev1.EligibilityRule) definition.EligibilityRule {
			return definition.EligibilityRule{
				ID: r.GetId(), Title: r.GetTitle(), Expression: r.GetExpression(), Reason: r.GetReason(), Fix: r.GetFix(),
			}
		}),
	}
}

func rubricProto(r definition.Rubric) *badgesv1.Rubric {
	return &badgesv1.Rubric{
		Name: r.Name, Title: r.Title, CreateTime: stamp(r.CreateTime), UpdateTime: stamp(r.UpdateTime), Etag: etag.Of(r.Version),
	}
}

func guideProto(g definition.Guide) *badgesv1.RubricVersion {
	return &badgesv1.RubricVersion{
		Name: g.Name, Criteria: each(g.Criteria, criterionProto), State: publishState(g.State), PublishTime: stamp(g.PublishTime),
		CreateTime: stamp(g.CreateTime), UpdateTime: stamp(g.UpdateTime), Etag: etag.Of(g.Version),
	}
}

func criterionProto(c definition.Criterion) *badgesv1.Criterion {
	return &badgesv1.Criterion{
		Id: c.ID, Title: c.Title, Question: c.Question,
		Levels: each(c.Levels, func(l definition.Level) *badgesv1.CriterionLevel {
			return &badgesv1.CriterionLevel{Points: int32(l.Points), Title: l.Title, Anchor: l.Anchor} //nolint:gosec // bounded by the rules of the resource
		}),
	}
}

func criterionOf(m *badgesv1.Criterion) definition.Criterion {
	return definition.Criterion{
		ID: m.GetId(), Title: m.GetTitle(), Question: m.GetQuestion(),
		Levels: each(m.GetLevels(), func(l *badgesv1.CriterionLevel) definition.Level {
			return definition.Level{Points: int(l.GetPoints()), Title: l.GetTitle(), Anchor: l.GetAnchor()}
		}),
	}
}

package walkthrough

import (
	"context"
	"fmt"
	"net/url"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

func (p *player) createApplication(ctx context.Context) error {
	p.application = p.school + "/applications/first"
	return p.create(ctx, p.lead, p.school+"/applications", "applicationId", "first", &badgesv1.Application{
		Journey: p.journey, BadgeDefinition: "badgeDefinitions/" + p.standard,
	})
}

func (p *player) submit(ctx context.Context) error {
	var application badgesv1.Application
	if err := p.post(ctx, p.principal, p.application+":submit", nil, p.request("submit", map[string]any{
		"attestation": "Plan and evidence are our own and true.",
	}), &application); err != nil {
		return err
	}
	p.remark = "snapshot SHA-256 " + application.GetSnapshotDigest()[:16] + "…"
	calls := p.calls
	if err := p.awaitPhase(ctx, schoolsv1.Phase_PHASE_APPLIED); err != nil {
		return err
	}
	p.calls = calls
	return nil
}

func (p *player) assign(ctx context.Context) error {
	if err := p.post(ctx, chair, p.application+":assignReviewers", nil,
		p.request("assign", map[string]any{"reviewers": reviewers}), nil); err != nil {
		return err
	}
	calls := p.calls
	var list badgesv1.ListReviewsResponse
	if err := p.get(ctx, chair, p.application+"/reviews", nil, &list); err != nil {
		return err
	}
	for _, review := range list.GetReviews() {
		p.reviews[review.GetReviewer()] = review.GetName()
	}
	if len(p.reviews) != len(reviewers) {
		return fmt.Errorf("%d reviews were assigned: want %d", len(p.reviews), len(reviewers))
	}
	p.calls = calls
	return nil
}

func (p *player) declare(ctx context.Context) error {
	for _, reviewer := range reviewers {
		if err := p.post(ctx, reviewer, p.reviews[reviewer]+":declareConflict", nil,
			p.request("declare", map[string]any{"conflict": false}), nil); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) score(ctx context.Context) error {
	for i, reviewer := range reviewers {
		rubric, err := p.rubric(ctx, reviewer)
		if err != nil {
			return err
		}
		review := &badgesv1.Review{Summary: "A process that all groups carry."}
		for _, criterion := range rubric.GetCriteria() {
			review.Scores = append(review.Scores, &badgesv1.Score{
				Criterion: criterion.GetId(), Points: int32(2 + i), Rationale: "Shown by the evidence of both terms.",
			})
		}
		c, err := p.as(ctx, reviewer)
		if err != nil {
			return err
		}
		name := p.reviews[reviewer]
		if err := c.Patch(ctx, "/v1/"+name, url.Values{"updateMask": {"scores,summary"}}, review, nil); err != nil {
			return err
		}
		if err := p.post(ctx, reviewer, name+":finalize", nil, p.request("finalize", nil), nil); err != nil {
			return err
		}
	}
	return nil
}

// rubric reads what the application is judged by, as a reviewer may once they
// have declared.
func (p *player) rubric(ctx context.Context, reviewer string) (*badgesv1.RubricVersion, error) {
	var application badgesv1.Application
	if err := p.get(ctx, reviewer, p.application, nil, &application); err != nil {
		return nil, err
	}
	var rubric badgesv1.RubricVersion
	err := p.get(ctx, reviewer, application.GetRubricVersion(), nil, &rubric)
	return &rubric, err
}

func (p *player) decide(ctx context.Context) error {
	p.decision = p.application + "/decisions/first"
	if err := p.create(ctx, chair, p.application+"/decisions", "decisionId", "first", &badgesv1.Decision{
		Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "Both reviewers see a process that lasts.",
	}); err != nil {
		return err
	}
	calls := p.calls
	var decision badgesv1.Decision
	if err := p.get(ctx, chair, p.decision, nil, &decision); err != nil {
		return err
	}
	if !decision.GetRuleMet() {
		return fmt.Errorf("the decision rule does not suggest the award: %s", decision.GetRuleExplanation())
	}
	p.calls, p.remark = calls, "the decision rule of the badge is met"
	return nil
}

func (p *player) approve(ctx context.Context) error {
	var decision badgesv1.Decision
	if err := p.post(ctx, admin, p.decision+":approve", nil, p.request("approve", nil), &decision); err != nil {
		return err
	}
	p.award = decision.GetAward()
	if p.award == "" {
		return fmt.Errorf("the approved decision names no award")
	}
	return nil
}

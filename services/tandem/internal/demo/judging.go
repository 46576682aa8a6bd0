package demo

import (
	"context"
	"fmt"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
)

// apply drafts the application, and the principal submits it.
func (l *loader) apply(ctx context.Context, j Journey) error {
	if err := l.awaitRules(ctx, j, applied); err != nil {
		return err
	}
	if err := l.create(ctx, j.School.Lead(), j.Application(), "applicationId", &badgesv1.Application{
		Journey: j.Name(), BadgeDefinition: "badgeDefinitions/" + standards[j.Standard].id,
	}); err != nil {
		return err
	}
	if err := l.act(ctx, j.School.Principal(), j.Application(), "submit",
		map[string]any{"attestation": "Plan and evidence are our own and true."}, nil); err != nil {
		return err
	}
	return l.awaitPhase(ctx, j, applied)
}

// review assigns two of the reviewers, who declare, score and finish. Half of
// the work is the first review.
func (l *loader) review(ctx context.Context, j Journey, half bool) error {
	r := random(l.state.Seed, "panel "+j.Name())
	first := r.IntN(len(reviewers))
	panel := []string{reviewers[first], reviewers[(first+1)%len(reviewers)]}
	if err := l.act(ctx, panelChair, j.Application(), "assignReviewers", map[string]any{"reviewers": panel}, nil); err != nil {
		return err
	}
	var assigned badgesv1.ListReviewsResponse
	if err := l.get(ctx, panelChair, j.Application()+"/reviews", nil, &assigned); err != nil {
		return err
	}
	reviews := map[string]*badgesv1.Review{}
	for _, review := range assigned.GetReviews() {
		reviews[review.GetReviewer()] = review
	}
	for i, reviewer := range panel {
		review, ok := reviews[reviewer]
		if !ok {
			return fmt.Errorf("%s has no review of %s", reviewer, j.Application())
		}
		if half && i > 0 || review.GetState() == badgesv1.Review_STATE_FINAL {
			continue
		}
		if err := l.score(ctx, j, reviewer, review.GetName()); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) score(ctx context.Context, j Journey, reviewer, name string) error {
	if err := l.act(ctx, reviewer, name, "declareConflict", map[string]any{"conflict": false}, nil); err != nil {
		return err
	}
	var application badgesv1.Application
	if err := l.get(ctx, reviewer, j.Application(), nil, &application); err != nil {
		return err
	}
	var rubric badgesv1.RubricVersion
	if err := l.get(ctx, reviewer, application.GetRubricVersion(), nil, &rubric); err != nil {
		return err
	}
	r := random(l.state.Seed, "scores "+name+reviewer)
	review := &badgesv1.Review{Summary: "A process that all groups carry."}
	for _, criterion := range rubric.GetCriteria() {
		review.Scores = append(review.Scores, &badgesv1.Score{
			Criterion: criterion.GetId(), Points: int32(2 + r.IntN(2)), Rationale: "Shown by the evidence of both terms.",
		})
	}
	if err := l.patch(ctx, reviewer, name, "scores,summary", review); err != nil {
		return err
	}
	return l.act(ctx, reviewer, name, "finalize", nil, nil)
}

// award has the chair propose and another person approve.
func (l *loader) award(ctx context.Context, j Journey) error {
	decision := j.Application() + "/decisions/first"
	if err := l.create(ctx, panelChair, decision, "decisionId", &badgesv1.Decision{
		Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "Both reviewers see a process that lasts.",
	}); err != nil {
		return err
	}
	if err := l.act(ctx, stateAdmin, decision, "approve", nil, nil); err != nil {
		return err
	}
	return l.awaitPhase(ctx, j, awarded)
}

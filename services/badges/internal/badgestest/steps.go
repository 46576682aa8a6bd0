package badgestest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// Criteria are the criteria of the built-in rubric.
func Criteria() []string {
	return []string{"process-over-time", "shared-by-all-groups", "rooted-in-data", "evidence-of-change", "sustainability"}
}

// Draft drafts an application for a journey of the world's school.
func (w *World) Draft(journey, badge string) *badgesv1.Application {
	w.T.Helper()
	a, err := w.Applications.CreateApplication(w.As(Lead), &badgesv1.CreateApplicationRequest{
		Parent: School, Application: &badgesv1.Application{Journey: journey, BadgeDefinition: badge},
	})
	require.NoError(w.T, err)
	return a
}

// Submit hands an application in.
func (w *World) Submit(name string) *badgesv1.Application {
	w.T.Helper()
	a, err := w.Applications.SubmitApplication(w.As(Principal), &badgesv1.SubmitApplicationRequest{
		Name: name, Attestation: "Plan and evidence are the school's own.",
	})
	require.NoError(w.T, err)
	return a
}

// Phase puts a journey into a phase, as schools does when it hears of an event.
func (w *World) Phase(journey string, phase schoolsv1.Phase) {
	w.Schools.Change(journey, func(s *schoolsv1.JourneySnapshot) { s.Journey.Phase = phase })
}

// Assign gives an application to reviewers and returns their reviews by reviewer.
func (w *World) Assign(name string, reviewers ...string) map[string]*badgesv1.Review {
	w.T.Helper()
	_, err := w.Applications.AssignReviewers(w.As(Chair), &badgesv1.AssignReviewersRequest{Name: name, Reviewers: reviewers})
	require.NoError(w.T, err)
	list, err := w.Reviews.ListReviews(w.As(Chair), &badgesv1.ListReviewsRequest{Parent: name})
	require.NoError(w.T, err)
	out := map[string]*badgesv1.Review{}
	for _, r := range list.GetReviews() {
		if old := out[r.GetReviewer()]; old == nil || old.GetRound() < r.GetRound() {
			out[r.GetReviewer()] = r
		}
	}
	return out
}

// Scores gives every criterion of the built-in rubric the same points.
func Scores(points int32) []*badgesv1.Score {
	var out []*badgesv1.Score
	for _, c := range Criteria() {
		out = append(out, &badgesv1.Score{Criterion: c, Points: points, Rationale: fmt.Sprintf("%s at level %d.", c, points)})
	}
	return out
}

// Clear declares that a reviewer has no conflict of interest.
func (w *World) Clear(reviewer, review string) {
	w.T.Helper()
	_, err := w.Reviews.DeclareConflict(w.As(reviewer), &badgesv1.DeclareConflictRequest{Name: review})
	require.NoError(w.T, err)
}

// Judge takes a review from assigned to final with the same points everywhere.
func (w *World) Judge(reviewer, review string, points int32) {
	w.T.Helper()
	w.Clear(reviewer, review)
	_, err := w.Reviews.UpdateReview(w.As(reviewer), &badgesv1.UpdateReviewRequest{
		Review: &badgesv1.Review{Name: review, Scores: Scores(points), Summary: "Read with care."},
	})
	require.NoError(w.T, err)
	_, err = w.Reviews.FinalizeReview(w.As(reviewer), &badgesv1.FinalizeReviewRequest{Name: review})
	require.NoError(w.T, err)
}

// Reviewed takes a journey to a reviewed application.
func (w *World) Reviewed(journey, badge string, points int32) *badgesv1.Application {
	w.T.Helper()
	a := w.Submit(w.Draft(journey, badge).GetName())
	for person, r := range w.Assign(a.GetName(), Reviewer1, Reviewer2) {
		w.Judge(person, r.GetName(), points)
	}
	return w.Application(a.GetName())
}

// Application reads an application as the state office does.
func (w *World) Application(name string) *badgesv1.Application {
	w.T.Helper()
	a, err := w.Applications.GetApplication(w.As(Admin), &badgesv1.GetApplicationRequest{Name: name})
	require.NoError(w.T, err)
	return a
}

// Propose has the chair propose a decision.
func (w *World) Propose(application string, d *badgesv1.Decision) *badgesv1.Decision {
	w.T.Helper()
	out, err := w.Decisions.CreateDecision(w.As(Chair), &badgesv1.CreateDecisionRequest{Parent: application, Decision: d})
	require.NoError(w.T, err)
	return out
}

// Approve has the state office approve a decision.
func (w *World) Approve(decision string) *badgesv1.Decision {
	w.T.Helper()
	out, err := w.Decisions.ApproveDecision(w.As(Admin), &badgesv1.ApproveDecisionRequest{Name: decision})
	require.NoError(w.T, err)
	return out
}

// Award takes a journey to an award.
func (w *World) Award(journey, badge string) *badgesv1.Award {
	w.T.Helper()
	a := w.Reviewed(journey, badge, 3)
	d := w.Propose(a.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "All criteria are met."})
	out, err := w.Awards.GetAward(w.As(Admin), &badgesv1.GetAwardRequest{Name: w.Approve(d.GetName()).GetAward()})
	require.NoError(w.T, err)
	return out
}

// Events are the short types of the events recorded so far, in order.
func (w *World) Events() []string {
	w.T.Helper()
	rows, err := w.DB.Conn(kittest.All(w.T)).QueryContext(kittest.All(w.T),
		"SELECT type FROM outbox WHERE type <> 'tandem.badges.v1.BadgeDefined' ORDER BY seq")
	require.NoError(w.T, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		require.NoError(w.T, rows.Scan(&name))
		out = append(out, name[len("tandem.badges.v1."):])
	}
	require.NoError(w.T, rows.Err())
	return out
}

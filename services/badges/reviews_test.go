package badges_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestOnlyReviewersWithoutAStakeAreAssigned(t *testing.T) {
	w := start(t)
	a := w.Draft(bt.Journey, bt.Badge)
	assign := func(person string, reviewers ...string) error {
		_, err := w.Applications.AssignReviewers(w.As(person), &badgesv1.AssignReviewersRequest{Name: a.GetName(), Reviewers: reviewers})
		return err
	}
	wrongState(t, assign(bt.Chair, bt.Reviewer1), "application_state")
	w.Submit(a.GetName())
	denied(t, assign(bt.Reviewer1, bt.Reviewer1))
	denied(t, assign(bt.Principal, bt.Reviewer1))
	invalid(t, assign(bt.Chair, bt.Reviewer1, bt.Analyst, "people/nobody"),
		broken{"reviewers[1]", "holds_reviewer_role"}, broken{"reviewers[2]", "exists"})
	w.Grant(bt.Principal, accessv1.Role_ROLE_REVIEWER, "")
	w.Grant(bt.Stranger, accessv1.Role_ROLE_REVIEWER, "")
	conflictOfInterest(t, assign(bt.Admin, bt.Insider, bt.Reviewer1, bt.Principal), "no_role_in_district", "not_the_submitter")
	require.NoError(t, assign(bt.Chair, bt.Reviewer1, bt.Stranger), "a role in another district is no conflict")
	require.NoError(t, assign(bt.Chair, bt.Reviewer1, bt.Reviewer2), "who has it already keeps their review")
	list, err := w.Reviews.ListReviews(w.As(bt.Chair), &badgesv1.ListReviewsRequest{Parent: a.GetName()})
	require.NoError(t, err)
	require.Len(t, list.GetReviews(), 3)
	require.Equal(t, []string{"ApplicationSubmitted", "ReviewersAssigned", "ReviewersAssigned"}, w.Events())
}

func TestADeclaredConflictTakesTheReviewAway(t *testing.T) {
	w := start(t)
	a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
	review := w.Assign(a.GetName(), bt.Reviewer1)[bt.Reviewer1].GetName()
	declare := func(person string, conflict bool, why string) (*badgesv1.Review, error) {
		return w.Reviews.DeclareConflict(w.As(person), &badgesv1.DeclareConflictRequest{Name: review, Conflict: conflict, Explanation: why})
	}
	_, err := declare(bt.Reviewer1, true, " ")
	invalid(t, err, broken{"explanation", "required_with_conflict"})
	_, err = declare(bt.Reviewer2, false, "")
	unknown(t, err)
	w.Grant(bt.Admin2, accessv1.Role_ROLE_REVIEWER, "")
	_, err = declare(bt.Admin2, false, "")
	denied(t, err)
	r, err := declare(bt.Reviewer1, true, "My child goes there.")
	require.NoError(t, err)
	require.Equal(t, badgesv1.Review_STATE_RECUSED, r.GetState())
	_, err = declare(bt.Reviewer1, false, "")
	wrongState(t, err, "review_state")
	_, err = w.Applications.AssignReviewers(w.As(bt.Chair), &badgesv1.AssignReviewersRequest{Name: a.GetName(), Reviewers: []string{bt.Reviewer1}})
	conflictOfInterest(t, err, "declared_conflict")
}

func TestScoresFollowTheRubric(t *testing.T) {
	w := start(t)
	a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
	review := w.Assign(a.GetName(), bt.Reviewer1)[bt.Reviewer1].GetName()
	update := func(r *badgesv1.Review, paths ...string) (*badgesv1.Review, error) {
		r.Name = review
		req := &badgesv1.UpdateReviewRequest{Review: r}
		if len(paths) > 0 {
			req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		return w.Reviews.UpdateReview(w.As(bt.Reviewer1), req)
	}
	_, err := update(&badgesv1.Review{Scores: bt.Scores(2)})
	wrongState(t, err, "review_state")
	w.Clear(bt.Reviewer1, review)
	_, err = update(&badgesv1.Review{Scores: []*badgesv1.Score{
		{Criterion: "charm", Points: 1}, {Criterion: "sustainability", Points: 7}, {Criterion: "sustainability", Points: 1},
	}})
	invalid(t, err, broken{"review.scores[0].criterion", "criterion_of_rubric"},
		broken{"review.scores[1].points", "level_of_criterion"}, broken{"review.scores[2].criterion", "unique"})
	_, err = update(&badgesv1.Review{}, "reviewer")
	invalid(t, err, broken{"update_mask", "known_path"})
	_, err = update(&badgesv1.Review{Etag: `"77"`, Summary: "x"})
	stale(t, err)
	r, err := update(&badgesv1.Review{Scores: bt.Scores(2)[:4], Summary: "First look."})
	require.NoError(t, err)
	r, err = update(&badgesv1.Review{Summary: "Second look.", Etag: r.GetEtag()}, "summary")
	require.NoError(t, err)
	require.Len(t, r.GetScores(), 4, "a mask changes nothing else")
	require.Equal(t, "Second look.", r.GetSummary())

	finalize := func() error {
		_, err := w.Reviews.FinalizeReview(w.As(bt.Reviewer1), &badgesv1.FinalizeReviewRequest{Name: review})
		return err
	}
	r.Scores[1].Rationale = " "
	_, err = update(&badgesv1.Review{Scores: r.GetScores()})
	require.NoError(t, err)
	require.Equal(t, []broken{{review, "rationale_missing"}, {review, "score_missing"}},
		refused(t, finalize(), codes.FailedPrecondition, problem.ReasonNotEligible))
	_, err = update(&badgesv1.Review{Scores: bt.Scores(2)})
	require.NoError(t, err)
	require.NoError(t, finalize())
	wrongState(t, finalize(), "review_state")
	_, err = update(&badgesv1.Review{Summary: "Third look."})
	wrongState(t, err, "review_state")
	require.Equal(t, badgesv1.Application_STATE_IN_REVIEW, w.Application(a.GetName()).GetState(), "one of two is final")
}

func TestOthersScoresAreHiddenUntilOnesOwnAreFinal(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		w.Grant(bt.Admin2, accessv1.Role_ROLE_REVIEWER, "")
		a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
		reviews := w.Assign(a.GetName(), bt.Reviewer1, bt.Reviewer2, bt.Admin2)
		first := reviews[bt.Reviewer1].GetName()
		w.Judge(bt.Reviewer1, first, 3)
		sees := func(person string) (listed int, get error) {
			_, get = w.Reviews.GetReview(w.As(person), &badgesv1.GetReviewRequest{Name: first})
			for _, parent := range []string{a.GetName(), "districts/-/schools/-/applications/-", bt.School + "/applications/-"} {
				list, err := w.Reviews.ListReviews(w.As(person), &badgesv1.ListReviewsRequest{Parent: parent})
				require.NoError(t, err)
				listed = len(list.GetReviews())
			}
			return listed, get
		}
		for _, person := range []string{bt.Reviewer2, bt.Admin2} {
			listed, get := sees(person)
			unknown(t, get)
			require.Equal(t, 1, listed, "%s sees their own assignment", person)
		}
		listed, get := sees(bt.Reviewer3)
		unknown(t, get)
		require.Zero(t, listed)
		listed, get = sees(bt.Chair)
		require.NoError(t, get)
		require.Equal(t, 3, listed)
		listed, get = sees(bt.Reviewer1)
		require.NoError(t, get)
		require.Equal(t, 3, listed, "one's own are final")
		w.Judge(bt.Admin2, reviews[bt.Admin2].GetName(), 2)
		listed, get = sees(bt.Admin2)
		require.NoError(t, get)
		require.Equal(t, 3, listed)
		_, err := w.Reviews.GetReview(w.As(bt.Principal), &badgesv1.GetReviewRequest{Name: first})
		denied(t, err)
	})
}

func TestAProposedDecisionEndsTheReviews(t *testing.T) {
	w := start(t)
	a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
	reviews := w.Assign(a.GetName(), bt.Reviewer1, bt.Reviewer2, bt.Reviewer3)
	w.Judge(bt.Reviewer1, reviews[bt.Reviewer1].GetName(), 3)
	w.Judge(bt.Reviewer2, reviews[bt.Reviewer2].GetName(), 3)
	w.Clear(bt.Reviewer3, reviews[bt.Reviewer3].GetName())
	d := w.Propose(a.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "Yes."})
	late := func() error {
		_, err := w.Reviews.UpdateReview(w.As(bt.Reviewer3), &badgesv1.UpdateReviewRequest{
			Review: &badgesv1.Review{Name: reviews[bt.Reviewer3].GetName(), Scores: bt.Scores(0)},
		})
		return err
	}
	wrongState(t, late(), "decision_proposed")
	w.Approve(d.GetName())
	wrongState(t, late(), "round_open")
}

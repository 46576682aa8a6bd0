package badges_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func create(w *bt.World, person, parent, id, request string, a *badgesv1.Application) (*badgesv1.Application, error) {
	return w.Applications.CreateApplication(w.As(person), &badgesv1.CreateApplicationRequest{
		Parent: parent, Application: a, ApplicationId: id, RequestId: request,
	})
}

func TestAnApplicationThatCannotWorkIsNotCreated(t *testing.T) {
	w := start(t)
	good := &badgesv1.Application{Journey: bt.Journey, BadgeDefinition: bt.Badge}
	_, err := create(w, bt.Lead, bt.School, "", "", &badgesv1.Application{})
	invalid(t, err, broken{"application.journey", "same_school"}, broken{"application.badge_definition", "required"})
	_, err = create(w, bt.Lead, bt.School, "", "", &badgesv1.Application{Journey: bt.Foreign + "/teams/t/journeys/j", BadgeDefinition: bt.Badge})
	invalid(t, err, broken{"application.journey", "same_school"})
	_, err = create(w, bt.Lead, bt.School, "", "", &badgesv1.Application{Journey: bt.Journey + "/", BadgeDefinition: bt.Badge})
	invalid(t, err, broken{"application.journey", "same_school"})
	_, err = create(w, bt.Lead, bt.School, "", "", &badgesv1.Application{Journey: bt.Journey + "x", BadgeDefinition: bt.Badge})
	invalid(t, err, broken{"application.journey", "exists"})
	_, err = create(w, bt.Lead, bt.School, "", "", &badgesv1.Application{Journey: bt.Journey, BadgeDefinition: "badgeDefinitions/nope"})
	invalid(t, err, broken{"application.badge_definition", "exists"})
	_, err = create(w, bt.Lead, bt.School, "", "", &badgesv1.Application{Journey: bt.Journey, BadgeDefinition: "badgeDefinitions/share-power"})
	invalid(t, err, broken{"application.badge_definition", "standard_of_journey"})
	w.Schools.Change(bt.Journey, func(s *schoolsv1.JourneySnapshot) { s.Journey.FrameworkVersion = "frameworks/other/versions/1" })
	_, err = create(w, bt.Lead, bt.School, "", "", good)
	invalid(t, err, broken{"application.badge_definition", "framework_of_journey"})
	_, err = create(w, bt.Coordinator, bt.School, "", "", good)
	denied(t, err)
	_, err = create(w, bt.Stranger, bt.School, "", "", good)
	unknown(t, err)
	require.Empty(t, w.Events())
}

func TestAJourneyHasOneOpenApplication(t *testing.T) {
	w := start(t)
	good := &badgesv1.Application{Journey: bt.Journey, BadgeDefinition: bt.Badge}
	first, err := create(w, bt.Lead, bt.School, "a1", "r1", good)
	require.NoError(t, err)
	again, err := create(w, bt.Lead, bt.School, "a1", "r1", good)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()), "the same request gets the same answer")
	_, err = create(w, bt.Lead, bt.School, "a2", "", good)
	wrongState(t, err, "one_open_application")
	_, err = w.Applications.WithdrawApplication(w.As(bt.Lead), &badgesv1.WithdrawApplicationRequest{Name: first.GetName()})
	require.NoError(t, err)
	_, err = create(w, bt.Lead, bt.School, "a1", "", good)
	refused(t, err, codes.AlreadyExists, problem.ReasonResourceExists)
	_, err = create(w, bt.Lead, bt.School, "a2", "", good)
	require.NoError(t, err)
	require.Empty(t, w.Events(), "drafts are nobody else's business")
}

func TestAnApplicationIsSubmittedOnlyWhenTheJourneyIsReady(t *testing.T) {
	w := start(t)
	a := w.Draft(bt.Journey, bt.Badge)
	submit := func(person, etag string) error {
		_, err := w.Applications.SubmitApplication(w.As(person), &badgesv1.SubmitApplicationRequest{
			Name: a.GetName(), Etag: etag, Attestation: "Ours.",
		})
		return err
	}
	w.Schools.Change(bt.Journey, func(s *schoolsv1.JourneySnapshot) {
		s.Eligible = false
		s.Outcomes = append(s.Outcomes, &typev1.RuleOutcome{Rule: "two-survey-waves", Reason: "1 of 2 survey waves", Fix: "Run it again."},
			&typev1.RuleOutcome{Rule: "all-groups", Reason: "4 of 5 groups", Fix: "Confirm a student."})
	})
	require.Equal(t, []broken{{bt.Journey, "two-survey-waves"}, {bt.Journey, "all-groups"}},
		refused(t, submit(bt.Principal, ""), codes.FailedPrecondition, problem.ReasonNotEligible))
	w.Schools.Change(bt.Journey, func(s *schoolsv1.JourneySnapshot) { s.Outcomes = nil })
	require.Equal(t, []broken{{bt.Journey, "eligible"}},
		refused(t, submit(bt.Principal, ""), codes.FailedPrecondition, problem.ReasonNotEligible))
	w.Schools.Change(bt.Journey, func(s *schoolsv1.JourneySnapshot) { s.Eligible = true })
	w.Phase(bt.Journey, schoolsv1.Phase_PHASE_UNDERWAY)
	wrongState(t, submit(bt.Principal, ""), "journey_phase")
	w.Phase(bt.Journey, schoolsv1.Phase_PHASE_PRESENTED)
	denied(t, submit(bt.Lead, ""))
	stale(t, submit(bt.Principal, `"99"`))
	require.Empty(t, w.Events())
	require.NoError(t, submit(bt.Principal, a.GetEtag()))
	wrongState(t, submit(bt.Principal, ""), "application_state")
}

func TestAnApplicationMayBeWithdrawnUntilItIsDecided(t *testing.T) {
	w := start(t)
	a := w.Reviewed(bt.Journey, bt.Badge, 3)
	withdraw := func(etag string) (*badgesv1.Application, error) {
		return w.Applications.WithdrawApplication(w.As(bt.Principal), &badgesv1.WithdrawApplicationRequest{Name: a.GetName(), Etag: etag})
	}
	_, err := withdraw(`"1"`)
	stale(t, err)
	out, err := withdraw("")
	require.NoError(t, err)
	require.Equal(t, badgesv1.Application_STATE_WITHDRAWN, out.GetState())
	require.Equal(t, "ApplicationWithdrawn", w.Events()[len(w.Events())-1])
	_, err = withdraw("")
	wrongState(t, err, "application_state")
	_, err = w.Decisions.CreateDecision(w.As(bt.Chair), &badgesv1.CreateDecisionRequest{
		Parent: a.GetName(), Decision: &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_DECLINE, Rationale: "No."},
	})
	wrongState(t, err, "application_state")
}

func TestAReviewerSeesAnApplicationOnlyAfterTheDeclaration(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
		get := func(person string) error {
			_, err := w.Applications.GetApplication(w.As(person), &badgesv1.GetApplicationRequest{Name: a.GetName()})
			_, snapshotErr := w.Applications.GetSnapshot(w.As(person), &badgesv1.GetSnapshotRequest{Name: a.GetSnapshot()})
			require.Equal(t, err == nil, snapshotErr == nil, "application and snapshot follow one rule")
			return err
		}
		listed := func(person string) int {
			list, err := w.Applications.ListApplications(w.As(person), &badgesv1.ListApplicationsRequest{Parent: "districts/-/schools/-"})
			require.NoError(t, err)
			return len(list.GetApplications())
		}
		unknown(t, get(bt.Reviewer1))
		require.Zero(t, listed(bt.Reviewer1))
		reviews := w.Assign(a.GetName(), bt.Reviewer1, bt.Reviewer2)
		conflictOfInterest(t, get(bt.Reviewer1), "declare_first")
		require.Zero(t, listed(bt.Reviewer1))
		w.Clear(bt.Reviewer1, reviews[bt.Reviewer1].GetName())
		require.NoError(t, get(bt.Reviewer1))
		require.Equal(t, 1, listed(bt.Reviewer1))
		unknown(t, get(bt.Reviewer3))
		_, err := w.Reviews.DeclareConflict(w.As(bt.Reviewer1), &badgesv1.DeclareConflictRequest{
			Name: reviews[bt.Reviewer1].GetName(), Conflict: true, Explanation: "I see now that my sister works there.",
		})
		require.NoError(t, err)
		conflictOfInterest(t, get(bt.Reviewer1), "recused")
		require.Zero(t, listed(bt.Reviewer1))
	})
}

func TestListsShowWhatGetShows(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		var created []string
		for i := range 3 {
			journey := fmt.Sprintf("%s/teams/t1/journeys/k%d", bt.School, i)
			w.Schools.AddJourney(journey, bt.Standard, "East Elementary")
			created = append(created, w.Draft(journey, bt.Badge).GetName())
		}
		w.Submit(created[1])
		list := func(person, parent, filter string) []string {
			var out []string
			token := ""
			for {
				page, err := w.Applications.ListApplications(w.As(person), &badgesv1.ListApplicationsRequest{
					Parent: parent, Filter: filter, PageSize: 2, PageToken: token,
				})
				require.NoError(t, err)
				for _, a := range page.GetApplications() {
					out = append(out, a.GetName())
				}
				if token = page.GetNextPageToken(); token == "" {
					return out
				}
			}
		}
		for _, parent := range []string{bt.School, bt.District + "/schools/-", "districts/-/schools/-", "districts/-/schools/east"} {
			require.Equal(t, created, list(bt.Principal, parent, ""), parent)
			require.Equal(t, created, list(bt.Admin, parent, ""), parent)
		}
		require.Equal(t, created[1:2], list(bt.Coordinator, bt.District+"/schools/-", "state = SUBMITTED"))
		require.Equal(t, created[2:], list(bt.Coordinator, bt.School, `journey = "`+bt.School+`/teams/t1/journeys/k2" AND NOT state = "SUBMITTED"`))
		require.Empty(t, list(bt.Stranger, "districts/-/schools/-", ""))
		require.Empty(t, list(bt.Admin, bt.OtherSchool, ""))
		_, err := w.Applications.ListApplications(w.As(bt.Stranger), &badgesv1.ListApplicationsRequest{Parent: bt.School})
		unknown(t, err)
		_, err = w.Applications.ListApplications(w.As(bt.Admin), &badgesv1.ListApplicationsRequest{Parent: bt.School, Filter: "award = 3"})
		invalid(t, err, broken{"filter", "filter_syntax"})
	})
}

func TestARevisionIsJudgedAnew(t *testing.T) {
	w := start(t)
	a := w.Reviewed(bt.Journey, bt.Badge, 1)
	d := w.Propose(a.GetName(), &badgesv1.Decision{
		Outcome: badgesv1.Outcome_OUTCOME_REVISE, Rationale: "Close.", Requirements: []string{"Show what changed for families."},
	})
	require.False(t, d.GetRuleMet())
	w.Approve(d.GetName())
	a = w.Application(a.GetName())
	require.Equal(t, badgesv1.Application_STATE_REVISION_REQUESTED, a.GetState())
	require.Equal(t, []string{"Show what changed for families."}, a.GetRequirements())
	require.Equal(t, []string{"DecisionMade", "RevisionRequested"}, w.Events()[len(w.Events())-2:])

	resubmit := func() (*badgesv1.Application, error) {
		return w.Applications.ResubmitApplication(w.As(bt.Principal), &badgesv1.ResubmitApplicationRequest{Name: a.GetName(), Attestation: "Revised."})
	}
	_, err := resubmit()
	wrongState(t, err, "journey_phase")
	w.Phase(bt.Journey, schoolsv1.Phase_PHASE_APPLIED)
	second, err := resubmit()
	require.NoError(t, err)
	require.Equal(t, a.GetName()+"/snapshots/2", second.GetSnapshot())
	require.NotEqual(t, a.GetSnapshotDigest(), second.GetSnapshotDigest())
	require.Empty(t, second.GetRequirements())

	reviews := w.Assign(a.GetName(), bt.Reviewer1, bt.Reviewer3)
	require.Equal(t, int32(2), reviews[bt.Reviewer1].GetRound())
	w.Judge(bt.Reviewer1, reviews[bt.Reviewer1].GetName(), 3)
	require.Equal(t, badgesv1.Application_STATE_IN_REVIEW, w.Application(a.GetName()).GetState(), "reviews of the first round do not count")
	w.Judge(bt.Reviewer3, reviews[bt.Reviewer3].GetName(), 2)
	_, err = w.Decisions.ApproveDecision(w.As(bt.Admin2), &badgesv1.ApproveDecisionRequest{Name: d.GetName()})
	wrongState(t, err, "decided_once")
	award := w.Approve(w.Propose(a.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "Now they are."}).GetName())
	trail, err := w.Awards.GetAwardTrail(w.As(bt.Admin), &badgesv1.GetAwardTrailRequest{Name: award.GetAward()})
	require.NoError(t, err)
	require.Len(t, trail.GetReviews(), 2)
	require.Equal(t, int32(2), trail.GetReviews()[0].GetRound())
	require.Equal(t, second.GetSnapshotDigest(), trail.GetSnapshotDigest())
}

package badges_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
)

// revise asks for a revision of a reviewed application, and hands it in again with another survey.
func revise(t *testing.T, w *bt.World, application string) *badgesv1.Application {
	t.Helper()
	d := w.Propose(application, &badgesv1.Decision{
		Outcome: badgesv1.Outcome_OUTCOME_REVISE, Rationale: "Close.", Requirements: []string{"Show what changed for families."},
	})
	w.Approve(d.GetName())
	w.Schools.Change(bt.Journey, func(s *schoolsv1.JourneySnapshot) {
		s.Journey.Phase = schoolsv1.Phase_PHASE_APPLIED
		s.SurveyResults = append(s.SurveyResults, bt.School+"/results/wave2")
	})
	a, err := w.Applications.ResubmitApplication(w.As(bt.Principal), &badgesv1.ResubmitApplicationRequest{Name: application, Attestation: "Revised."})
	require.NoError(t, err)
	return a
}

func TestTheTrailOfARevisedApplicationTellsOfTheRoundThatDecided(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		first := w.Reviewed(bt.Journey, bt.Badge, 1)
		second := revise(t, w, first.GetName())
		for person, r := range w.Assign(first.GetName(), bt.Reviewer1, bt.Reviewer3) {
			if r.GetRound() == 2 {
				w.Judge(person, r.GetName(), 3)
			}
		}
		d := w.Propose(first.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "Now they are."})
		require.True(t, d.GetRuleMet(), "the ones of the first round do not count: %s", d.GetRuleExplanation())
		award := w.Approve(d.GetName()).GetAward()

		read := func(person string) *badgesv1.AwardTrail {
			trail, err := w.Awards.GetAwardTrail(w.As(person), &badgesv1.GetAwardTrailRequest{Name: award})
			require.NoError(t, err)
			return trail
		}
		staff, school := read(bt.Admin), read(bt.Principal)
		var reviewers []string
		for i, r := range staff.GetReviews() {
			require.Equal(t, int32(2), r.GetRound())
			reviewers = append(reviewers, r.GetReviewer())
			require.Empty(t, school.GetReviews()[i].GetReviewer(), "the school reads what was said and not by whom")
			require.Len(t, school.GetReviews()[i].GetScores(), 5)
		}
		require.ElementsMatch(t, []string{bt.Reviewer1, bt.Reviewer3}, reviewers)
		require.Equal(t, d.GetName(), staff.GetDecision().GetName())
		require.Equal(t, second.GetSnapshotDigest(), staff.GetSnapshotDigest())

		for snapshot, digest := range map[string]string{first.GetSnapshot(): first.GetSnapshotDigest(), second.GetSnapshot(): second.GetSnapshotDigest()} {
			got, err := w.Applications.GetSnapshot(w.As(bt.Principal), &badgesv1.GetSnapshotRequest{Name: snapshot})
			require.NoError(t, err)
			require.Equal(t, digest, got.GetDigest(), "both rounds can be read as they were handed in")
		}
		require.NotEqual(t, first.GetSnapshotDigest(), second.GetSnapshotDigest())
	})
}

func TestARevisionMayBeDeclinedAndTheSchoolReadsBothDecisions(t *testing.T) {
	w := start(t)
	a := w.Reviewed(bt.Journey, bt.Badge, 1)
	revise(t, w, a.GetName())
	for person, r := range w.Assign(a.GetName(), bt.Reviewer2, bt.Reviewer3) {
		if r.GetRound() == 2 {
			w.Judge(person, r.GetName(), 0)
		}
	}
	d := w.Propose(a.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_DECLINE, Rationale: "Not this year."})
	require.False(t, d.GetRuleMet())
	w.Approve(d.GetName())
	after := w.Application(a.GetName())
	require.Equal(t, badgesv1.Application_STATE_DECLINED, after.GetState())
	require.Empty(t, after.GetAward())
	require.Empty(t, after.GetRequirements(), "nothing is asked for any more")
	require.NotContains(t, w.Events(), "BadgeAwarded")
	list, err := w.Decisions.ListDecisions(w.As(bt.Principal), &badgesv1.ListDecisionsRequest{Parent: a.GetName()})
	require.NoError(t, err)
	require.Len(t, list.GetDecisions(), 2)
	_, err = w.Applications.ResubmitApplication(w.As(bt.Principal), &badgesv1.ResubmitApplicationRequest{Name: a.GetName(), Attestation: "Again."})
	wrongState(t, err, "application_state")
}

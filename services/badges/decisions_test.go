package badges_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"

	"github.com/tandem-badges/tandem/services/kit/kittest"
)

const yes = badgesv1.Outcome_OUTCOME_AWARD

func TestADecisionIsProposedWithReasonsByNobodyWithAStake(t *testing.T) {
	w := start(t)
	w.Grant(bt.Reviewer1, accessv1.Role_ROLE_PANEL_CHAIR, "")
	a := w.Reviewed(bt.Journey, bt.Badge, 1)
	propose := func(person string, d *badgesv1.Decision) (*badgesv1.Decision, error) {
		return w.Decisions.CreateDecision(w.As(person), &badgesv1.CreateDecisionRequest{Parent: a.GetName(), Decision: d})
	}
	_, err := propose(bt.Chair, &badgesv1.Decision{})
	invalid(t, err, broken{"decision.outcome", "required"}, broken{"decision.rationale", "required"})
	_, err = propose(bt.Chair, &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_REVISE, Rationale: "More.", Requirements: []string{" "}})
	invalid(t, err, broken{"decision.requirements", "required_with_revise"}, broken{"decision.requirements", "not_empty"})
	_, err = propose(bt.Chair, &badgesv1.Decision{Outcome: yes, Rationale: "They deserve it."})
	invalid(t, err, broken{"decision.rationale", "award_against_rule"})
	_, err = propose(bt.Reviewer1, &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_DECLINE, Rationale: "No."})
	conflictOfInterest(t, err, "not_a_reviewer")
	_, err = propose(bt.Principal, &badgesv1.Decision{Outcome: yes, Rationale: "Yes."})
	denied(t, err)
	d, err := propose(bt.Chair, &badgesv1.Decision{
		Outcome: yes, Rationale: "The fire in the spring explains what is missing; the panel visited the school.",
	})
	require.NoError(t, err)
	require.False(t, d.GetRuleMet())
	require.Contains(t, d.GetRuleExplanation(), "mean 1 over 2 reviews")
	require.Equal(t, bt.Chair, d.GetProposer())
}

func TestTheSchoolSeesADecisionOnceItIsApproved(t *testing.T) {
	w := start(t)
	a := w.Reviewed(bt.Journey, bt.Badge, 3)
	d := w.Propose(a.GetName(), &badgesv1.Decision{Outcome: yes, Rationale: "Yes."})
	sees := func(person string) (listed int, get error) {
		_, get = w.Decisions.GetDecision(w.As(person), &badgesv1.GetDecisionRequest{Name: d.GetName()})
		list, err := w.Decisions.ListDecisions(w.As(person), &badgesv1.ListDecisionsRequest{Parent: a.GetName()})
		require.NoError(t, err)
		return len(list.GetDecisions()), get
	}
	for _, person := range []string{bt.Principal, bt.Reviewer1} {
		listed, get := sees(person)
		unknown(t, get)
		require.Zero(t, listed)
	}
	listed, get := sees(bt.Admin)
	require.NoError(t, get)
	require.Equal(t, 1, listed)
	w.Approve(d.GetName())
	for _, person := range []string{bt.Principal, bt.Reviewer1} {
		listed, get := sees(person)
		require.NoError(t, get)
		require.Equal(t, 1, listed)
	}
	_, err := w.Decisions.GetDecision(w.As(bt.Reviewer3), &badgesv1.GetDecisionRequest{Name: d.GetName()})
	unknown(t, err)
	_, err = w.Decisions.GetDecision(w.As(bt.Stranger), &badgesv1.GetDecisionRequest{Name: d.GetName()})
	unknown(t, err)
}

func TestAnotherPersonApprovesOnce(t *testing.T) {
	w := start(t)
	w.Grant(bt.Reviewer2, accessv1.Role_ROLE_STATE_ADMIN, "")
	a := w.Reviewed(bt.Journey, bt.Badge, 3)
	d, err := w.Decisions.CreateDecision(w.As(bt.Admin2), &badgesv1.CreateDecisionRequest{
		Parent: a.GetName(), DecisionId: "d1", Decision: &badgesv1.Decision{Outcome: yes, Rationale: "Yes."},
	})
	require.NoError(t, err)
	approve := func(person, etag, request string) (*badgesv1.Decision, error) {
		return w.Decisions.ApproveDecision(w.As(person), &badgesv1.ApproveDecisionRequest{Name: d.GetName(), Etag: etag, RequestId: request})
	}
	_, err = approve(bt.Admin2, "", "")
	conflictOfInterest(t, err, "not_the_proposer")
	_, err = approve(bt.Reviewer2, "", "")
	conflictOfInterest(t, err, "not_a_reviewer")
	_, err = approve(bt.Chair, "", "")
	denied(t, err)
	_, err = approve(bt.Admin, `"9"`, "")
	stale(t, err)
	first, err := approve(bt.Admin, d.GetEtag(), "once")
	require.NoError(t, err)
	again, err := approve(bt.Admin, d.GetEtag(), "once")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
	_, err = approve(bt.Admin, "", "")
	wrongState(t, err, "decided_once")
	require.Equal(t, 1, count(w.Events(), "BadgeAwarded"))
}

func TestADeclinedApplicationEndsAndTheJourneyMayApplyAgain(t *testing.T) {
	w := start(t)
	a := w.Reviewed(bt.Journey, bt.Badge, 0)
	d := w.Propose(a.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_DECLINE, Rationale: "Not yet."})
	require.Empty(t, w.Approve(d.GetName()).GetAward())
	require.Equal(t, badgesv1.Application_STATE_DECLINED, w.Application(a.GetName()).GetState())
	require.Equal(t, "DecisionMade", w.Events()[len(w.Events())-1])
	w.Draft(bt.Journey, bt.Badge)
}

func TestTwoApprovalsAtOnceAwardOnce(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		a := w.Reviewed(bt.Journey, bt.Badge, 3)
		// Two proposals on one application, each approved by several people at once.
		names := []string{
			w.Propose(a.GetName(), &badgesv1.Decision{Outcome: yes, Rationale: "Yes."}).GetName(),
			w.Propose(a.GetName(), &badgesv1.Decision{Outcome: yes, Rationale: "Yes, too."}).GetName(),
		}
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			ctx := w.As([]string{bt.Admin, bt.Admin2}[i%2])
			wg.Go(func() { errs[i] = approve(ctx, w, names[i/4]) })
		}
		wg.Wait()
		succeeded := 0
		for _, err := range errs {
			if err == nil {
				succeeded++
			}
		}
		require.Equal(t, 1, succeeded, "%v", errs)
		for _, event := range []string{"DecisionMade", "BadgeAwarded", "CredentialIssued"} {
			require.Equal(t, 1, count(w.Events(), event), event)
		}
		for _, table := range []string{"awards", "credentials"} {
			var n int
			require.NoError(t, w.DB.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), "SELECT count(*) FROM "+table).Scan(&n))
			require.Equal(t, 1, n, table)
		}
	})
}

func approve(ctx context.Context, w *bt.World, name string) error {
	_, err := w.Decisions.ApproveDecision(ctx, &badgesv1.ApproveDecisionRequest{Name: name})
	return err
}

func count(in []string, what string) int {
	n := 0
	for _, s := range in {
		if s == what {
			n++
		}
	}
	return n
}

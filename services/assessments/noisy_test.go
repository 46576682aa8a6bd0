package assessments_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// budget sets what noisy releases of a campaign may cost; 0 for exact releases.
func (w *world) budget(epsilon float64) {
	w.t.Helper()
	_, err := assessmentsv1.NewRecipientsServiceClient(w.conn).UpdateSurveyPolicy(w.state(), &assessmentsv1.UpdateSurveyPolicyRequest{
		SurveyPolicy: &assessmentsv1.SurveyPolicy{EpsilonTotal: epsilon}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"epsilon_total"}},
	})
	require.NoError(w.t, err)
}

// TestNoisyReleasesSpendABudget publishes a wave with noise until the budget is spent.
func TestNoisyReleasesSpendABudget(t *testing.T) {
	w := start(t)
	w.budget(3)
	c := w.opened("fall", nil)
	w.collect(c.GetName(), "oak", 120)
	w.collect(c.GetName(), "elm", 43)
	first := w.published(c.GetName())
	require.Equal(t, assessmentsv1.ReleaseKind_RELEASE_KIND_NOISY, first.GetKind())
	require.InDelta(t, 1, first.GetEpsilon(), 1e-9)
	read, err := w.results.GetRelease(w.lead(), &assessmentsv1.GetReleaseRequest{Name: first.GetName()})
	require.NoError(t, err)
	require.InDelta(t, 1, read.GetEpsilon(), 1e-9)

	table := func(id string) *assessmentsv1.ResultTable {
		got, err := w.rollUps().GetResultTable(w.lead(), &assessmentsv1.GetResultTableRequest{Name: first.GetName() + "/tables/" + id})
		require.NoError(t, err)
		return got
	}
	district, feeder, oak := table("district-d1"), table("feeder-north"), table("school-oak")
	require.Equal(t, district.GetResponses().GetValue(), feeder.GetResponses().GetValue()+oak.GetResponses().GetValue())
	differ := false
	for i, item := range district.GetItems() {
		require.True(t, item.GetAnswers().GetShown())
		for k, option := range item.GetOptions() {
			require.True(t, option.GetCount().GetShown())
			require.Equal(t, option.GetCount().GetValue(), feeder.GetItems()[i].GetOptions()[k].GetCount().GetValue()+oak.GetItems()[i].GetOptions()[k].GetCount().GetValue())
		}
		differ = differ || item.GetAnswers().GetValue()+item.GetNotScored().GetValue() != 163
	}
	require.True(t, differ, "noise")
	require.Contains(t, district.GetNotes()[len(district.GetNotes())-1], "The privacy loss of this release is 1.")
	require.Equal(t, district.GetResponses(), table("district-d1").GetResponses(), "noise is drawn once")
	audit := w.auditOf(first.GetName())
	require.Zero(t, audit.GetHidden())
	require.Contains(t, audit.GetMethod(), "noise")
	require.InDelta(t, 1, audit.GetEpsilonSpent(), 1e-9)

	state := w.statewide()
	require.InDelta(t, 2, state.GetAudit().GetEpsilonSpent(), 1e-9, "the same answers again")
	require.Positive(t, state.GetAudit().GetShown())
	require.InDelta(t, 2, w.auditOf(first.GetName()).GetEpsilonSpent(), 1e-9)

	w.late(c.GetName(), "oak", 30)
	op, err := w.campaigns.PublishCampaign(w.coordinator(), &assessmentsv1.PublishCampaignRequest{Name: c.GetName()})
	require.NoError(t, err)
	require.EqualValues(t, 2, w.finished(op.GetName()).GetRound())

	w.late(c.GetName(), "elm", 30)
	_, err = w.campaigns.PublishCampaign(w.coordinator(), &assessmentsv1.PublishCampaignRequest{Name: c.GetName()})
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, c.GetName()+" epsilon_spent")
	publish := func() error {
		_, err := w.rollUps().PublishStatewide(w.state(), &assessmentsv1.PublishStatewideRequest{Instrument: "instruments/family-survey", Cycle: cycle, Wave: 1})
		return err
	}
	refused(t, publish(), codes.FailedPrecondition, problem.ReasonStateWrong, c.GetName()+" epsilon_spent")
	w.budget(0)
	refused(t, publish(), codes.FailedPrecondition, problem.ReasonStateWrong, "instruments/family-survey one_kind_of_release")
	w.budget(6)
	require.InDelta(t, 5, w.statewide().GetAudit().GetEpsilonSpent(), 1e-9, "three times 1, and a third of 6")
}

// TestAnExactWaveStaysExact is the other way round, and a district leaves the state's
// share of the budget alone.
func TestAnExactWaveStaysExact(t *testing.T) {
	w := start(t)
	c := w.opened("fall", nil)
	w.collect(c.GetName(), "oak", 120)
	first := w.published(c.GetName())
	require.Equal(t, assessmentsv1.ReleaseKind_RELEASE_KIND_SUPPRESSED, first.GetKind())
	require.Zero(t, first.GetEpsilon())
	w.budget(3)
	_, err := w.rollUps().PublishStatewide(w.state(), &assessmentsv1.PublishStatewideRequest{Instrument: "instruments/family-survey", Cycle: cycle, Wave: 1})
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, "instruments/family-survey one_kind_of_release")
}

// TestADistrictCannotSpendTheShareOfTheState publishes late answers until the district
// has spent what it may, and then the state.
func TestADistrictCannotSpendTheShareOfTheState(t *testing.T) {
	w := start(t)
	w.budget(3)
	c := w.opened("fall", nil)
	w.collect(c.GetName(), "oak", 120)
	w.published(c.GetName())
	publish := func() error {
		op, err := w.campaigns.PublishCampaign(w.coordinator(), &assessmentsv1.PublishCampaignRequest{Name: c.GetName()})
		if err == nil {
			w.finished(op.GetName())
		}
		return err
	}
	w.late(c.GetName(), "oak", 30)
	require.NoError(t, publish())
	w.late(c.GetName(), "elm", 30)
	refused(t, publish(), codes.FailedPrecondition, problem.ReasonStateWrong, c.GetName()+" epsilon_spent")
	require.InDelta(t, 3, w.statewide().GetAudit().GetEpsilonSpent(), 1e-9)
}

func (w *world) auditOf(release string) *assessmentsv1.ReleaseAudit {
	w.t.Helper()
	audit, err := w.rollUps().AuditRelease(w.coordinator(), &assessmentsv1.AuditReleaseRequest{Name: release})
	require.NoError(w.t, err)
	return audit
}

package assessments_test

import (
	"context"
	"fmt"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func (w *world) rollUps() assessmentsv1.RollUpsServiceClient {
	return assessmentsv1.NewRollUpsServiceClient(w.conn)
}

// neighbor coordinates district d2.
func (w *world) neighbor() context.Context {
	return w.as("people/neighbor", accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d2")
}

// closedIn2 makes a closed campaign of fir in d2 with n answers.
func (w *world) closedIn2(n int) string {
	w.t.Helper()
	c, err := w.campaigns.CreateCampaign(w.neighbor(), &assessmentsv1.CreateCampaignRequest{
		Parent: "districts/d2", CampaignId: "fall", Campaign: &assessmentsv1.Campaign{
			Title: "Fall", InstrumentVersion: survey, Cycle: cycle, Wave: 1, Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_OPEN_LINK,
		},
	})
	require.NoError(w.t, err)
	_, err = w.campaigns.OpenCampaign(w.neighbor(), &assessmentsv1.OpenCampaignRequest{Name: c.GetName()})
	require.NoError(w.t, err)
	var sheets []*assessmentsv1.PaperResponse
	for i := range n {
		sheets = append(sheets, &assessmentsv1.PaperResponse{ResponseId: fmt.Sprintf("paper-%06d", i), Answers: answers(i)})
	}
	_, err = w.responses.BatchSubmitResponses(w.neighbor(), &assessmentsv1.BatchSubmitResponsesRequest{Parent: c.GetName(), School: "districts/d2/schools/fir", Responses: sheets})
	require.NoError(w.t, err)
	_, err = w.campaigns.CloseCampaign(w.neighbor(), &assessmentsv1.CloseCampaignRequest{Name: c.GetName()})
	require.NoError(w.t, err)
	return c.GetName()
}

// statewide publishes the wave for the whole state.
func (w *world) statewide() *assessmentsv1.StateRelease {
	w.t.Helper()
	op, err := w.rollUps().PublishStatewide(w.state(), &assessmentsv1.PublishStatewideRequest{Instrument: "instruments/family-survey", Cycle: cycle, Wave: 1})
	require.NoError(w.t, err)
	var done *longrunningpb.Operation
	kittest.Eventually(w.t, func() bool {
		done, err = w.rollUps().GetStatewideOperation(w.state(), &assessmentsv1.GetStatewideOperationRequest{Name: op.GetName()})
		require.NoError(w.t, err)
		return done.GetDone()
	}, "the state is published")
	var release assessmentsv1.StateRelease
	require.NotNil(w.t, done.GetResponse(), "error: %v", done.GetError())
	require.NoError(w.t, done.GetResponse().UnmarshalTo(&release))
	return &release
}

func (w *world) stateTable(release, id string) *assessmentsv1.ResultTable {
	w.t.Helper()
	table, err := w.rollUps().GetStateTable(w.neighbor(), &assessmentsv1.GetStateTableRequest{Name: release + "/tables/" + id})
	require.NoError(w.t, err)
	return table
}

// clean holds a release to its audit, computed anew from what is published.
func (w *world) clean(ctx context.Context, release string, earlier int) {
	w.t.Helper()
	audit, err := w.rollUps().AuditRelease(ctx, &assessmentsv1.AuditReleaseRequest{Name: release})
	require.NoError(w.t, err)
	require.Zero(w.t, audit.GetRecoverable()+audit.GetTooNarrow())
	require.Positive(w.t, audit.GetShown())
	require.EqualValues(w.t, 9, audit.GetRequired())
	require.EqualValues(w.t, earlier, audit.GetEarlierReleases())
}

// TestTheStateIsPublishedInRounds plays two districts, the state, and late answers.
func TestTheStateIsPublishedInRounds(t *testing.T) {
	w := start(t)
	c := w.opened("fall", nil)
	w.collect(c.GetName(), "oak", 120)
	w.collect(c.GetName(), "elm", 43)
	first := w.published(c.GetName())
	require.EqualValues(t, 1, first.GetRound())
	w.clean(w.coordinator(), first.GetName(), 0)
	other := w.closedIn2(64)

	district, err := w.rollUps().GetResultTable(w.lead(), &assessmentsv1.GetResultTableRequest{Name: first.GetName() + "/tables/district-d1"})
	require.NoError(t, err)
	require.EqualValues(t, 163, district.GetResponses().GetValue())
	require.Len(t, district.GetItems(), 18)
	require.NotEmpty(t, district.GetNotes(), "an open link proves nothing")
	lines, err := w.rollUps().ListResultTables(w.coordinator(), &assessmentsv1.ListResultTablesRequest{Parent: first.GetName(), Under: "district-d1"})
	require.NoError(t, err)
	require.Equal(t, []string{first.GetName() + "/tables/feeder-north", first.GetName() + "/tables/school-oak"},
		[]string{lines.GetTables()[0].GetTable(), lines.GetTables()[1].GetTable()})

	state := w.statewide()
	require.EqualValues(t, 1, state.GetRound())
	require.EqualValues(t, 2, state.GetDistricts())
	require.EqualValues(t, 3, state.GetSchools())
	require.Len(t, state.GetDigest(), 64)
	require.EqualValues(t, 1, state.GetAudit().GetEarlierReleases())
	require.EqualValues(t, 227, w.stateTable(state.GetName(), "state").GetResponses().GetValue())
	require.Equal(t, state.GetName()+"/tables/state", w.stateTable(state.GetName(), "district-d2").GetParentTable())
	w.clean(w.state(), state.GetName(), 1)

	t.Run("nobody else publishes the state, nor reads a district's own release", func(t *testing.T) {
		_, err := w.rollUps().PublishStatewide(w.coordinator(), &assessmentsv1.PublishStatewideRequest{Instrument: "instruments/family-survey", Cycle: cycle, Wave: 1})
		require.Error(t, err)
		_, err = w.rollUps().GetResultTable(w.neighbor(), &assessmentsv1.GetResultTableRequest{Name: first.GetName() + "/tables/district-d1"})
		refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
		_, err = w.rollUps().AuditRelease(w.neighbor(), &assessmentsv1.AuditReleaseRequest{Name: first.GetName()})
		refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
		_, err = w.rollUps().GetStateTable(w.state(), &assessmentsv1.GetStateTableRequest{Name: state.GetName() + "/tables/district-none"})
		refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
		_, err = w.rollUps().PublishStatewide(w.state(), &assessmentsv1.PublishStatewideRequest{Instrument: "instruments/family-survey", Cycle: cycle, Wave: 9})
		refused(t, err, codes.FailedPrecondition, problem.ReasonNotEligible, "instruments/family-survey closed_campaigns")
		_, err = w.campaigns.PublishCampaign(w.coordinator(), &assessmentsv1.PublishCampaignRequest{Name: c.GetName()})
		refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, c.GetName()+" round_size")
	})

	w.late(c.GetName(), "oak", 30)
	w.late(c.GetName(), "elm", 5)
	op, err := w.campaigns.PublishCampaign(w.coordinator(), &assessmentsv1.PublishCampaignRequest{Name: c.GetName()})
	require.NoError(t, err)
	second := w.finished(op.GetName())
	require.EqualValues(t, 2, second.GetRound())
	require.EqualValues(t, 1, second.GetSchools(), "the five late answers of elm wait")
	w.clean(w.coordinator(), second.GetName(), 2)
	oak, err := w.results.ListResults(w.lead(), &assessmentsv1.ListResultsRequest{Parent: "districts/d1/schools/oak"})
	require.NoError(t, err)
	require.Equal(t, []int32{150, 120}, []int32{oak.GetResults()[0].GetResponses().GetValue(), oak.GetResults()[1].GetResponses().GetValue()})

	op, err = w.campaigns.PublishCampaign(w.neighbor(), &assessmentsv1.PublishCampaignRequest{Name: other})
	require.NoError(t, err)
	kittest.Eventually(t, func() bool {
		op, err = w.campaigns.GetOperation(w.neighbor(), &assessmentsv1.GetOperationRequest{Name: op.GetName()})
		require.NoError(t, err)
		return op.GetDone()
	}, "d2 is published")
	require.NotNil(t, op.GetResponse(), "error: %v", op.GetError())

	again := w.statewide()
	require.EqualValues(t, 2, again.GetRound())
	require.EqualValues(t, 193, w.stateTable(again.GetName(), "district-d1").GetResponses().GetValue(), "150 and 43")
	w.clean(w.state(), again.GetName(), 4)
	list, err := w.rollUps().ListStateReleases(w.lead(), &assessmentsv1.ListStateReleasesRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, again.GetName(), list.GetStateReleases()[0].GetName(), "the newest first")
	list, err = w.rollUps().ListStateReleases(w.lead(), &assessmentsv1.ListStateReleasesRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, state.GetName(), list.GetStateReleases()[0].GetName())
	require.Empty(t, list.GetNextPageToken())
	tables, err := w.rollUps().ListStateTables(w.lead(), &assessmentsv1.ListStateTablesRequest{Parent: again.GetName(), Level: assessmentsv1.RollUpLevel_ROLL_UP_LEVEL_SCHOOL})
	require.NoError(t, err)
	require.Len(t, tables.GetTables(), 3)
}

// late keys in n more paper answers for a school of d1.
func (w *world) late(campaign, school string, n int) {
	w.t.Helper()
	var sheets []*assessmentsv1.PaperResponse
	for i := range n {
		sheets = append(sheets, &assessmentsv1.PaperResponse{ResponseId: fmt.Sprintf("late-%s-%06d", school, i), Answers: answers(i)})
	}
	_, err := w.responses.BatchSubmitResponses(w.coordinator(), &assessmentsv1.BatchSubmitResponsesRequest{Parent: campaign, School: "districts/d1/schools/" + school, Responses: sheets})
	require.NoError(w.t, err)
}

package work_test

import (
	"context"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/work"
)

// desk keeps one campaign and the operation that publishes it; there is no instrument, so that
// publishing a closed one fails.
type desk struct {
	result.Store
	campaign  campaign.Campaign
	operation string
}

func (d *desk) Campaign(context.Context, string, string) (campaign.Campaign, error) {
	return d.campaign, nil
}

func (d *desk) GetRelease(_ context.Context, district, id string) (result.Release, error) {
	return result.Release{District: district, ID: id}, nil
}

func (d *desk) Edition(_ context.Context, family, _ string) (instrument.Version, error) {
	return instrument.Version{}, problem.NotFound("instruments/" + family)
}

func (d *desk) PublishOperation(context.Context, string, string) (string, error) {
	return d.operation, nil
}

func (d *desk) SetPublishOperation(_ context.Context, _, _, operation string) error {
	d.operation = operation
	return nil
}

func start(t *testing.T, state campaign.State) (*desk, *sqldb.DB, *work.Publisher) {
	t.Helper()
	d := &desk{campaign: campaign.Campaign{
		District: "d1", ID: "fall", State: state, Release: "r1", Version: 3, InstrumentVersion: "instruments/gone/versions/1",
		Schools: []campaign.School{{ID: "oak"}, {ID: "elm"}},
	}}
	db, c := kittest.SQLite(t, "assessments", nil), clock.NewFake(kittest.Start())
	results := result.NewService(d, d, nil, nil, nil, c)
	return d, db, work.NewPublisher(db, d, results, c, func(r result.Release) proto.Message { return wrapperspb.String(r.Name()) })
}

func run(t *testing.T, p *work.Publisher, name string) *longrunningpb.Operation {
	t.Helper()
	stop := kittest.Go(t, func(ctx context.Context) error { return p.Run(ctx, kittest.Log(t)) })
	defer stop()
	var op *longrunningpb.Operation
	kittest.Eventually(t, func() bool {
		var err error
		op, err = p.Get(kittest.All(t), name)
		require.NoError(t, err)
		return op.GetDone()
	}, "the operation ends")
	return op
}

func TestOnlyAClosedCampaignIsPublished(t *testing.T) {
	for _, state := range []campaign.State{campaign.Draft, campaign.Open, campaign.Published} {
		d, _, p := start(t, state)
		_, err := p.Start(kittest.All(t), "d1", "fall", "")
		require.True(t, problem.Is(err, problem.KindPrecondition), "state %d: %v", state, err)
		require.Empty(t, d.operation)
	}
	d, _, p := start(t, campaign.Closed)
	_, err := p.Start(kittest.All(t), "d1", "fall", etag.Of(2))
	require.True(t, problem.Is(err, problem.KindAborted))
	require.Empty(t, d.operation)
}

func TestOneOperationPublishesACampaignUntilItFails(t *testing.T) {
	d, _, p := start(t, campaign.Closed)
	first, err := p.Start(kittest.All(t), "d1", "fall", etag.Of(3))
	require.NoError(t, err)
	require.Contains(t, first.GetName(), "districts/d1/campaigns/fall/operations/")
	require.Equal(t, first.GetName(), d.operation)
	var progress assessmentsv1.PublishProgress
	require.NoError(t, first.GetMetadata().UnmarshalTo(&progress))
	require.EqualValues(t, 2, progress.GetSchoolsTotal())
	require.Zero(t, progress.GetSchoolsDone())
	again, err := p.Start(kittest.All(t), "d1", "fall", "")
	require.NoError(t, err)
	require.Equal(t, first.GetName(), again.GetName(), "while it is under way there is no second one")

	failed := run(t, p, first.GetName())
	require.Equal(t, int32(codes.NotFound), failed.GetError().GetCode(), "the instrument is gone")
	anew, err := p.Start(kittest.All(t), "d1", "fall", "")
	require.NoError(t, err)
	require.NotEqual(t, first.GetName(), anew.GetName(), "what failed may be begun anew")
}

func TestAnOperationThatWasCutOffAfterTheReleaseAnswersWithIt(t *testing.T) {
	d, _, p := start(t, campaign.Closed)
	op, err := p.Start(kittest.All(t), "d1", "fall", "")
	require.NoError(t, err)
	d.campaign.State = campaign.Published
	var name wrapperspb.StringValue
	require.NoError(t, run(t, p, op.GetName()).GetResponse().UnmarshalTo(&name))
	require.Equal(t, "districts/d1/releases/r1", name.GetValue())
}

func TestAnOperationThatDoesNotExist(t *testing.T) {
	_, _, p := start(t, campaign.Closed)
	_, err := p.Get(kittest.All(t), "districts/d1/campaigns/fall/operations/none")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

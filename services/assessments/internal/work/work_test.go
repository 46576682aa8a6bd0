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
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/internal/work"
)

// desk keeps one campaign and the operation that publishes it; there is no instrument, so that
// publishing a closed one fails.
type desk struct {
	result.Store
	campaign  campaign.Campaign
	operation string
	plan      rollup.Plan
	wave      []campaign.Campaign
}

func (d *desk) Plan(context.Context, string, string) (rollup.Plan, error) { return d.plan, nil }

func (d *desk) SavePlan(_ context.Context, _, _ string, p rollup.Plan) error {
	d.plan = p
	return nil
}

func (d *desk) Policy(context.Context) (policy.Policy, error) { return policy.Policy{}.InForce(), nil }

// tables are the roll-ups of the desk.
type tables struct {
	rollup.Store
	d *desk
}

func (t tables) Plan(ctx context.Context, district, operation string) (rollup.Plan, error) {
	return t.d.Plan(ctx, district, operation)
}

func (t tables) SavePlan(ctx context.Context, district, operation string, p rollup.Plan) error {
	return t.d.SavePlan(ctx, district, operation, p)
}

func (tables) Snapshot(context.Context, string, string) (rollup.Snapshot, error) {
	return rollup.Snapshot{}, nil
}

func (tables) Kinds(context.Context, rollup.Wave) (rollup.Kinds, error) { return rollup.Kinds{}, nil }

func (tables) Answered(context.Context, string, string) (map[string]int64, error) { return nil, nil }

func (t tables) WaveCampaigns(context.Context, rollup.Wave) ([]campaign.Campaign, error) {
	return t.d.wave, nil
}

// schools is the directory of the desk.
type schools struct{ result.Directory }

func (schools) Plan(_ context.Context, districts []string) (rollup.Plan, error) {
	return rollup.Plan{Districts: []rollup.PlannedDistrict{{ID: districts[0]}}}, nil
}

func (schools) HasCycle(context.Context, string) (bool, error) { return true, nil }

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
	maker := rollup.NewMaker(tables{d: d}, d, nil, d)
	results := result.NewService(d, maker, d, nil, nil, schools{}, c)
	encodeState := func(r rollup.Release) proto.Message { return wrapperspb.String(r.Name()) }
	return d, db, work.NewPublisher(db, d, results, rollup.NewService(tables{d: d}, maker, schools{}, c), c, func(r result.Release) proto.Message { return wrapperspb.String(r.Name()) }, encodeState)
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
	d.campaign.State, d.campaign.Rounds = campaign.Published, 1
	var name wrapperspb.StringValue
	require.NoError(t, run(t, p, op.GetName()).GetResponse().UnmarshalTo(&name))
	require.Equal(t, "districts/d1/releases/r1", name.GetValue())
}

func TestAnOperationThatDoesNotExist(t *testing.T) {
	_, _, p := start(t, campaign.Closed)
	_, err := p.Get(kittest.All(t), "districts/d1/campaigns/fall/operations/none")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestAWaveWithoutClosedCampaignsIsNotPublished(t *testing.T) {
	d, _, p := start(t, campaign.Closed)
	wave := rollup.Wave{Instrument: "gone", Cycle: "cycles/2026", Number: 1}
	_, err := p.StartStatewide(kittest.All(t), wave)
	require.True(t, problem.Is(err, problem.KindPrecondition))
	d.wave = []campaign.Campaign{d.campaign}
	op, err := p.StartStatewide(kittest.All(t), wave)
	require.NoError(t, err)
	var progress assessmentsv1.StatewideProgress
	require.NoError(t, op.GetMetadata().UnmarshalTo(&progress))
	require.Equal(t, "instruments/gone", progress.GetInstrument())
	failed := run(t, p, op.GetName())
	require.Equal(t, int32(codes.NotFound), failed.GetError().GetCode(), "the instrument is gone")
}

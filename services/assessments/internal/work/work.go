// Package work runs what takes longer than a call: publishing a campaign, and the
// whole state.
//
// Start records an operation in the transaction that found the campaign fit to be
// published, with all that the schools service knows about it, so that the worker
// asks nobody. A leased worker counts, protects, audits and writes; cut off before the
// release is readable it begins again after a restart, because nothing was kept. The
// arithmetic is of packages result and rollup, the operations' rows are the kit's.
package work

import (
	"context"
	"log/slog"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"go.einride.tech/aip/resourcename"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/operations"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Memory remembers which operation publishes a campaign.
type Memory interface {
	PublishOperation(ctx context.Context, district, campaign string) (string, error)
	SetPublishOperation(ctx context.Context, district, campaign, operation string) error
}

// Encode turns a release into the operation's response.
type Encode func(r result.Release) proto.Message

// EncodeState does it for a statewide release.
type EncodeState func(r rollup.Release) proto.Message

// Publisher publishes campaigns and the state as operations.
type Publisher struct {
	db          *sqldb.DB
	memory      Memory
	results     *result.Service
	rollups     *rollup.Service
	clock       clock.Clock
	encode      Encode
	encodeState EncodeState
}

// NewPublisher returns a publisher.
func NewPublisher(db *sqldb.DB, m Memory, results *result.Service, rollups *rollup.Service, c clock.Clock, encode Encode, encodeState EncodeState) *Publisher {
	return &Publisher{db: db, memory: m, results: results, rollups: rollups, clock: c, encode: encode, encodeState: encodeState}
}

// Start begins to publish a closed campaign. While it is under way the same
// operation is returned again.
func (p *Publisher) Start(ctx context.Context, district, campaign, tag string) (*longrunningpb.Operation, error) {
	var op *longrunningpb.Operation
	err := p.db.Tx(ctx, func(ctx context.Context) error {
		c, err := p.results.Publishable(ctx, district, campaign, tag)
		if err != nil {
			return err
		}
		if op, err = p.underWay(ctx, district, campaign); err != nil || op != nil {
			return err
		}
		name := c.Name() + "/operations/" + ids.New()
		if err := p.results.Prepare(ctx, c, name); err != nil {
			return err
		}
		op, err = operations.Start(ctx, p.db, name, &assessmentsv1.PublishProgress{
			Campaign: c.Name(), SchoolsTotal: int32(len(c.Schools)), StartTime: timestamppb.New(p.clock.Now()), //nolint:gosec // at most some thousands
		})
		if err != nil {
			return err
		}
		return p.memory.SetPublishOperation(ctx, district, campaign, op.GetName())
	})
	return op, err
}

// underWay is the operation that publishes the campaign now, or nil: one that
// failed may be begun anew.
func (p *Publisher) underWay(ctx context.Context, district, campaign string) (*longrunningpb.Operation, error) {
	name, err := p.memory.PublishOperation(ctx, district, campaign)
	if err != nil || name == "" {
		return nil, err
	}
	op, err := operations.Get(ctx, p.db, name)
	if err != nil || op.GetDone() {
		return nil, err
	}
	return op, nil
}

// Get reads an operation.
func (p *Publisher) Get(ctx context.Context, name string) (*longrunningpb.Operation, error) {
	return operations.Get(ctx, p.db, name)
}

// Run works until ctx ends.
func (p *Publisher) Run(ctx context.Context, log *slog.Logger) error {
	w := operations.NewWorker(p.db, log)
	w.On(&assessmentsv1.PublishProgress{}, p.publish)
	w.On(&assessmentsv1.StatewideProgress{}, p.publishStatewide)
	return w.Run(ctx)
}

func (p *Publisher) publish(ctx context.Context, op operations.Operation) (proto.Message, error) {
	var state assessmentsv1.PublishProgress
	if err := op.Metadata(&state); err != nil {
		return nil, err
	}
	var district, campaign string
	if err := resourcename.Sscan(state.GetCampaign(), "districts/{district}/campaigns/{campaign}", &district, &campaign); err != nil {
		return nil, err
	}
	progress := func(phase string, done, total int, answers int64) error {
		state.SchoolsDone, state.SchoolsTotal, state.Phase, state.AnswersCounted = int32(done), int32(total), phase, answers //nolint:gosec // at most some thousands
		return operations.Progress(ctx, p.db, op.Name, &state)
	}
	finish := func(ctx context.Context, r result.Release) error {
		return operations.Succeed(ctx, p.db, op.Name, p.encode(r))
	}
	r, err := p.results.Publish(ctx, district, campaign, op.Name, progress, finish)
	if err != nil {
		return nil, err
	}
	return p.encode(r), nil
}

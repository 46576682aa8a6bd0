package work

import (
	"context"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/operations"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// StartStatewide begins to publish a wave for the whole state.
func (p *Publisher) StartStatewide(ctx context.Context, w rollup.Wave) (*longrunningpb.Operation, error) {
	var op *longrunningpb.Operation
	err := p.db.Tx(ctx, func(ctx context.Context) error {
		name := "releaseOperations/" + ids.New()
		if err := p.rollups.Prepare(ctx, w, name); err != nil {
			return err
		}
		var err error
		op, err = operations.Start(ctx, p.db, name, &assessmentsv1.StatewideProgress{
			Instrument: "instruments/" + w.Instrument, Cycle: w.Cycle, Wave: int32(w.Number), StartTime: timestamppb.New(p.clock.Now()), //nolint:gosec // at most 50
		})
		return err
	})
	return op, err
}

func (p *Publisher) publishStatewide(ctx context.Context, op operations.Operation) (proto.Message, error) {
	var state assessmentsv1.StatewideProgress
	if err := op.Metadata(&state); err != nil {
		return nil, err
	}
	w := rollup.Wave{Instrument: state.GetInstrument()[len("instruments/"):], Cycle: state.GetCycle(), Number: int(state.GetWave())}
	progress := func(phase string, done, total int, answers int64) error {
		state.Phase, state.Done, state.Total, state.AnswersCounted = phase, int32(done), int32(total), answers //nolint:gosec // some thousands
		return operations.Progress(ctx, p.db, op.Name, &state)
	}
	finish := func(ctx context.Context, r rollup.Release) error {
		return operations.Succeed(ctx, p.db, op.Name, p.encodeState(r))
	}
	r, err := p.rollups.Publish(ctx, w, op.Name, progress, finish)
	if err != nil {
		return nil, err
	}
	return p.encodeState(r), nil
}

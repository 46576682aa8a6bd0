package operations_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	otelcodes "go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/operations"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

// startIn starts an operation in a call whose span has ended when it returns.
func startIn(t *testing.T, db *sqldb.DB, name string) trace.SpanContext {
	t.Helper()
	ctx, call := otel.Tracer("test").Start(kittest.All(t), "call")
	defer call.End()
	_, err := operations.Start(ctx, db, name, wrapperspb.Int64(0))
	require.NoError(t, err)
	return call.SpanContext()
}

func runs(recorder *tracetest.SpanRecorder) (all []sdktrace.ReadOnlySpan) {
	for _, span := range recorder.Ended() {
		if span.Name() == "work google.protobuf.Int64Value" {
			all = append(all, span)
		}
	}
	return all
}

func TestTheTraceOfACallGoesOnInTheWorkThatItStarted(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		recorder.Reset()
		call := startIn(t, db, name)
		var carried, logged atomic.Value
		work(t, db, func(ctx context.Context, op operations.Operation) (proto.Message, error) {
			if op.Attempt == 1 {
				return nil, problem.Unavailable("assessments")
			}
			before := len(recorder.Started())
			err := operations.Progress(ctx, db, op.Name, wrapperspb.Int64(1))
			logged.Store(len(recorder.Started()) - before)
			carried.Store(telemetry.Carry(ctx))
			return wrapperspb.String("done"), err
		})
		done(t, db, name)
		tries := runs(recorder)
		require.Len(t, tries, 2, "each try is a span")
		for _, try := range tries {
			require.Equal(t, call.TraceID(), try.SpanContext().TraceID())
			require.Equal(t, trace.SpanKindConsumer, try.SpanKind())
		}
		require.Equal(t, otelcodes.Error, tries[0].Status().Code)
		require.Equal(t, otelcodes.Unset, tries[1].Status().Code)
		require.Zero(t, logged.Load(), "statements of work have no spans: a mailing has millions")
		below := telemetry.Continue(t.Context(), carried.Load().(string))
		require.Equal(t, tries[1].SpanContext().SpanID(), trace.SpanContextFromContext(below).SpanID(), "what it publishes is below it")
		require.True(t, trace.SpanContextFromContext(below).IsSampled())
	})
}

func TestWorkThatOnlyWaitsLeavesNoSpans(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		recorder.Reset()
		startIn(t, db, name)
		var turns atomic.Int32
		work(t, db, func(ctx context.Context, op operations.Operation) (proto.Message, error) {
			switch n := turns.Add(1); n {
			case 4:
				db.Wake("operations")
				return nil, errors.Join(operations.Progress(ctx, db, op.Name, wrapperspb.Int64(1)), operations.ErrLater)
			case 8:
				return wrapperspb.String("done"), nil
			default:
				db.Wake("operations")
				return nil, operations.ErrLater
			}
		})
		done(t, db, name)
		require.EqualValues(t, 8, turns.Load())
		require.Len(t, runs(recorder), 2, "the turn that did a part, and the last")
	})
}

func TestWorkThatNobodyTracesHasNoSpans(t *testing.T) {
	recorder := kittest.Spans(t)
	db := kittest.SQLite(t, "schools", nil)
	start(t, db, name)
	work(t, db, func(context.Context, operations.Operation) (proto.Message, error) {
		return wrapperspb.String("done"), nil
	})
	done(t, db, name)
	require.Empty(t, recorder.Ended())
}

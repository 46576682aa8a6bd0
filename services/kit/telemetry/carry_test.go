package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

const (
	old      = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	unwanted = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
)

func TestARowCarriesATraceToWhoeverWorksOnItLater(t *testing.T) {
	recorder := kittest.Spans(t)
	ctx, call := otel.Tracer("test").Start(t.Context(), "call")
	call.End()
	carried := telemetry.Carry(ctx)

	later, span := telemetry.Resume(t.Context(), "test", carried, "work")
	span.End()
	require.Equal(t, call.SpanContext().TraceID(), trace.SpanContextFromContext(later).TraceID())
	require.Len(t, recorder.Ended(), 2)
	require.Equal(t, "work", recorder.Ended()[1].Name())
	require.Equal(t, call.SpanContext().SpanID(), recorder.Ended()[1].Parent().SpanID())
	require.Equal(t, carried, telemetry.Carry(telemetry.Continue(t.Context(), carried)), "it may be carried on and on")
	require.Empty(t, telemetry.Carry(t.Context()))
}

func TestARowWithoutATraceIsNotInThatOfItsNeighbour(t *testing.T) {
	recorder := kittest.Spans(t)
	ctx, call := otel.Tracer("test").Start(t.Context(), "call")
	defer call.End()
	for _, carried := range []string{"", "rubbish", "00-00000000000000000000000000000000-0000000000000000-01"} {
		later, span := telemetry.Resume(ctx, "test", carried, "work")
		span.End()
		require.Empty(t, telemetry.Carry(later), carried)
	}
	require.Empty(t, recorder.Ended(), "work that no request began makes no trace")
}

func TestATraceThatIsNotRecordedIsOnlyInTheLog(t *testing.T) {
	recorder := kittest.Spans(t)
	later, span := telemetry.Resume(t.Context(), "test", unwanted, "work")
	span.End()
	require.Equal(t, unwanted, telemetry.Carry(later))
	require.Empty(t, recorder.Ended())
	_, span = telemetry.Resume(t.Context(), "test", old, "work")
	span.End()
	require.Len(t, recorder.Ended(), 1)
}

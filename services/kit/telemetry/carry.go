package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceParent is the field of W3C trace context that rows and events keep.
const traceParent = "traceparent"

// Carry returns the trace of ctx as a row or an event keeps it, so that whoever
// works on it later goes on with that trace; empty when ctx has none.
func Carry(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	Propagator().Inject(ctx, carrier)
	return carrier.Get(traceParent)
}

// Continue returns a context in which the trace goes on that a row or an event
// carries, however old it is, and no other: none when it carries none. Log lines
// written with it have the trace's id.
func Continue(ctx context.Context, carried string) context.Context {
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	return Propagator().Extract(ctx, propagation.MapCarrier{traceParent: carried})
}

// Resume is Continue with a span of the work that is done now; whoever calls it
// ends it. A trace that is not recorded gets none, and work that no request began
// makes no trace of its own.
func Resume(ctx context.Context, scope, carried, name string, o ...trace.SpanStartOption) (context.Context, trace.Span) {
	ctx = Continue(ctx, carried)
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx, trace.SpanFromContext(context.Background())
	}
	return otel.Tracer(scope).Start(ctx, name, o...)
}

package bus

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

const scope = "github.com/tandem-badges/tandem/services/kit/bus"

// Context returns a context in which the trace goes on that led to the event,
// however long ago. Log lines written with it carry its trace id.
func (e Event) Context(ctx context.Context) context.Context {
	return telemetry.Continue(ctx, e.TraceParent)
}

// Consume begins the span of handling an event; whoever calls it ends it. Where the
// event is published was another span of the same trace.
func (e Event) Consume(ctx context.Context, what, consumer string) (context.Context, trace.Span) {
	return otel.Tracer(scope).Start(e.Context(ctx), what+" "+e.Type, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(append(e.attributes("process"), attribute.String("messaging.consumer.group.name", consumer))...))
}

// produce begins the span of publishing an event whose trace is recorded, and has
// the event carry it on. What is not recorded travels as it is.
func (e Event) produce(ctx context.Context) (Event, trace.Span) {
	ctx, span := telemetry.Resume(ctx, scope, e.TraceParent, "publish "+e.Type,
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(e.attributes("send")...))
	if span.IsRecording() {
		e.TraceParent = telemetry.Carry(ctx)
	}
	return e, span
}

// attributes name the event by its id, and its stream instead of the subject, in
// which the district stands.
func (e Event) attributes(operation string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "nats"),
		attribute.String("messaging.destination.name", StreamName(e.Service())),
		attribute.String("messaging.operation.type", operation),
		attribute.String("messaging.message.id", e.ID),
	}
}

// endAll ends the spans of events that were published together.
func endAll(spans []trace.Span, errs []error) {
	for i, span := range spans {
		if errs[i] != nil {
			span.SetStatus(codes.Error, "not stored")
		}
		span.End()
	}
}

package webhook

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

const scope = "github.com/tandem-badges/tandem/gateway/internal/webhook"

// consume begins a span for each event whose trace is recorded: here the trace of a
// request ends that no webhook follows. Events are kept together, so the work is
// below the first of them.
func consume(ctx context.Context, events []bus.Event) (work context.Context, end func()) {
	work = ctx
	var spans []trace.Span
	for _, ev := range events {
		if !trace.SpanContextFromContext(ev.Context(ctx)).IsSampled() {
			continue
		}
		below, span := ev.Consume(ctx, "follow", "webhooks")
		if len(spans) == 0 {
			work = below
		}
		spans = append(spans, span)
	}
	return work, func() {
		for _, span := range spans {
			span.End()
		}
	}
}

// begin begins the span of one try, in the trace of the request behind the event.
// It is for us alone: the address and what it is sent, headers too, know no trace.
func (d Delivery) begin(ctx context.Context) (context.Context, trace.Span) {
	return telemetry.Resume(ctx, scope, d.TraceParent, "send "+d.EventType, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("messaging.message.id", d.Event), attribute.Int("tandem.attempt", d.Attempts)))
}

// tell has the span of a try say what came of it.
func (o outcome) tell(span trace.Span) {
	if o.status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", o.status))
	}
	if o.words != "" {
		span.SetStatus(codes.Error, "not taken")
	}
}

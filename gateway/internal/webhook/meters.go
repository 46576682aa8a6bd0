package webhook

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/measure"
)

// What came of a try, as metrics call it.
const (
	resultDelivered = "delivered"
	resultAgain     = "again" // it will be tried again
	resultFailed    = "failed"
)

// NewResults returns what counts tries.
func NewResults() *measure.Counter {
	return measure.NewCounter("tandem.webhook.deliveries", "Tries to send a webhook, by what came of them.",
		"result", []string{resultDelivered, resultAgain, resultFailed})
}

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

package operations

import (
	"bytes"
	"context"
	"errors"
	"path"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

const scope = "github.com/tandem-badges/tandem/services/kit/operations"

// begin begins the span of one run in the trace of the call that started the
// operation. What the work calls and publishes is below it; its statements are not,
// since a mailing has millions: package sqldb makes spans below one that is
// recording, and the context returned only names the run's.
func (p pending) begin(ctx context.Context) (context.Context, trace.Span) {
	ctx, span := telemetry.Resume(ctx, scope, p.traceparent, "work "+p.kind, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.String("tandem.operation.id", path.Base(p.op.Name)), attribute.Int("tandem.attempt", p.op.Attempt)))
	if !span.IsRecording() {
		return ctx, span
	}
	return trace.ContextWithSpanContext(ctx, span.SpanContext()), span
}

// end ends the span of a run. One that only found that it has to wait, as a
// mailing does each second while its server is away, is dropped: a span that does
// not end is not sent.
func (w *Worker) end(ctx context.Context, span trace.Span, p pending, err error) {
	switch {
	case !span.IsRecording():
		return
	case errors.Is(err, ErrLater):
		if r, failed := load(ctx, w.db, p.op.Name); failed == nil && bytes.Equal(r.metadata, p.metadata) {
			return
		}
	case err != nil && ctx.Err() == nil:
		span.SetStatus(codes.Error, "not done")
	}
	span.End()
}

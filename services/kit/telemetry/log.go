package telemetry

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// NewLogger returns a logger that writes JSON lines, with the ids of the
// context in each.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(NewHandler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})))
}

// NewHandler adds trace_id, span_id and request_id of the context to every
// record of another handler.
func NewHandler(next slog.Handler) slog.Handler {
	return &contextHandler{next: next}
}

type contextHandler struct {
	next slog.Handler
}

// Enabled asks the handler below.
func (h *contextHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle adds the ids and hands the record down, with its time in UTC: lines of
// machines in several zones sort as they were written.
func (h *contextHandler) Handle(ctx context.Context, record slog.Record) error {
	record.Time = record.Time.UTC()
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()),
		)
	}
	if id := requestid.From(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.next.Handle(ctx, record)
}

// WithAttrs keeps adding the ids.
func (h *contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &contextHandler{next: h.next.WithAttrs(attrs)}
}

// WithGroup keeps adding the ids, inside the group.
func (h *contextHandler) WithGroup(name string) slog.Handler {
	return &contextHandler{next: h.next.WithGroup(name)}
}

package edge

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/measure"
)

const scope = "github.com/tandem-badges/tandem/gateway"

// tracing makes a span and a measurement of each request. The usual library for
// it writes the path and the caller's address into both, which must not be.
type tracing struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	inFlight *measure.Level
}

func newTracing() *tracing {
	duration, err := otel.Meter(scope).Float64Histogram("http.server.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(measure.Seconds...))
	if err != nil { // a name that the SDK refuses, which this is not
		duration, _ = noop.Meter{}.Float64Histogram("")
	}
	return &tracing{
		tracer: otel.Tracer(scope), duration: duration,
		inFlight: measure.NewLevel("tandem.http.in.flight", "Requests that the gateway is answering."),
	}
}

// begin starts the span, as a child of the caller's where they sent one; the
// returned function ends it.
func (t *tracing) begin(ctx context.Context, r *http.Request) (context.Context, func(route string, status int)) {
	start := time.Now()
	t.inFlight.Add(ctx, 1)
	ctx = otel.GetTextMapPropagator().Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, known(r.Method), trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(route string, status int) {
		t.inFlight.Add(ctx, -1)
		attrs := []attribute.KeyValue{
			attribute.String("http.request.method", known(r.Method)),
			attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status),
		}
		span.SetName(known(r.Method) + " " + route)
		span.SetAttributes(attrs...)
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
		t.duration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(attrs...))
	}
}

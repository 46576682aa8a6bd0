package status

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

// meter returns what takes down how long a change waited until a signed list said it.
func meter() func(ctx context.Context, d time.Duration) {
	h, err := otel.Meter("tandem/badges/status").Float64Histogram("tandem.status.publish.latency",
		metric.WithUnit("s"), metric.WithDescription("Time from the change of a credential's status to the signed list that says it."),
		metric.WithExplicitBucketBoundaries(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300))
	if err != nil {
		return func(context.Context, time.Duration) {}
	}
	return func(ctx context.Context, d time.Duration) { h.Record(ctx, d.Seconds()) }
}

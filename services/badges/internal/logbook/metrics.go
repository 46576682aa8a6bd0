package logbook

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

// metrics tell how the log does: how long it is, what waits and since when, and whether it stopped.
type metrics struct{ halted atomic.Int64 }

func newMetrics(store Store) (*metrics, error) {
	m := &metrics{}
	meter := otel.Meter("github.com/tandem-badges/tandem/services/badges/logbook")
	size, err := meter.Int64ObservableGauge("tandem.log.size", metric.WithDescription("Entries of the public log that are published."))
	if err != nil {
		return nil, err
	}
	waiting, err := meter.Int64ObservableGauge("tandem.log.waiting", metric.WithDescription("Entries that wait to be entered in the public log."))
	if err != nil {
		return nil, err
	}
	lag, err := meter.Float64ObservableGauge("tandem.log.lag", metric.WithUnit("s"), metric.WithDescription("How long the oldest entry waits for the public log."))
	if err != nil {
		return nil, err
	}
	halted, err := meter.Int64ObservableGauge("tandem.log.halted", metric.WithDescription("1 when the public log stands still because its past was changed."))
	if err != nil {
		return nil, err
	}
	_, err = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		o.ObserveInt64(halted, m.halted.Load())
		head, err := store.Head(ctx)
		if err != nil {
			return err
		}
		o.ObserveInt64(size, head.Published)
		n, since, err := store.Backlog(ctx)
		if err != nil {
			return err
		}
		o.ObserveInt64(waiting, n)
		waited := 0.0
		if n > 0 {
			waited = time.Since(since).Seconds()
		}
		o.ObserveFloat64(lag, waited)
		return nil
	}, size, waiting, lag, halted)
	return m, err
}

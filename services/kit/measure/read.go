package measure

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// Reading is a metric whose value is looked up when somebody asks for metrics.
type Reading struct {
	Name, Description string
	Unit              string // s, By, or none
	Total             bool   // it only ever grows: a counter
}

// Tell says a value of one of the readings.
type Tell func(r Reading, value float64, labels ...attribute.KeyValue)

// Read has look tell the values of readings whenever somebody asks, until stop is
// called. What it does not tell is not there. It must be quick: whoever asks waits.
func Read(readings []Reading, look func(ctx context.Context, tell Tell)) (stop func()) {
	meter := otel.Meter(scope)
	instruments := make(map[string]metric.Float64Observable, len(readings))
	all := make([]metric.Observable, 0, len(readings))
	for _, r := range readings {
		instruments[r.Name] = observable(meter, r)
		all = append(all, instruments[r.Name])
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		look(ctx, func(r Reading, value float64, labels ...attribute.KeyValue) {
			o.ObserveFloat64(instruments[r.Name], value, metric.WithAttributes(labels...))
		})
		return nil
	}, all...)
	if err != nil {
		otel.Handle(err)
		return func() {}
	}
	return func() { _ = registration.Unregister() } // which never fails
}

func observable(meter metric.Meter, r Reading) metric.Float64Observable {
	if r.Total {
		counter, err := meter.Float64ObservableCounter(r.Name, metric.WithDescription(r.Description), metric.WithUnit(r.Unit))
		return made[metric.Float64Observable](counter, err, noop.Float64ObservableCounter{})
	}
	gauge, err := meter.Float64ObservableGauge(r.Name, metric.WithDescription(r.Description), metric.WithUnit(r.Unit))
	return made[metric.Float64Observable](gauge, err, noop.Float64ObservableGauge{})
}

// Package measure makes the metrics of the kit and the services, so that all of
// them look alike: names begin with tandem., labels are few and bounded, and what
// can be counted is told as 0 before it happened for the first time, since an
// alert cannot tell silence from a metric that is not there.
//
// Instruments belong to OpenTelemetry's global provider, which package telemetry
// sets up; without it they cost nothing and tell nobody. Make them when a part is
// made, not when its package is loaded.
//
// Neighbours: package counted tells what has to be asked of a database;
// docs/metrics.md lists every name, and a test holds it equal to what is exposed.
// Nothing personal, and no name of a district, is ever a label.
package measure

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

const scope = "github.com/tandem-badges/tandem"

// Seconds are buckets for work that takes from a millisecond to half a minute.
// Goals are set at 0.5 s and 1 s, so these are bounds.
var Seconds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Label is a label with its value.
func Label(name, value string) attribute.KeyValue { return attribute.String(name, value) }

// made returns the instrument, or one without effect for a name that is refused,
// which is reported as all trouble with telemetry is.
func made[I any](instrument I, err error, none I) I {
	if err != nil {
		otel.Handle(err)
		return none
	}
	return instrument
}

// Counter counts what happens, by a label whose values are known beforehand. A nil
// one counts nothing.
type Counter struct {
	add  metric.Int64Counter
	with map[string]metric.MeasurementOption
}

// NewCounter returns a counter of one series for each value of the label, or of
// one alone when label is empty, each with the other labels given.
func NewCounter(name, description, label string, values []string, others ...attribute.KeyValue) *Counter {
	add, err := otel.Meter(scope).Int64Counter(name, metric.WithDescription(description))
	c := &Counter{add: made[metric.Int64Counter](add, err, noop.Int64Counter{}), with: map[string]metric.MeasurementOption{}}
	if label == "" {
		values = []string{""}
	}
	for _, value := range values {
		labels := append([]attribute.KeyValue{}, others...)
		if label != "" {
			labels = append(labels, Label(label, value))
		}
		c.with[value] = metric.WithAttributeSet(attribute.NewSet(labels...))
		c.add.Add(context.Background(), 0, c.with[value])
	}
	return c
}

// Add counts n for a value of the label, "" where there is none. A value that was
// not announced is not counted: labels stay bounded.
func (c *Counter) Add(ctx context.Context, value string, n int64) {
	if c == nil {
		return
	}
	if with, known := c.with[value]; known {
		c.add.Add(ctx, n, with)
	}
}

// Duration measures how long work takes. Where the work's span is recorded, its
// trace id goes along as an exemplar.
type Duration struct {
	record metric.Float64Histogram
	with   metric.MeasurementOption
}

// NewDuration returns a histogram in seconds; nil buckets are Seconds.
func NewDuration(name, description string, buckets []float64, labels ...attribute.KeyValue) *Duration {
	if buckets == nil {
		buckets = Seconds
	}
	record, err := otel.Meter(scope).Float64Histogram(name, metric.WithDescription(description),
		metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(buckets...))
	return &Duration{
		record: made[metric.Float64Histogram](record, err, noop.Float64Histogram{}),
		with:   metric.WithAttributeSet(attribute.NewSet(labels...)),
	}
}

// Since records the time from start until now.
func (d *Duration) Since(ctx context.Context, start time.Time) {
	d.record.Record(ctx, time.Since(start).Seconds(), d.with)
}

// Level tells how much there is now of what comes and goes.
type Level struct {
	add  metric.Int64UpDownCounter
	with metric.MeasurementOption
}

// NewLevel returns a level of 0.
func NewLevel(name, description string, labels ...attribute.KeyValue) *Level {
	add, err := otel.Meter(scope).Int64UpDownCounter(name, metric.WithDescription(description))
	l := &Level{
		add:  made[metric.Int64UpDownCounter](add, err, noop.Int64UpDownCounter{}),
		with: metric.WithAttributeSet(attribute.NewSet(labels...)),
	}
	l.Add(context.Background(), 0)
	return l
}

// Add moves the level.
func (l *Level) Add(ctx context.Context, n int64) { l.add.Add(ctx, n, l.with) }

// Switch tells whether something is on: 1, or 0.
type Switch struct {
	set  metric.Int64Gauge
	with metric.MeasurementOption
}

// NewSwitch returns a switch that is off.
func NewSwitch(name, description string, labels ...attribute.KeyValue) *Switch {
	set, err := otel.Meter(scope).Int64Gauge(name, metric.WithDescription(description))
	s := &Switch{
		set:  made[metric.Int64Gauge](set, err, noop.Int64Gauge{}),
		with: metric.WithAttributeSet(attribute.NewSet(labels...)),
	}
	s.Set(context.Background(), false)
	return s
}

// Set turns it on or off.
func (s *Switch) Set(ctx context.Context, on bool) {
	value := int64(0)
	if on {
		value = 1
	}
	s.set.Record(ctx, value, s.with)
}

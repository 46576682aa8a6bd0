package kittest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Spans records all spans of the process until the test ends. Tests that use it do
// not run beside others.
func Spans(t testing.TB) *tracetest.SpanRecorder {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	before, propagator := otel.GetTracerProvider(), otel.GetTextMapPropagator()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTracerProvider(before); otel.SetTextMapPropagator(propagator) })
	return recorder
}

// Metrics collects the metrics of instruments that are made from now on. The
// function it returns reads them as Prometheus would: by name and sorted labels,
// such as tandem_lease_held{lease="a",schema="b"}; of a histogram, NAME_count and NAME_sum.
func Metrics(t testing.TB) func() map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	reader, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	require.NoError(t, err)
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	return func() map[string]float64 {
		families, err := registry.Gather()
		require.NoError(t, err)
		values := map[string]float64{}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				note(values, family.GetName(), m)
			}
		}
		return values
	}
}

func note(values map[string]float64, name string, m *dto.Metric) {
	labels := make([]string, 0, len(m.GetLabel()))
	for _, l := range m.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	slices.Sort(labels)
	series := ""
	if len(labels) > 0 {
		series = "{" + strings.Join(labels, ",") + "}"
	}
	if h := m.GetHistogram(); h != nil {
		values[name+"_count"+series] = float64(h.GetSampleCount())
		values[name+"_sum"+series] = h.GetSampleSum()
		return
	}
	values[name+series] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
}

// Package telemetry sets up traces, metrics and logs for a process.
//
// Metrics are always there, for Prometheus to read from the operator's port.
// Spans leave the process only when an OTLP endpoint is given; without one
// calls still get trace ids, so that log lines of one call can be joined.
// Loggers made here add trace, span and request id of the context by
// themselves. Personal data belongs in none of the three: messages are
// constant, fields are ids, codes and counts.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Options of Setup.
type Options struct {
	Service string // service.name of everything the process reports
	Version string // service.version
	// OTLPEndpoint is the URL of a collector's gRPC receiver, for instance
	// http://collector:4317. Empty: spans stay here.
	OTLPEndpoint string
}

// Telemetry is what Setup made.
type Telemetry struct {
	MetricsHandler http.Handler
	// Registry takes metrics that do not come through OpenTelemetry.
	Registry *prometheus.Registry
	shutdown []func(context.Context) error
}

// Setup makes the process report, through OpenTelemetry's global providers,
// which libraries use. Call it once, from main.
func Setup(ctx context.Context, opts Options) (*Telemetry, error) {
	res := resource.NewSchemaless(
		attribute.String("service.name", opts.Service),
		attribute.String("service.version", opts.Version),
	)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	meters := metric.NewMeterProvider(metric.WithResource(res), metric.WithReader(reader))
	tracers, err := newTracers(ctx, opts.OTLPEndpoint, res)
	if err != nil {
		return nil, err
	}
	otel.SetMeterProvider(meters)
	otel.SetTracerProvider(tracers)
	otel.SetTextMapPropagator(Propagator())
	return &Telemetry{
		MetricsHandler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Registry:       registry,
		shutdown:       []func(context.Context) error{tracers.Shutdown, meters.Shutdown},
	}, nil
}

// Propagator carries trace context in W3C form, in calls and in events.
func Propagator() propagation.TextMapPropagator {
	return propagation.TraceContext{}
}

// Shutdown sends what is not sent yet.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, stop := range t.shutdown {
		errs = append(errs, stop(ctx))
	}
	return errors.Join(errs...)
}

func newTracers(ctx context.Context, endpoint string, res *resource.Resource) (*sdktrace.TracerProvider, error) {
	if endpoint == "" {
		return sdktrace.NewTracerProvider(
			sdktrace.WithResource(res),
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())),
		), nil
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(endpoint))
	if err != nil {
		return nil, fmt.Errorf("set up traces: %w", err)
	}
	return sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithBatcher(exporter)), nil
}

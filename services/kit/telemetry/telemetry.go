// Package telemetry sets up traces, metrics and logs for a process.
//
// Metrics are always there, for Prometheus to read from the operator's port, with
// trace ids as exemplars where it asks for OpenMetrics (package measure makes
// them). Spans leave the process only when an OTLP endpoint is given; without one
// calls still get trace ids, so that log lines of one call can be joined. A
// collector that is away costs nothing but its spans. Loggers made here add trace,
// span and request id of the context by themselves. Personal data belongs in none of
// the three: messages are constant, fields are ids, codes and counts.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

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

	"github.com/tandem-badges/tandem/services/kit/measure"
)

// lastCall is how long a stopping process waits for its collector.
const lastCall = 3 * time.Second

// Options of Setup.
type Options struct {
	Service string // service.name of everything the process reports
	Version string // service.version
	// OTLPEndpoint is the URL of a collector's gRPC receiver, for instance
	// http://collector:4317. Empty: spans stay here.
	OTLPEndpoint string
	// TraceRatio is the share, 0 to 1, of the traces beginning here that are
	// recorded. One that began elsewhere is recorded where its beginning says so.
	TraceRatio float64
	Log        *slog.Logger // is told what goes wrong with telemetry; nil means silence
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
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	otel.SetErrorHandler(newTrouble(opts.Log))
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
	meters := metric.NewMeterProvider(metric.WithResource(res), metric.WithReader(reader), metric.WithView(withoutAddresses()))
	tracers, err := newTracers(ctx, opts, res)
	if err != nil {
		return nil, err
	}
	otel.SetMeterProvider(meters)
	otel.SetTracerProvider(tracers)
	otel.SetTextMapPropagator(Propagator())
	measure.NewSwitch("tandem.build.info", "1, with the version of the program.", measure.Label("version", opts.Version)).Set(ctx, true)
	return &Telemetry{
		MetricsHandler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		Registry:       registry,
		shutdown:       []func(context.Context) error{lastSpans(tracers), meters.Shutdown},
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

// withoutAddresses keeps the address of the replica that was called out of the
// metrics of calls: replicas come and go, and each would leave its series behind.
func withoutAddresses() metric.View {
	return metric.NewView(metric.Instrument{Name: "rpc.client.*"}, metric.Stream{
		AttributeFilter: attribute.NewDenyKeysFilter("server.address", "server.port"),
	})
}

// newTracers makes who makes spans. Without a collector none is recorded, whatever
// a caller asks for: nobody would read it.
func newTracers(ctx context.Context, opts Options, res *resource.Resource) (*sdktrace.TracerProvider, error) {
	if opts.OTLPEndpoint == "" {
		return sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithSampler(sdktrace.NeverSample())), nil
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(opts.OTLPEndpoint))
	if err != nil {
		return nil, fmt.Errorf("set up traces: %w", err)
	}
	sampler := sdktrace.ParentBased(sdktrace.TraceIDRatioBased(opts.TraceRatio))
	return sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithSampler(sampler), sdktrace.WithBatcher(exporter)), nil
}

// lastSpans sends what is not sent yet. A collector that is away does not keep the
// process from stopping, nor make its stop a failure.
func lastSpans(tracers *sdktrace.TracerProvider) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, lastCall)
		defer cancel()
		if err := tracers.Shutdown(ctx); err != nil {
			otel.Handle(fmt.Errorf("last spans: %w", err))
		}
		return nil
	}
}

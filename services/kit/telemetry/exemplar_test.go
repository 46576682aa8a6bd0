package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

// locked is a buffer that several may write to.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// nobody is an address where no collector is.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return "http://" + listener.Addr().String()
}

func scrape(tel *telemetry.Telemetry, accept string) string {
	request, answer := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
	request.Header.Set("Accept", accept)
	tel.MetricsHandler.ServeHTTP(answer, request)
	return answer.Body.String()
}

func TestHistogramsLeadToTheTracesOfRecordedCalls(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "tandem", Version: "1.2.3", OTLPEndpoint: nobody(t), TraceRatio: 1})
	calls := measure.NewDuration("tandem.test.calls", "Calls.", nil)
	calls.Since(t.Context(), time.Now())
	require.NotContains(t, scrape(tel, "application/openmetrics-text"), "trace_id", "a call without a trace leads nowhere")

	ctx, span := otel.Tracer("test").Start(t.Context(), "call")
	calls.Since(ctx, time.Now())
	span.End()
	text := scrape(tel, "application/openmetrics-text; version=1.0.0")
	require.Regexp(t, `tandem_test_calls_seconds_bucket\{le="0.001"\} 2 # \{[^}]*trace_id="`+span.SpanContext().TraceID().String()+`"`, text)
	require.NotContains(t, scrape(tel, "text/plain"), "trace_id")
	require.Contains(t, text, `tandem_build_info{version="1.2.3"} 1`)
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestTheShareOfTracesThatBeginHereIsRecorded(t *testing.T) {
	sampled := func(ratio float64, traceparent string) bool {
		tel := setup(t, telemetry.Options{Service: "tandem", OTLPEndpoint: nobody(t), TraceRatio: ratio})
		defer func() { require.NoError(t, tel.Shutdown(context.Background())) }()
		ctx := telemetry.Propagator().Extract(t.Context(), propagation.MapCarrier{"traceparent": traceparent})
		_, span := otel.Tracer("test").Start(ctx, "call")
		return trace.SpanContextFromContext(trace.ContextWithSpan(ctx, span)).IsSampled()
	}
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"
	require.True(t, sampled(1, ""))
	require.False(t, sampled(0, ""))
	require.True(t, sampled(0, parent+"01"), "the caller's decision wins")
	require.False(t, sampled(1, parent+"00"), "both ways")
}

func TestWithoutACollectorNobodyCanHaveSpansRecorded(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "tandem", TraceRatio: 1})
	ctx := telemetry.Propagator().Extract(t.Context(), propagation.MapCarrier{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
	_, span := otel.Tracer("test").Start(ctx, "call")
	require.False(t, span.IsRecording())
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", span.SpanContext().TraceID().String(), "log lines are joined all the same")
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestACollectorThatIsAwayStopsNothingAndIsToldOnce(t *testing.T) {
	out := &locked{}
	tel := setup(t, telemetry.Options{
		Service: "tandem", OTLPEndpoint: nobody(t), TraceRatio: 1, Log: slog.New(slog.NewJSONHandler(out, nil)),
	})
	for range 5000 { // more than are kept for it
		_, span := otel.Tracer("test").Start(t.Context(), "call")
		span.End()
	}
	otel.Handle(context.DeadlineExceeded)
	otel.Handle(context.DeadlineExceeded)
	require.NoError(t, tel.Shutdown(context.Background()), "the stop is no failure")
	require.Contains(t, scrape(tel, "text/plain"), "go_goroutines", "metrics go on")
	require.Equal(t, 1, strings.Count(out.String(), `"error":"context deadline exceeded"`), out.String())
	require.Contains(t, out.String(), "last spans")
}

func TestCallsAreNotMeasuredByTheReplicaThatWasCalled(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "tandem"})
	calls, err := otel.Meter("test").Float64Histogram("rpc.client.call.duration", metric.WithUnit("s"))
	require.NoError(t, err)
	calls.Record(t.Context(), 1, metric.WithAttributes(attribute.String("rpc.method", "m"), attribute.String("server.address", "10.1.2.3"), attribute.Int("server.port", 9000)))
	text := scrape(tel, "text/plain")
	require.Contains(t, text, `rpc_client_call_duration_seconds_count{rpc_method="m"} 1`)
	require.NotContains(t, text, "10.1.2.3")
	require.NoError(t, tel.Shutdown(context.Background()))
}

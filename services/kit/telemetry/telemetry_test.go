package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

func setup(t *testing.T, opts telemetry.Options) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.Setup(context.Background(), opts)
	require.NoError(t, err)
	return tel
}

func TestMetricsAreServedForPrometheus(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "tandem", Version: "1.2.3"})
	counter, err := otel.Meter("test").Int64Counter("badges.awarded")
	require.NoError(t, err)
	counter.Add(context.Background(), 3)

	answer := httptest.NewRecorder()
	tel.MetricsHandler.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	text := answer.Body.String()
	require.Contains(t, text, "badges_awarded_total 3")
	require.Contains(t, text, `service_name="tandem",service_version="1.2.3"`)
	require.Contains(t, text, "go_goroutines")
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestCallsHaveTraceIDsAlsoWithoutACollector(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "tandem"})
	ctx, span := otel.Tracer("test").Start(context.Background(), "call")
	defer span.End()
	require.True(t, trace.SpanContextFromContext(ctx).IsValid())
	require.False(t, span.IsRecording(), "nobody would read it")

	carrier := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, carrier)
	require.Contains(t, carrier["traceparent"], trace.SpanContextFromContext(ctx).TraceID().String())
	require.NoError(t, tel.Shutdown(context.Background()))
}

// collector counts the spans it is sent.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer
	spans atomic.Int32
}

func (c *collector) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	for _, resource := range req.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans.Add(int32(len(scope.GetSpans())))
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

func TestSpansReachTheCollectorAtShutdownAtTheLatest(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, sink := grpc.NewServer(), &collector{}
	collectorv1.RegisterTraceServiceServer(server, sink)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	tel := setup(t, telemetry.Options{Service: "tandem", OTLPEndpoint: "http://" + listener.Addr().String(), TraceRatio: 1})
	_, span := otel.Tracer("test").Start(context.Background(), "call")
	span.End()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, tel.Shutdown(ctx))
	require.EqualValues(t, 1, sink.spans.Load())
}

func TestLogLinesCarryTheIDsOfTheirContext(t *testing.T) {
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx := telemetry.Propagator().Extract(context.Background(), propagation.MapCarrier{"traceparent": parent})
	ctx = requestid.With(ctx, "r1")

	line := logged(t, func(log *slog.Logger) { log.With("part", "relay").InfoContext(ctx, "sent", "count", 2) })
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", line["trace_id"])
	require.Equal(t, "00f067aa0ba902b7", line["span_id"])
	require.Equal(t, "r1", line["request_id"])
	require.Equal(t, "relay", line["part"])
	require.EqualValues(t, 2, line["count"])
}

func TestLogLinesWithoutContextHaveNoIDs(t *testing.T) {
	line := logged(t, func(log *slog.Logger) { log.Info("started") })
	require.NotContains(t, line, "trace_id")
	require.NotContains(t, line, "request_id")
}

func TestGroupsKeepTheIDs(t *testing.T) {
	ctx := requestid.With(context.Background(), "r1")
	line := logged(t, func(log *slog.Logger) { log.WithGroup("g").InfoContext(ctx, "sent") })
	require.Equal(t, map[string]any{"request_id": "r1"}, line["g"])
}

func TestTimesAreInUTC(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo)
	denver := time.Date(2026, 9, 1, 8, 0, 0, 0, time.FixedZone("MDT", -6*3600))
	require.NoError(t, log.Handler().Handle(t.Context(), slog.NewRecord(denver, slog.LevelInfo, "started", 0)))
	require.Contains(t, out.String(), `"time":"2026-09-01T14:00:00Z"`)
}

// Nobody writes a line of their own into the log by sending one.
func TestWhatIsLoggedStaysInItsLine(t *testing.T) {
	sent := "a\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\r\x1b[2J\u2028"
	var out bytes.Buffer
	telemetry.NewLogger(&out, slog.LevelInfo).Info(sent, sent, sent)
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\r")
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, sent, line["msg"])
	require.Equal(t, sent, line[sent])
}

func TestLinesBelowTheLevelAreNotWritten(t *testing.T) {
	log := telemetry.NewLogger(io.Discard, slog.LevelWarn)
	require.False(t, log.Enabled(context.Background(), slog.LevelInfo))
	require.True(t, log.Enabled(context.Background(), slog.LevelWarn))
}

func logged(t *testing.T, write func(*slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	write(telemetry.NewLogger(&out, slog.LevelInfo))
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	return line
}

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// recorded is a span with the process that made it.
type recorded struct {
	*tracev1.Span
	service string
}

// spans is a collector in memory.
type spans struct {
	collectorv1.UnimplementedTraceServiceServer
	mu  sync.Mutex
	all []recorded
}

func (s *spans) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, from := range req.GetResourceSpans() {
		service := ""
		for _, a := range from.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range from.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.all = append(s.all, recorded{Span: span, service: service})
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

func startSpans(t *testing.T) (*spans, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, s := grpc.NewServer(), &spans{}
	collectorv1.RegisterTraceServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s, "http://" + listener.Addr().String()
}

// trace is all spans of one trace, by the id of their parent.
type trace struct {
	root     recorded
	below    map[string][]recorded
	services map[string]bool
	kinds    map[string]int
}

// beginningWith are the traces that begin with a span of this name.
func (s *spans) beginningWith(name string) (found []trace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	byTrace := map[string][]recorded{}
	for _, span := range s.all {
		byTrace[string(span.GetTraceId())] = append(byTrace[string(span.GetTraceId())], span)
	}
	for _, span := range s.all {
		if span.GetName() == name && len(span.GetParentSpanId()) == 0 {
			found = append(found, newTrace(span, byTrace[string(span.GetTraceId())]))
		}
	}
	return found
}

func newTrace(root recorded, all []recorded) trace {
	tr := trace{root: root, below: map[string][]recorded{}, services: map[string]bool{}, kinds: map[string]int{}}
	for _, span := range all {
		tr.below[string(span.GetParentSpanId())] = append(tr.below[string(span.GetParentSpanId())], span)
		tr.services[span.service] = true
		tr.kinds[kindOf(span)]++
	}
	return tr
}

// kindOf is what part of the way a span shows.
func kindOf(s recorded) string {
	attrs := map[string]bool{}
	for _, a := range s.GetAttributes() {
		attrs[a.GetKey()] = true
	}
	switch {
	case attrs["http.route"]:
		return "http"
	case attrs["db.query.text"]:
		return "sql"
	case attrs["rpc.method"]:
		return "grpc " + strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_"))
	case attrs["messaging.message.id"]:
		return strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_"))
	default:
		return "other"
	}
}

// connected tells whether the collector has the parent of every span.
func (tr trace) connected() bool {
	known := map[string]bool{"": true}
	for _, children := range tr.below {
		for _, s := range children {
			known[string(s.GetSpanId())] = true
		}
	}
	for parent := range tr.below {
		if !known[parent] {
			return false
		}
	}
	return len(tr.below[""]) == 1
}

// whole tells whether the trace has all of a way from REST to a consumer that the
// event reached in another process.
func (tr trace) whole(consumer string) bool {
	for _, kind := range []string{"http", "grpc client", "grpc server", "sql", "producer", "consumer"} {
		if tr.kinds[kind] == 0 {
			return false
		}
	}
	for _, children := range tr.below {
		for _, s := range children {
			if strings.HasPrefix(s.GetName(), consumer) && len(tr.below[string(s.GetSpanId())]) > 0 {
				return true
			}
		}
	}
	return false
}

// way is how a trace is known: how it begins, how its consumer or its work is called, and
// what stands for it on the page, "" for nothing.
type way struct{ page, root, consumer string }

// Whether a publication asks who calls depends on what the gateway remembers, so that it is
// not on the page.
var ways = []way{
	{"survey", "POST /v1/responses:submit", "follow tandem.assessments.v1.ResponseCounted"},
	{"award", "POST /v1/{name=districts/*/schools/*/applications/*/decisions/*}:approve", "apply tandem.badges.v1.BadgeAwarded"},
	{"", "POST /v1/{name=districts/*/campaigns/*}:publish", "work tandem.assessments.v1.PublishProgress"},
}

func TestAnAnswerAnAwardAndAPublicationAreOneTraceEach(t *testing.T) {
	t.Run("in one process", func(t *testing.T) {
		collector, endpoint := startSpans(t)
		i := newInstance(t, "TANDEM_OTLP_ENDPOINT="+endpoint)
		i.serve()
		traced(t, i, collector)
	})
	t.Run("in a process each", func(t *testing.T) {
		collector, endpoint := startSpans(t)
		i := newInstance(t, "TANDEM_OTLP_ENDPOINT="+endpoint, "TANDEM_DB="+kittest.Postgres(t), "TANDEM_NATS="+natsServer(t))
		i.serveApart()
		traced(t, i, collector)
		for _, w := range ways {
			tr, _ := collector.find(w)
			require.Greater(t, len(tr.services), 1, "%v", tr.services)
			if w.page != "" {
				onThePage(t, collector, w)
			}
		}
	})
}

// traced plays a year and requires that each of the ways is one trace.
func traced(t *testing.T, i *instance, collector *spans) {
	t.Helper()
	_, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	for _, w := range ways {
		await(t, "the whole trace of "+w.root, func() bool {
			_, ok := collector.find(w)
			return ok
		})
	}
}

// find is the first trace of a way that is whole: of answers that were stored together,
// the first has the statements.
func (s *spans) find(w way) (trace, bool) {
	all := s.beginningWith(w.root)
	first := slices.IndexFunc(all, func(tr trace) bool { return tr.whole(w.consumer) && tr.connected() })
	if first < 0 {
		return trace{}, false
	}
	return all[first], true
}

func TestExemplarsOfAnInstanceLeadToItsTraces(t *testing.T) {
	collector, endpoint := startSpans(t)
	i := newInstance(t, "TANDEM_OTLP_ENDPOINT="+endpoint)
	i.serve()
	fetch(t, i.url+"/")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.ops+"/metrics", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var text bytes.Buffer
	_, err = text.ReadFrom(resp.Body)
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^http_server_request_duration_seconds_bucket\{.*# \{.*trace_id="([0-9a-f]{32})"`).FindStringSubmatch(text.String())
	require.NotNil(t, found, text.String())
	await(t, "the trace to arrive", func() bool {
		collector.mu.Lock()
		defer collector.mu.Unlock()
		return slices.ContainsFunc(collector.all, func(s recorded) bool { return fmt.Sprintf("%x", s.GetTraceId()) == found[1] })
	})
}

// A process whose collector is away serves, and stops in time.
func TestACollectorThatIsAwayHoldsNothingUp(t *testing.T) {
	i := newInstance(t, "TANDEM_OTLP_ENDPOINT=http://"+freeAddress(t))
	p := i.serve()
	for range 20 {
		fetch(t, i.url+"/")
	}
	require.Zero(t, p.stop(syscall.SIGTERM))
}

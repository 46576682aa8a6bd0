package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

var update = flag.Bool("update", false, "write what was recorded into docs/tracing.md")

const tracingPage = "../../../docs/tracing.md"

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

// connected requires that every span has its parent in the trace.
func (tr trace) connected(t *testing.T) {
	t.Helper()
	known := map[string]bool{"": true}
	for _, children := range tr.below {
		for _, s := range children {
			known[string(s.GetSpanId())] = true
		}
	}
	for parent, children := range tr.below {
		require.True(t, known[parent], "the parent of %q is missing", children[0].GetName())
	}
	require.Len(t, tr.below[""], 1, "one root")
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

// The ways that are shown: how each begins, how its consumer is called and what stands
// for it on the page.
var ways = []struct{ title, root, consumer string }{
	{"survey", "POST /v1/responses:submit", "follow tandem.assessments.v1.ResponseCounted"},
	{"award", "POST /v1/{name=districts/*/schools/*/applications/*/decisions/*}:approve", "apply tandem.badges.v1.BadgeAwarded"},
}

func TestAnAnswerAndAnAwardAreOneTraceEach(t *testing.T) {
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
		for title, tr := range traced(t, i, collector) {
			require.Greater(t, len(tr.services), 1, "%v", tr.services)
			onThePage(t, title, tr)
		}
	})
}

// traced plays a year and returns the traces of the ways.
func traced(t *testing.T, i *instance, collector *spans) map[string]trace {
	t.Helper()
	_, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	found := map[string]trace{}
	for _, way := range ways {
		await(t, "the trace of "+way.root, func() bool {
			// Of answers that were stored together, the first has the statements in its trace.
			all := collector.beginningWith(way.root)
			first := slices.IndexFunc(all, func(tr trace) bool { return tr.whole(way.consumer) })
			if first >= 0 {
				found[way.title] = all[first]
			}
			return first >= 0
		})
		found[way.title].connected(t)
	}
	return found
}

// onThePage holds the page to the trace, or writes it there.
func onThePage(t *testing.T, title string, tr trace) {
	t.Helper()
	page, err := os.ReadFile(tracingPage)
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)(<!-- " + title + " -->\n```text\n)(.*?)(```\n)")
	match := block.FindStringSubmatch(string(page))
	require.NotNil(t, match, "docs/tracing.md has no place for %s", title)
	if *update {
		written := block.ReplaceAllString(string(page), "${1}"+strings.ReplaceAll(tr.tree(), "$", "$$")+"${3}")
		require.NoError(t, os.WriteFile(tracingPage, []byte(written), 0o600))
		return
	}
	require.Equal(t, namesIn(tr.tree()), namesIn(match[2]), "the spans on the page are not those recorded: run this test with -update")
}

// spanLine is a line of a tree: its name stands between the branches and the times.
var spanLine = regexp.MustCompile(`(?m)^ *(\S.*?)(?: ×\d+)?  +(\S+)  +\d+ ms`)

// namesIn are the spans of a tree. What the gateway asks its database when it follows
// several events at once is in the trace of one of them, and left out here.
func namesIn(tree string) []string {
	names := map[string]bool{}
	for _, line := range spanLine.FindAllStringSubmatch(tree, -1) {
		if line[2] != "tandem-gateway" || strings.Contains(line[1], "tandem.") || strings.Contains(line[1], "/") {
			names[line[1]+" in "+line[2]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// tree draws a trace: what is below what, where it ran, when it began and how long it took.
// Equal statements beside each other are drawn once.
func (tr trace) tree() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-88s %-20s %8s %8s\n", "span", "process", "begins", "takes")
	tr.draw(&out, tr.root, 0, 1)
	return out.String()
}

func (tr trace) draw(out *strings.Builder, s recorded, depth, times int) {
	name := strings.Repeat("  ", depth) + s.GetName()
	if times > 1 {
		name += fmt.Sprintf(" ×%d", times)
	}
	begins := time.Duration(s.GetStartTimeUnixNano() - tr.root.GetStartTimeUnixNano())
	takes := time.Duration(s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano())
	fmt.Fprintf(out, "%-88s %-20s %5d ms %5d ms\n", name, s.service, begins.Milliseconds(), takes.Milliseconds())
	children := slices.Clone(tr.below[string(s.GetSpanId())])
	slices.SortStableFunc(children, func(a, b recorded) int { return int(int64(a.GetStartTimeUnixNano() - b.GetStartTimeUnixNano())) })
	for at := 0; at < len(children); {
		next := at + 1
		for next < len(children) && tr.alike(children[at], children[next]) {
			next++
		}
		tr.draw(out, children[at], depth+1, next-at)
		at = next
	}
}

// alike tells whether two spans with nothing below them have the same name.
func (tr trace) alike(a, b recorded) bool {
	return a.GetName() == b.GetName() && len(tr.below[string(a.GetSpanId())])+len(tr.below[string(b.GetSpanId())]) == 0
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

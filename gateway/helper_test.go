package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"

	"github.com/tandem-badges/tandem/gateway"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

// Grants of the people in the tests.
var (
	stateAdmin  = access.Grant{Role: accessv1.Role_ROLE_STATE_ADMIN}
	coordinator = access.Grant{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/aspen"}
	teamLead    = access.Grant{Role: accessv1.Role_ROLE_TEAM_LEAD, Node: "districts/aspen/schools/oak"}
	neighbour   = access.Grant{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/birch"}
)

// world is a gateway with services that are fakes behind the real gRPC chain,
// served over a real connection.
type world struct {
	t      *testing.T
	url    string
	gw     *gateway.Gateway
	server *http.Server
	signer *identity.Signer
	bus    *bus.Bus
	clock  *clock.Adjustable
	log    *logBuffer

	schools  *fakeSchools
	badges   *fakeBadges
	evidence *fakeEvidence
	surveys  *fakeAssessments
	keepers  map[string]*fakeKeeper
	conns    map[string]grpc.ClientConnInterface
}

// logBuffer is a log that tests read.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start serves a gateway; change may alter what it is built from.
func start(t *testing.T, change ...func(*gateway.Deps)) *world {
	t.Helper()
	w := &world{
		t: t, signer: kittest.Signer(t), bus: kittest.NATS(t), clock: clock.NewAdjustable(), log: &logBuffer{},
		schools: newFakeSchools(), badges: &fakeBadges{shelf: shelf{taken: map[string]string{}}}, evidence: &fakeEvidence{}, surveys: &fakeAssessments{},
		conns: map[string]grpc.ClientConnInterface{}, keepers: map[string]*fakeKeeper{},
	}
	for name, register := range map[string]func(grpc.ServiceRegistrar){
		"schools": w.schools.register, "badges": w.badges.register, "evidence": w.evidence.register, "assessments": w.surveys.register,
	} {
		w.keepers[name] = &fakeKeeper{service: name}
		both := func(to grpc.ServiceRegistrar) {
			register(to)
			recordsv1.RegisterRecordKeeperServiceServer(to, w.keepers[name])
		}
		w.conns[name] = kittest.Serve(t, run.Service{Name: name, Register: both}, kittest.ServeOptions{
			Signer: w.signer, Clock: w.clock, DB: kittest.SQLite(t, name, nil), Log: slog.New(slog.DiscardHandler),
		})
	}
	deps := gateway.Deps{
		DB:    kittest.SQLite(t, "gateway", gateway.Migrations),
		Conns: w.conns, Verifier: identity.NewVerifier(w.signer.Keys()), Signer: w.signer, Bus: w.bus, Clock: w.clock,
		Log: telemetry.NewLogger(w.log, slog.LevelDebug), PublicURL: "https://badges.example.org",
	}
	for _, one := range change {
		one(&deps)
	}
	self := &lateConn{}
	w.conns["gateway"] = self
	gw, err := gateway.New(deps)
	require.NoError(t, err)
	self.ClientConnInterface = kittest.Serve(t, gw.Service, kittest.ServeOptions{Signer: w.signer, DB: deps.DB, Log: slog.New(slog.DiscardHandler)})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w.gw, w.server, w.url = gw, gw.Server(), "http://"+listener.Addr().String()
	go func() { _ = w.server.Serve(listener) }()
	t.Cleanup(func() { _ = w.server.Close() })
	return w
}

// lateConn is a connection to a service that is made of what calls it.
type lateConn struct{ grpc.ClientConnInterface }

// token is a bearer header for somebody whose grants these are.
func (w *world) token(grants ...access.Grant) string {
	w.t.Helper()
	return w.bearer(w.person(grants...))
}

// person is somebody registered in aspen with the grants, the same one each time.
func (w *world) person(grants ...access.Grant) string {
	name := fmt.Sprintf("districts/aspen/people/ana-%x", sha256.Sum256(fmt.Append(nil, grants)))
	w.schools.grant(name, grants...)
	return name
}

// bearer is a header with the access token of a subject.
func (w *world) bearer(subject string, grants ...access.Grant) string {
	w.t.Helper()
	token, err := w.signer.MintAccess(identity.Access{Subject: subject, Grants: grants}, time.Hour)
	require.NoError(w.t, err)
	return "Bearer " + token
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// problem is a problem document as clients read it.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	Instance   string `json:"instance"`
	Reason     string `json:"reason"`
	RequestID  string `json:"request_id"`
	Violations []struct {
		Field string `json:"field"`
		Rule  string `json:"rule"`
		Fix   string `json:"fix"`
	} `json:"violations"`
}

// do sends a request; headers come as "Name: value".
func (w *world) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	require.NoError(w.t, err)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Add(name, value)
	}
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// as sends a request with the bearer header of somebody with the grants.
func (w *world) as(grant access.Grant, method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.do(method, path, body, append(headers, "Authorization: "+w.token(grant))...)
}

// problem reads the answer as a problem document and checks what all have.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), a.body)
	var p problem
	require.NoError(t, json.Unmarshal([]byte(a.body), &p))
	require.Equal(t, a.status, p.Status)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	require.Equal(t, "urn:tandem:problem:"+strings.ReplaceAll(strings.ToLower(p.Reason), "_", "-"), p.Type)
	require.NotEmpty(t, p.RequestID)
	require.Equal(t, a.header.Get("X-Request-Id"), p.RequestID)
	return p
}

// object reads the answer as a JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &o), a.body)
	return o
}

// fields lists the fields of the violations.
func (p problem) fields() []string {
	var names []string
	for _, v := range p.Violations {
		names = append(names, v.Field)
	}
	return names
}

// developing turns development mode on.
func developing(d *gateway.Deps) { d.Dev = true }

// sharing makes a gateway that believes the same keys as another, and asks the
// same services.
func sharing(w *world) func(*gateway.Deps) {
	return func(d *gateway.Deps) {
		d.Signer, d.Verifier, d.Conns = w.signer, identity.NewVerifier(w.signer.Keys()), w.conns
	}
}

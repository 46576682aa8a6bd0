package grpcserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

const (
	maple = "districts/0880/schools/maple"
	other = "districts/1420/schools/birch"
)

// world is a server with the whole chain around one handler, and its log.
type world struct {
	conn   *grpc.ClientConn
	pipe   *bufconn.Listener
	signer *identity.Signer
	log    *logLines
}

func serve(t *testing.T, handle echo.Handle, edit ...func(*grpcserver.Options)) *world {
	t.Helper()
	keys := keystore.NewMemory()
	w := &world{signer: identity.NewSigner(keys, identity.Gateway), log: &logLines{}}
	opts := grpcserver.Options{Log: telemetry.NewLogger(w.log, slog.LevelDebug), Service: "echo", Verifier: identity.NewVerifier(keys)}
	for _, e := range edit {
		e(&opts)
	}
	_, err := echo.File()
	require.NoError(t, err)
	server := grpcserver.New(opts)
	require.NoError(t, grpcserver.Register(server, run.Service{
		Name: "echo", Register: func(r grpc.ServiceRegistrar) { echo.Register(r, handle) },
	}))
	pipe := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(pipe) }()
	t.Cleanup(server.Stop)
	w.pipe, w.conn = pipe, dial(t, pipe, w.signer)
	return w
}

// rawConn is a connection without the client chain, but for the proof.
func rawConn(t *testing.T, w *world) *grpc.ClientConn {
	t.Helper()
	return unproven(t, w, grpc.WithPerRPCCredentials(identity.Proofs(w.signer, "echo")))
}

// unproven is a connection of somebody who is no service.
func unproven(t *testing.T, w *world, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///pipe", append(opts,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return w.pipe.DialContext(ctx) }))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func dial(t *testing.T, pipe *bufconn.Listener, prover identity.Prover) *grpc.ClientConn {
	t.Helper()
	peer := grpcserver.Peer{Target: "passthrough:///pipe", Name: "echo", Prover: prover}
	conn, err := grpcserver.Dial(peer, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return pipe.DialContext(ctx)
	}))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// principal is a context whose outgoing calls come from the principal of maple.
func (w *world) principal(t *testing.T) context.Context {
	t.Helper()
	return bearer("Bearer " + w.token(t))
}

func (w *world) token(t *testing.T) string {
	t.Helper()
	token, err := w.signer.MintSubject(access.Identity{Subject: "people/p", Grants: []access.Grant{
		{Role: accessv1.Role_ROLE_PRINCIPAL, Node: maple},
	}})
	require.NoError(t, err)
	return token
}

func bearer(value string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), "authorization", value)
}

// logLines keeps what was logged.
type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// find waits for a line with the message, and returns it.
func (l *logLines) find(t *testing.T, message string) map[string]any {
	t.Helper()
	var found map[string]any
	kittest.Eventually(t, func() bool {
		for line := range strings.Lines(l.String()) {
			var fields map[string]any
			if json.Unmarshal([]byte(line), &fields) == nil && fields["msg"] == message {
				found = fields
				return true
			}
		}
		return false
	}, "no line %q", message)
	return found
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// useTraceContext sets the propagator that telemetry.Setup sets in a process.
func useTraceContext(t *testing.T) {
	t.Helper()
	before := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(telemetry.Propagator())
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
}

func withSpan(ctx context.Context) context.Context {
	return telemetry.Propagator().Extract(ctx, propagation.MapCarrier{"traceparent": "00-" + traceID + "-00f067aa0ba902b7-01"})
}

package kittest

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const pipeBuffer = 1 << 20

// ServeOptions says how to serve. The zero value is usable.
type ServeOptions struct {
	DB     *sqldb.DB        // where answers by request_id are kept; nil means not at all
	Signer *identity.Signer // whose tokens are accepted; nil means a key of the connection's own
	Caller string           // which service calls; empty means the gateway, "-" nobody who proves it
	Clock  clock.Clock      // by which grants begin and end; nil means real time
	Log    *slog.Logger     // nil means the test's output
	NoTask bool             // leave the service's tasks (relay, inbox) unstarted
}

// Serve runs the service behind the whole chain, with its tasks, until the test
// ends, and returns a connection of the gateway to it. A call whose context carries an identity
// (Context) is sent with that person's token; one without is anonymous.
func Serve(t testing.TB, svc run.Service, o ServeOptions) *grpc.ClientConn {
	t.Helper()
	if o.Signer == nil {
		o.Signer = Signer(t)
	}
	if o.Log == nil {
		o.Log = Log(t)
	}
	srv := grpcserver.New(grpcserver.Options{Log: o.Log, Verifier: identity.NewVerifier(o.Signer.Keys()), Service: svc.Name, Clock: o.Clock, DB: o.DB, Dev: true})
	require.NoError(t, grpcserver.Register(srv, svc))
	pipe := bufconn.Listen(pipeBuffer)
	go func() { _ = srv.Serve(pipe) }()
	t.Cleanup(srv.Stop)
	if !o.NoTask {
		for _, task := range svc.Tasks {
			Go(t, task.Run)
		}
	}
	conn, err := grpcserver.Dial(grpcserver.Peer{Target: "passthrough:///" + svc.Name, Name: svc.Name, Prover: prover(o)},
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }),
		grpc.WithPerRPCCredentials(caller{o.Signer}))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Keys returns a store that has a key for whoever asks for one.
func Keys(testing.TB) keystore.Store { return keystore.NewMemory() }

// Signer returns the gateway's signer with new keys.
func Signer(t testing.TB) *identity.Signer {
	t.Helper()
	return identity.NewSigner(Keys(t), identity.Gateway)
}

// prover proves the service that calls.
func prover(o ServeOptions) identity.Prover {
	switch o.Caller {
	case "":
		return o.Signer
	case "-":
		return identity.NewSigner(keystore.NewMemory(), "stranger")
	default:
		return identity.NewSigner(o.Signer.Keys(), o.Caller)
	}
}

// caller sends the identity of the call's context as a token.
type caller struct{ signer *identity.Signer }

// GetRequestMetadata returns the authorization of one call. A context that has a
// token already, as a service calling another does, keeps that one.
func (c caller) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	id, ok := access.FromContext(ctx)
	if !ok || identity.Token(ctx) != "" {
		return nil, nil
	}
	token, err := c.signer.MintSubject(id)
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// RequireTransportSecurity is false: the connection is a pipe in the process.
func (c caller) RequireTransportSecurity() bool { return false }

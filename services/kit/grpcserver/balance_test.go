package grpcserver_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/types/dynamicpb"

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

// replicas is a service whose replicas come and go behind one name.
type replicas struct {
	t      *testing.T
	keys   keystore.Store
	signer *identity.Signer
	names  *manual.Resolver
	served map[string]*atomic.Int32

	mu   sync.Mutex
	addr []string
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	_, err := echo.File()
	require.NoError(t, err)
	keys := keystore.NewMemory()
	r := &replicas{
		t: t, keys: keys, signer: identity.NewSigner(keys, identity.Gateway),
		names: manual.NewBuilderWithScheme("replicas"), served: map[string]*atomic.Int32{},
	}
	r.names.InitialState(resolver.State{})
	r.names.ResolveNowCallback = func(resolver.ResolveNowOptions) { go r.tell() }
	return r
}

// add starts a replica. Callers learn of it when they look the name up.
func (r *replicas) add() (addr string, server *grpc.Server) {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(r.t, err)
	addr = listener.Addr().String()
	served := &atomic.Int32{}
	server = grpcserver.New(grpcserver.Options{Log: quietLog(), Service: "echo", Verifier: identity.NewVerifier(r.keys)})
	require.NoError(r.t, grpcserver.Register(server, run.Service{Name: "echo", Register: func(to grpc.ServiceRegistrar) {
		echo.Register(to, func(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
			served.Add(1)
			return req, nil
		})
	}}))
	go func() { _ = server.Serve(listener) }()
	r.t.Cleanup(server.Stop)
	r.mu.Lock()
	r.addr, r.served[addr] = append(r.addr, addr), served
	r.mu.Unlock()
	return addr, server
}

// remove takes a replica out of what the name stands for.
func (r *replicas) remove(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addr = slices.DeleteFunc(r.addr, func(a string) bool { return a == addr })
}

// tell answers a lookup of the name.
func (r *replicas) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := resolver.State{}
	for _, addr := range r.addr {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: addr}}})
	}
	if cc := r.names.CC(); cc != nil {
		_ = cc.UpdateState(state)
	}
}

func (r *replicas) dial() *grpc.ClientConn {
	r.t.Helper()
	conn, err := grpcserver.Dial(grpcserver.Peer{Target: "replicas:///echo", Name: "echo", Prover: r.signer}, grpc.WithResolvers(r.names))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = conn.Close() })
	conn.Connect()
	r.tell()
	return conn
}

func (r *replicas) caller() context.Context {
	token, err := r.signer.MintSubject(access.Identity{Subject: "people/p", Grants: []access.Grant{principalOfMaple()}})
	require.NoError(r.t, err)
	return bearer("Bearer " + token)
}

func TestCallsTakeTurnsOverReplicas(t *testing.T) {
	r := newReplicas(t)
	first, _ := r.add()
	second, _ := r.add()
	conn, ctx := r.dial(), r.caller()
	kittest.Eventually(t, func() bool {
		_, err := echo.Call(ctx, t, conn, echo.Update, `{"item": {"name": "`+maple+`"}}`)
		return err == nil && r.served[first].Load() > 2 && r.served[second].Load() > 2
	}, "one of them gets everything")
}

// Every replica is replaced by another while many write at once; a write is sent
// once and never again.
func TestNoWriteFailsWhileEveryReplicaIsReplaced(t *testing.T) {
	r := newReplicas(t)
	addr, server := r.add()
	conn, ctx := r.dial(), r.caller()

	const writers, rounds = 4, 5
	var calls atomic.Int32
	failed := make(chan error, writers)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := echo.Call(ctx, t, conn, echo.Update, `{"item": {"name": "`+maple+`"}}`); err != nil {
					failed <- err
					return
				}
				calls.Add(1)
			}
		})
	}
	for range rounds {
		before := calls.Load()
		kittest.Eventually(t, func() bool { return calls.Load() > before+20 || len(failed) > 0 }, "nobody writes")
		next, successor := r.add()
		r.remove(addr) // callers are not told until they look again
		server.GracefulStop()
		addr, server = next, successor
	}
	close(stop)
	all.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
	var served int32
	for _, n := range r.served {
		served += n.Load()
	}
	require.Equal(t, calls.Load(), served, "none was sent twice")
}

func TestACallWaitsAMomentForAPeerThatStarts(t *testing.T) {
	r := newReplicas(t)
	addr, server := r.add()
	server.Stop()
	conn, ctx := r.dial(), r.caller()
	kittest.Eventually(t, func() bool { return conn.GetState() == connectivity.TransientFailure }, "the peer is not away")
	done := make(chan error, 1)
	go func() {
		_, err := echo.Call(ctx, t, conn, echo.Update, `{"item": {"name": "`+maple+`"}}`)
		done <- err
	}()
	require.Never(t, func() bool { return len(done) > 0 }, 200*time.Millisecond, 20*time.Millisecond, "it gave up at once")
	r.add()
	r.remove(addr)
	r.tell()
	require.NoError(t, <-done)
}

func quietLog() *slog.Logger { return telemetry.NewLogger(io.Discard, slog.LevelError) }

func principalOfMaple() access.Grant {
	return access.Grant{Role: accessv1.Role_ROLE_PRINCIPAL, Node: maple}
}

// Package grpcserver builds the gRPC server and client chain of every service.
//
// A call goes through: recovery, request id, telemetry, log, deadline,
// identity, access rule, read-only mode, validation, idempotency, handler. The order is the
// point: nobody anonymous gets a request decoded, a foreign resource with bad
// fields is unknown rather than invalid, and a stored answer is given only to
// who may call. Errors of all of these are mapped once, by package apierr.
//
// Identity is both the service that calls, which proves itself with every call,
// and whom it calls for. Register adds services and refuses RPCs without an
// access rule. Dial is the other end, one connection per caller and callee: it
// proves the caller and hands request id, subject and trace on to the next service.
package grpcserver

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"buf.build/go/protovalidate"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/stats"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/run"
)

const (
	// DefaultDeadline bounds calls that come without one.
	DefaultDeadline = 30 * time.Second
	// MaxMessage is the size of the biggest message taken in; bytes stream.
	MaxMessage = 4<<20 + 64<<10 // a file of 4 MiB and what is said about it

	keepaliveTime = 2 * time.Minute
	minClientPing = 20 * time.Second
	// workers serve calls one after the other, so that their stacks need not grow
	// anew for each. With all of them busy a call gets a goroutine of its own.
	workers = 64
)

// chain holds the parts that the interceptors of one server share.
type chain struct {
	log       *slog.Logger
	guard     *identity.Guard
	validator protovalidate.Validator
	deadline  time.Duration
	inFlight  *measure.Level
	dev       bool
}

// New returns a server with the whole chain, and with health and reflection.
func New(opts Options) *grpc.Server {
	c := newChain(opts)
	server := grpc.NewServer(
		grpc.StatsHandler(serverStats()),
		grpc.InTapHandle(c.tap),
		grpc.ChainUnaryInterceptor(c.unary(opts)...),
		grpc.ChainStreamInterceptor(c.stream(opts)...),
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.NumStreamWorkers(workers),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time: keepaliveTime, MaxConnectionAge: connectionAge, MaxConnectionAgeGrace: connectionAgeGrace,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minClientPing, PermitWithoutStream: true}),
	)
	healthv1.RegisterHealthServer(server, &healthServer{Server: health.NewServer(), ready: opts.Ready, version: opts.Version})
	reflection.Register(server)
	return server
}

func newChain(opts Options) *chain {
	if opts.Clock == nil {
		opts.Clock = clock.NewAdjustable()
	}
	c := &chain{
		log: opts.Log, guard: identity.NewGuard(opts.Verifier, opts.Service, opts.Clock.Now),
		validator: protovalidate.GlobalValidator, deadline: opts.Deadline, dev: opts.Dev,
		inFlight: measure.NewLevel("tandem.rpc.in.flight", "Calls that the service is answering.", measure.Label("service", opts.Service)),
	}
	if c.deadline <= 0 {
		c.deadline = DefaultDeadline
	}
	return c
}

// Register puts services on the server and returns an error that lists all
// RPCs without an access rule: such a server must not start.
func Register(server *grpc.Server, services ...run.Service) error {
	var errs []error
	for _, svc := range services {
		if svc.Register == nil {
			errs = append(errs, fmt.Errorf("service %s registers nothing", svc.Name))
			continue
		}
		svc.Register(server)
	}
	return errors.Join(append(errs, Verify(server))...)
}

// Verify returns an error that lists all registered RPCs without a rule.
func Verify(server *grpc.Server) error {
	return access.Verify(server)
}

// serverStats makes a span and metrics of each call but those of probes.
func serverStats() stats.Handler {
	return otelgrpc.NewServerHandler(otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool {
		return !access.Exempt(info.FullMethodName)
	}))
}

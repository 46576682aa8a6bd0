package grpcserver

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver/dns"
)

// How a caller keeps up with replicas that come and go. A peer's name may stand for
// several addresses (a headless service of Kubernetes): calls take turns over them.
// One that stops says so (GOAWAY), the calls it did not begin go to another, and the
// name is looked up again; gRPC's own thirty seconds between two looks would outlive
// a whole rollout.
const (
	takeTurns     = `{"loadBalancingConfig": [{"round_robin": {}}]}`
	lookUpPause   = time.Second
	reconnectMost = 2 * time.Second
	connectWithin = 5 * time.Second

	// A machine that lost its power says nothing: a ping that stays unanswered ends its
	// connections. No more often than servers allow (minClientPing).
	pingAfter = 25 * time.Second
	pingWait  = 5 * time.Second

	// peerPatience is how long a call waits for a connection while every replica is being
	// replaced. Nothing was sent yet, so that this is safe for writes as well.
	peerPatience = 3 * time.Second
)

// Servers ask clients to connect anew from time to time, so that a replica that was
// added gets its share.
const (
	connectionAge      = 2 * time.Minute
	connectionAgeGrace = time.Hour // for streams; short calls end long before
)

func init() { dns.SetMinResolutionInterval(lookUpPause) } //nolint:gochecknoinits // a setting of the whole process, to be made before the first connection

// balancing are the options of a client that keeps up.
func balancing() []grpc.DialOption {
	wait := backoff.DefaultConfig
	wait.BaseDelay, wait.MaxDelay = 200*time.Millisecond, reconnectMost
	return []grpc.DialOption{
		grpc.WithDefaultServiceConfig(takeTurns),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: wait, MinConnectTimeout: connectWithin}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingWait}),
	}
}

// awaitPeer lets a call wait for a connection for a moment; without one it goes on
// and fails as it would have.
func awaitPeer(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if cc.GetState() != connectivity.Ready {
		await(ctx, cc)
	}
	return invoker(ctx, method, req, reply, cc, opts...)
}

func awaitPeerStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if cc.GetState() != connectivity.Ready {
		await(ctx, cc)
	}
	return streamer(ctx, desc, cc, method, opts...)
}

func await(ctx context.Context, cc *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, peerPatience)
	defer cancel()
	for {
		state := cc.GetState()
		if state == connectivity.Ready || state == connectivity.Shutdown {
			return
		}
		cc.Connect() // an idle connection would stay so
		if !cc.WaitForStateChange(ctx, state) {
			return
		}
	}
}

package grpcserver

import (
	"context"
	"fmt"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/readonly"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

const (
	readAttempts = 3
	retryWait    = 50 * time.Millisecond
	retryJitter  = 0.5
)

// Peer is a service to call, and the service that calls it.
type Peer struct {
	Target string // address
	Name   string // of the service called
	Prover identity.Prover
}

// Dial returns a connection to a peer with the client chain: proof of the caller,
// default deadline, request id, the token of whom the call is made for, trace
// context, and another try for reads whose peer was away. It connects lazily, so
// that services may start in any order. Options given here win; without
// transport credentials the connection is plain, for networks that are private or
// encrypt below.
func Dial(peer Peer, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	chain := []grpc.DialOption{
		grpc.WithPerRPCCredentials(identity.Proofs(peer.Prover, peer.Name)),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()),
		grpc.WithChainUnaryInterceptor(
			clientDeadline,
			clientRequestID,
			identity.UnaryClientInterceptor(),
			awaitPeer,
			retryReads,
			retry.UnaryClientInterceptor(retry.Disable()),
		),
		grpc.WithChainStreamInterceptor(clientStreamRequestID, identity.StreamClientInterceptor(), awaitPeerStream),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage)),
	}
	conn, err := grpc.NewClient(peer.Target, append(append(chain, balancing()...), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", peer.Target, err)
	}
	return conn, nil
}

func clientDeadline(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, set := ctx.Deadline(); set {
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	ctx, cancel := context.WithTimeout(ctx, DefaultDeadline)
	defer cancel()
	return invoker(ctx, method, req, reply, cc, opts...)
}

func clientRequestID(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(outgoingRequestID(ctx), method, req, reply, cc, opts...)
}

func clientStreamRequestID(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(outgoingRequestID(ctx), desc, cc, method, opts...)
}

func outgoingRequestID(ctx context.Context) context.Context {
	id := requestid.From(ctx)
	md, _ := metadata.FromOutgoingContext(ctx)
	if id == "" || len(md.Get(requestid.MetadataKey)) > 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, requestid.MetadataKey, id)
}

// retryReads tries reads again when their peer was away; writes never, since
// only their caller knows whether they carry a request id.
func retryReads(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if readonly.Reads(method) {
		opts = append(opts,
			retry.WithMax(readAttempts),
			retry.WithCodes(codes.Unavailable),
			retry.WithBackoff(retry.BackoffExponentialWithJitter(retryWait, retryJitter)),
		)
	}
	return invoker(ctx, method, req, reply, cc, opts...)
}

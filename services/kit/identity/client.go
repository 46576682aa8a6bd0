package identity

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// UnaryClientInterceptor hands the caller's token on with unary calls.
func UnaryClientInterceptor() grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoker(forward(ctx), method, req, reply, cc, opts...)
	}
}

// StreamClientInterceptor hands the caller's token on with streams.
func StreamClientInterceptor() grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(forward(ctx), desc, cc, method, opts...)
	}
}

// Prover makes proofs of the calling service; a [Signer] is one.
type Prover interface {
	Prove(service string) (string, error)
}

// Proofs returns credentials that prove the caller to the service, with each
// call anew.
func Proofs(p Prover, service string) credentials.PerRPCCredentials { return proofs{p, service} }

type proofs struct {
	prover  Prover
	service string
}

// GetRequestMetadata returns the proof for one call.
func (p proofs) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := p.prover.Prove(p.service)
	if err != nil { // not the fault of whoever the call is made for
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return map[string]string{proofMetadata: token}, nil
}

// RequireTransportSecurity is false: services speak over private networks or
// pipes in a process, and a proof is good for one service and a minute.
func (proofs) RequireTransportSecurity() bool { return false }

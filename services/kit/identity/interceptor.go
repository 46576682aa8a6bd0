// Package identity proves who calls.
//
// The gateway signs in people and mints a short-lived token (JWT, EdDSA) that
// names the person and their grants; every service verifies it on each call
// and hands it on with its own outgoing calls. So the rights of the person
// who began travel with the work, and a service never acts for somebody with
// rights of its own.
//
// Token lifetimes follow real time, not the product's clock. The verified
// caller lands in the context, where package access reads it.
package identity

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	metadataKey = "authorization"
	scheme      = "bearer "
)

type tokenKey struct{}

// WithToken returns a context whose outgoing calls carry the token.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// Token returns the token of the call in the context, or "".
func Token(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}

// Authenticate verifies the bearer token in the metadata of a call and returns
// a context with the caller and their token. Without a token only a public RPC
// passes; with a bad one none does, so that a client with an expired session
// learns so instead of being taken for a stranger. It looks at the metadata
// only, so it may run before a request is decoded.
func (v *Verifier) Authenticate(ctx context.Context, fullMethod string, md metadata.MD) (context.Context, error) {
	values := md.Get(metadataKey)
	if len(values) == 0 {
		if access.Public(fullMethod) {
			return ctx, nil
		}
		return nil, problem.Unauthenticated(problem.ReasonIdentityMissing)
	}
	token, ok := bearer(values)
	if !ok {
		return nil, problem.Unauthenticated(problem.ReasonTokenInvalid)
	}
	id, err := v.Verify(token)
	if err != nil {
		return nil, err
	}
	return WithToken(access.WithIdentity(ctx, id), token), nil
}

func bearer(values []string) (string, bool) {
	if len(values) != 1 || len(values[0]) <= len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(values[0][len(scheme):]), true
}

// UnaryInterceptor authenticates unary calls that are not yet.
func (v *Verifier) UnaryInterceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := v.ensure(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// StreamInterceptor authenticates streams that are not yet.
func (v *Verifier) StreamInterceptor() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := v.ensure(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &identifiedStream{ServerStream: stream, ctx: ctx})
	}
}

func (v *Verifier) ensure(ctx context.Context, fullMethod string) (context.Context, error) {
	if _, done := access.FromContext(ctx); done {
		return ctx, nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	return v.Authenticate(ctx, fullMethod, md)
}

type identifiedStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context that carries the caller.
func (s *identifiedStream) Context() context.Context { return s.ctx }

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

// forward adds the token unless the call already says who calls.
func forward(ctx context.Context) context.Context {
	token := Token(ctx)
	md, _ := metadata.FromOutgoingContext(ctx)
	if token == "" || len(md.Get(metadataKey)) > 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, metadataKey, "Bearer "+token)
}

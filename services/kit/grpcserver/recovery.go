package grpcserver

import (
	"context"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// Recovery and request id are one step: a panic anywhere below is logged and
// answered under the id of its call.
func (c *chain) recoverUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	ctx = withRequestID(ctx)
	defer func() {
		if r := recover(); r != nil {
			resp, err = nil, c.recovered(ctx, info.FullMethod, r)
		}
	}()
	if err := grpc.SetHeader(ctx, requestIDHeader(ctx)); err != nil {
		c.log.DebugContext(ctx, "request id not echoed", "error", err)
	}
	return handler(ctx, req)
}

func (c *chain) recoverStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	ctx := withRequestID(stream.Context())
	defer func() {
		if r := recover(); r != nil {
			err = c.recovered(ctx, info.FullMethod, r)
		}
	}()
	if err := stream.SetHeader(requestIDHeader(ctx)); err != nil {
		c.log.DebugContext(ctx, "request id not echoed", "error", err)
	}
	return handler(srv, &contextStream{ServerStream: stream, ctx: ctx})
}

// recovered logs the stack and returns the status of any unknown error.
func (c *chain) recovered(ctx context.Context, method string, value any) error {
	c.log.ErrorContext(ctx, "panic in a call", "method", method, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
	return apierr.ToStatus(ctx, fmt.Errorf("panic: %v", value))
}

// withRequestID takes over the caller's request id if it is harmless, else
// gives the call a new one.
func withRequestID(ctx context.Context) context.Context {
	if requestid.From(ctx) != "" { // given at the door already
		return ctx
	}
	md, _ := metadata.FromIncomingContext(ctx)
	return requestid.With(ctx, requestIDOf(md))
}

func requestIDOf(md metadata.MD) string {
	if values := md.Get(requestid.MetadataKey); len(values) == 1 && requestid.Valid(values[0]) {
		return values[0]
	}
	return requestid.New()
}

func requestIDHeader(ctx context.Context) metadata.MD {
	return metadata.Pairs(requestid.MetadataKey, requestid.From(ctx))
}

// contextStream is a stream with another context.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context of the chain so far.
func (s *contextStream) Context() context.Context { return s.ctx }

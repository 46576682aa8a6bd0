package grpcserver

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/apierr"
)

// logUnary writes one line per call, also for one that panics.
func (c *chain) logUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (_ any, err error) {
	done := c.observe(ctx, info.FullMethod)
	defer func() { done(err) }()
	err = status.Error(codes.Internal, "panic")
	resp, err := handler(ctx, req)
	return resp, err
}

func (c *chain) logStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	done := c.observe(stream.Context(), info.FullMethod)
	defer func() { done(err) }()
	err = status.Error(codes.Internal, "panic")
	err = handler(srv, stream)
	return err
}

func (c *chain) observe(ctx context.Context, method string) func(error) {
	start := time.Now()
	load := int64(1)
	if access.Exempt(method) { // probes are none
		load = 0
	}
	c.inFlight.Add(ctx, load)
	return func(err error) {
		c.inFlight.Add(ctx, -load)
		c.log.LogAttrs(ctx, levelOf(method, status.Code(err)), "call",
			slog.String("method", method),
			slog.String("code", code(err)),
			slog.Duration("duration", time.Since(start)),
		)
	}
}

// levelOf keeps probes out of the usual log and lifts what needs a look.
func levelOf(method string, c codes.Code) slog.Level {
	switch {
	case c == codes.Internal || c == codes.Unknown || c == codes.DataLoss:
		return slog.LevelError
	case access.Exempt(method):
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// mapUnary turns every error of the steps below into a status.
func (c *chain) mapUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err != nil {
		return nil, c.mapped(ctx, info.FullMethod, err)
	}
	return resp, nil
}

func (c *chain) mapStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return c.mapped(stream.Context(), info.FullMethod, handler(srv, stream))
}

// mapped logs the cause of what the caller is told nothing about.
func (c *chain) mapped(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	mapped := apierr.ToStatus(ctx, err)
	if c.dev || failure(status.Code(mapped)) {
		c.log.WarnContext(ctx, "call failed", "method", method, "code", code(mapped), "cause", err)
	}
	return mapped
}

// failure tells whether a code means that something broke on this side.
func failure(c codes.Code) bool {
	return c == codes.Internal || c == codes.Unavailable || c == codes.Aborted || c == codes.DeadlineExceeded
}

// deadlineUnary gives calls without a deadline the default one. Streams run as
// long as their client wants: they end with it, or when the server drains.
func (c *chain) deadlineUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if _, set := ctx.Deadline(); set {
		return handler(ctx, req)
	}
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	return handler(ctx, req)
}

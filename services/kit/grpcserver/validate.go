package grpcserver

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// validateUnary applies the rules that a request's proto states.
func (c *chain) validateUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := c.validate(req); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

func (c *chain) validateStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, &validatedStream{ServerStream: stream, chain: c})
}

func (c *chain) validate(req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	if err := c.validator.Validate(message); err != nil {
		return everything(err, message)
	}
	return plainText(message.ProtoReflect())
}

// validatedStream validates each message from the client.
type validatedStream struct {
	grpc.ServerStream
	chain *chain
}

// RecvMsg validates after the steps above, hence after the access rule.
func (s *validatedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.chain.validate(m)
}

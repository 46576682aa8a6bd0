package readonly

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tandem-badges/tandem/services/kit/access"
)

// Reads tells whether an RPC, given as "/package.Service/Method", changes nothing:
// its proto says so, or it is GET in REST.
func Reads(fullMethod string) bool {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", "."))
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return false
	}
	options, ok := descriptor.Options().(*descriptorpb.MethodOptions)
	if !ok {
		return false
	}
	rule, _ := proto.GetExtension(options, annotations.E_Http).(*annotations.HttpRule)
	return rule.GetGet() != "" || options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// Answered tells whether an RPC is answered in read-only mode: it reads, its rule says
// that it goes on, or it is part of the server itself.
func Answered(fullMethod string) bool {
	if access.Exempt(fullMethod) || Reads(fullMethod) {
		return true
	}
	rule, ok := access.RuleOf(fullMethod)
	return ok && rule.GetWhileReadOnly()
}

// refuse is the refusal of a call; a nil mode refuses none.
func (m *Mode) refuse(fullMethod string) error {
	if m == nil || Answered(fullMethod) {
		return nil
	}
	return m.Frozen()
}

// UnaryInterceptor refuses calls that would change something. It stands behind the
// access rule: who may not make the call is told that, and nobody unknown learns why
// the platform is in the mode.
func UnaryInterceptor(m *Mode) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := m.refuse(info.FullMethod); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// StreamInterceptor is UnaryInterceptor for streams: it refuses when the first message
// has passed the access rule, or before where the server speaks first.
func StreamInterceptor(m *Mode) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, &guardedStream{ServerStream: stream, mode: m, method: info.FullMethod})
	}
}

// guardedStream lets no message in or out that the mode forbids. A stream that began
// before is finished.
type guardedStream struct {
	grpc.ServerStream
	mode   *Mode
	method string
	begun  bool
}

// RecvMsg looks at the mode with the first message.
func (s *guardedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.begin()
}

// SendMsg looks at the mode where nothing came in.
func (s *guardedStream) SendMsg(m any) error {
	if err := s.begin(); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}

func (s *guardedStream) begin() error {
	if s.begun {
		return nil
	}
	if err := s.mode.refuse(s.method); err != nil {
		return err
	}
	s.begun = true
	return nil
}

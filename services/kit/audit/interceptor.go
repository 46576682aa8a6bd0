package audit

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/access"
)

// UnaryInterceptor puts what a call does, and the reason it gives, into the
// context. It records nothing: whether there was a change is for the stores to
// know.
func UnaryInterceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(withCall(ctx, info.FullMethod, req), req)
	}
}

// StreamInterceptor does the same for streams, whose requests give no reason.
func StreamInterceptor() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, &namedStream{ServerStream: stream, ctx: withCall(stream.Context(), info.FullMethod, nil)})
	}
}

type namedStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context that knows the action.
func (s *namedStream) Context() context.Context { return s.ctx }

func withCall(ctx context.Context, method string, req any) context.Context {
	r := reasons{call: true, action: method}
	if rule, ok := access.RuleOf(method); ok {
		r.action = rule.GetAction()
	}
	if msg, ok := req.(proto.Message); ok && msg != nil {
		if text := reasonIn(msg.ProtoReflect(), true); text != "" {
			r.reason = sum([]byte(text))
		}
	}
	return context.WithValue(ctx, reasonsKey{}, r)
}

// reasonIn finds the field reason of a request, or of the resource in it.
func reasonIn(m protoreflect.Message, deeper bool) (text string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() || f.IsMap():
		case f.Name() == "reason" && f.Kind() == protoreflect.StringKind:
			text = v.String()
		case deeper && text == "" && f.Kind() == protoreflect.MessageKind:
			text = reasonIn(v.Message(), false)
		}
		return true
	})
	return text
}

package echo

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Handle is what the service does with a request.
type Handle func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error)

// Itself is the Handle that answers the request.
func Itself(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) { return req, nil }

// New returns a message from its JSON form.
func New(t testing.TB, json string) *dynamicpb.Message {
	t.Helper()
	m, err := Message()
	require.NoError(t, err)
	require.NoError(t, protojson.Unmarshal([]byte(json), m))
	return m
}

// Text returns a message's field text.
func Text(m proto.Message) string {
	r := m.ProtoReflect()
	return r.Get(r.Descriptor().Fields().ByName("text")).String()
}

// Register puts the service, without the method that has no rule, on a server.
func Register(server grpc.ServiceRegistrar, handle Handle) {
	desc := &grpc.ServiceDesc{ServiceName: ServiceName, HandlerType: (*any)(nil)}
	for _, name := range []string{"GetPublic", "GetMine", "Get", "Update", "BatchGet"} {
		desc.Methods = append(desc.Methods, unary(name, handle))
	}
	desc.Streams = []grpc.StreamDesc{{StreamName: "Watch", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		return watch(stream, handle)
	}}}
	server.RegisterService(desc, nil)
}

// RegisterUnruled puts a service with one method, which has no rule, on a server.
func RegisterUnruled(server grpc.ServiceRegistrar, handle Handle) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: ServiceName, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{unary("Unruled", handle)},
	}, nil)
}

func unary(name string, handle Handle) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		req, err := Message()
		if err != nil {
			return nil, err
		}
		if err := decode(req); err != nil {
			return nil, err
		}
		call := func(ctx context.Context, req any) (any, error) { return handle(ctx, req.(*dynamicpb.Message)) }
		if intercept == nil {
			return call(ctx, req)
		}
		return intercept(ctx, req, &grpc.UnaryServerInfo{FullMethod: "/" + ServiceName + "/" + name}, call)
	}}
}

// watch answers the one request twice.
func watch(stream grpc.ServerStream, handle Handle) error {
	req, err := Message()
	if err != nil {
		return err
	}
	if err := stream.RecvMsg(req); err != nil {
		return err
	}
	for range 2 {
		resp, err := handle(stream.Context(), req)
		if err != nil {
			return err
		}
		if err := stream.SendMsg(resp); err != nil {
			return err
		}
	}
	return nil
}

// Call calls a method with a request in JSON form.
func Call(ctx context.Context, t testing.TB, conn grpc.ClientConnInterface, method, json string, opts ...grpc.CallOption) (*dynamicpb.Message, error) {
	t.Helper()
	resp := New(t, "{}")
	err := conn.Invoke(ctx, method, New(t, json), resp, opts...)
	return resp, err
}

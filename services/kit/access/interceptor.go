package access

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// UnaryInterceptor applies the rule of each RPC to its request. The identity
// must be in the context already; it returns domain errors.
func UnaryInterceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := checkCall(ctx, info.FullMethod, req); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// StreamInterceptor applies the rule of each streaming RPC to the first
// message from the client, before the handler sees it. Later messages of the
// stream continue what the first one began and are not looked at.
func StreamInterceptor() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if Exempt(info.FullMethod) {
			return handler(srv, stream)
		}
		rule, err := ruleFor(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &guardedStream{ServerStream: stream, rule: rule})
	}
}

// guardedStream lets nothing out before the first message in was allowed.
type guardedStream struct {
	grpc.ServerStream
	rule    *accessv1.Rule
	allowed bool
}

// RecvMsg checks the first message. gRPC calls it from one goroutine only.
func (s *guardedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil || s.allowed {
		return err
	}
	if err := checkRequest(s.Context(), s.rule, m); err != nil {
		return err
	}
	s.allowed = true
	return nil
}

// SendMsg refuses to answer a caller whose request was not yet looked at.
func (s *guardedStream) SendMsg(m any) error {
	if !s.allowed && s.rule.GetScope() != accessv1.Scope_SCOPE_PUBLIC {
		return problem.Denied(s.rule.GetAction())
	}
	return s.ServerStream.SendMsg(m)
}

func checkCall(ctx context.Context, method string, req any) error {
	if Exempt(method) {
		return nil
	}
	rule, err := ruleFor(ctx, method)
	if err != nil {
		return err
	}
	return checkRequest(ctx, rule, req)
}

// ruleFor returns the rule of an RPC the caller may at least try.
func ruleFor(ctx context.Context, method string) (*accessv1.Rule, error) {
	rule, ok := RuleOf(method)
	if !ok {
		return nil, problem.Denied(method)
	}
	if _, signedIn := FromContext(ctx); !signedIn && rule.GetScope() != accessv1.Scope_SCOPE_PUBLIC {
		return nil, problem.Unauthenticated(problem.ReasonIdentityMissing)
	}
	return rule, nil
}

func checkRequest(ctx context.Context, rule *accessv1.Rule, req any) error {
	id, _ := FromContext(ctx)
	message, _ := req.(proto.Message)
	names, err := resources(message, rule.GetResource())
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := Check(id, rule, name); err != nil {
			return forMissing(err, message, name, rule.GetResource())
		}
	}
	return nil
}

// forMissing answers a request that names no resource at all, which nobody's
// secret depends on, with the field instead of "no such resource". Where the
// field may be left out, for the state as a whole, the refusal stands.
func forMissing(err error, message proto.Message, name, field string) error {
	unnamed := name == "" && field != "" && !optional(message, field)
	if !unnamed || problem.Is(err, problem.KindUnauthenticated) {
		return err
	}
	return problem.Invalid(problem.Violation{
		Field: field, Rule: "required", Fix: "Give the name of the resource to act on.",
	})
}

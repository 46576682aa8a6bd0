package access

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// UnaryInterceptor applies the rule of each RPC to its request, and empties what
// the caller may not see of its answer. The identity must be in the context
// already; it returns domain errors. What the districts restrict may be nil.
func UnaryInterceptor(own *Restrictions) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if Exempt(info.FullMethod) {
			return handler(ctx, req)
		}
		ctx = WithRestrictions(ctx, own)
		rule, err := ruleFor(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		deidentified, err := checkRequest(ctx, rule, req)
		if err != nil {
			return nil, err
		}
		answer, err := handler(ctx, req)
		if err != nil || !deidentified {
			return answer, err
		}
		return withoutPeople(answer, subjectOf(ctx)), nil
	}
}

// StreamInterceptor applies the rule of each streaming RPC to the first
// message from the client, before the handler sees it. Later messages of the
// stream continue what the first one began and are not looked at.
func StreamInterceptor(own *Restrictions) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if Exempt(info.FullMethod) {
			return handler(srv, stream)
		}
		ctx := WithRestrictions(stream.Context(), own)
		rule, err := ruleFor(ctx, info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &guardedStream{ServerStream: stream, ctx: ctx, rule: rule})
	}
}

// guardedStream lets nothing out before the first message in was allowed.
type guardedStream struct {
	grpc.ServerStream
	ctx          context.Context
	rule         *accessv1.Rule
	allowed      bool
	deidentified bool
}

// Context returns the context of the stream, with the restrictions.
func (s *guardedStream) Context() context.Context { return s.ctx }

// RecvMsg checks the first message. gRPC calls it from one goroutine only.
func (s *guardedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil || s.allowed {
		return err
	}
	deidentified, err := checkRequest(s.ctx, s.rule, m)
	if err != nil {
		return err
	}
	s.allowed, s.deidentified = true, deidentified
	return nil
}

// SendMsg refuses to answer a caller whose request was not yet looked at.
func (s *guardedStream) SendMsg(m any) error {
	if !s.allowed && s.rule.GetScope() != accessv1.Scope_SCOPE_PUBLIC {
		return problem.Denied(s.rule.GetAction())
	}
	if s.deidentified {
		m = withoutPeople(m, subjectOf(s.ctx))
	}
	return s.ServerStream.SendMsg(m)
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

func subjectOf(ctx context.Context) string {
	id, _ := FromContext(ctx)
	return id.Subject
}

// checkRequest decides over every resource the request names. One of them that may
// only be read without people makes the whole answer so.
func checkRequest(ctx context.Context, rule *accessv1.Rule, req any) (deidentified bool, err error) {
	id, _ := FromContext(ctx)
	message, _ := req.(proto.Message)
	names, err := resources(message, rule.GetResource())
	if err != nil {
		return false, err
	}
	for _, name := range names {
		without, err := check(ctx, id, rule, name)
		if err != nil {
			return false, forMissing(err, message, name, rule.GetResource())
		}
		deidentified = deidentified || without
	}
	return deidentified, nil
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

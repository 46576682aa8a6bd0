package identity

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	subjectMetadata = "authorization"
	proofMetadata   = "x-tandem-service"
	scheme          = "bearer "
)

// Guard says at the door of one service who calls it.
type Guard struct {
	verifier *Verifier
	service  string
	now      func() time.Time
}

// NewGuard returns a guard of the service; now tells the product's time, by
// which grants begin and end.
func NewGuard(v *Verifier, service string, now func() time.Time) *Guard {
	return &Guard{verifier: v, service: service, now: now}
}

type seenKey struct{}

// Authenticate verifies the metadata of a call and returns a context with the
// calling service, and with the person or machine the call is made for. Every
// call but probes needs the proof of a service. Without a subject only RPCs pass
// that need none; with a bad one none does, so that a client with an expired
// session learns so instead of being taken for a stranger. It looks at the
// metadata only, so it may run before a request is decoded.
func (g *Guard) Authenticate(ctx context.Context, fullMethod string, md metadata.MD) (context.Context, error) {
	ctx = context.WithValue(ctx, seenKey{}, true)
	if access.Exempt(fullMethod) {
		return ctx, nil
	}
	service, err := g.callingService(md)
	if err != nil {
		return nil, err
	}
	values := md.Get(subjectMetadata)
	if len(values) == 0 {
		return withoutSubject(ctx, fullMethod, service)
	}
	token, ok := bearer(values)
	if !ok {
		return nil, problem.Unauthenticated(problem.ReasonTokenInvalid)
	}
	id, err := g.verifier.Subject(token)
	if err != nil {
		return nil, err
	}
	id = At(id, g.now())
	id.Service = service
	return WithToken(access.WithIdentity(ctx, id), token), nil
}

// withoutSubject lets calls pass that are made for nobody: of what is public, and
// of services among themselves.
func withoutSubject(ctx context.Context, fullMethod, service string) (context.Context, error) {
	rule, _ := access.RuleOf(fullMethod)
	switch rule.GetScope() {
	case accessv1.Scope_SCOPE_PUBLIC:
		return ctx, nil
	case accessv1.Scope_SCOPE_INTERNAL:
		return access.WithIdentity(ctx, access.Identity{Service: service}), nil
	default:
		return nil, problem.Unauthenticated(problem.ReasonIdentityMissing)
	}
}

func (g *Guard) callingService(md metadata.MD) (string, error) {
	values := md.Get(proofMetadata)
	switch len(values) {
	case 0:
		return "", problem.Unauthenticated(problem.ReasonIdentityMissing)
	case 1:
		return g.verifier.Service(values[0], g.service)
	default:
		return "", problem.Unauthenticated(problem.ReasonTokenInvalid)
	}
}

func bearer(values []string) (string, bool) {
	if len(values) != 1 || len(values[0]) <= len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(values[0][len(scheme):]), true
}

// UnaryInterceptor authenticates unary calls that are not yet.
func (g *Guard) UnaryInterceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := g.ensure(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// StreamInterceptor authenticates streams that are not yet.
func (g *Guard) StreamInterceptor() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := g.ensure(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &identifiedStream{ServerStream: stream, ctx: ctx})
	}
}

func (g *Guard) ensure(ctx context.Context, fullMethod string) (context.Context, error) {
	if seen, _ := ctx.Value(seenKey{}).(bool); seen {
		return ctx, nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	return g.Authenticate(ctx, fullMethod, md)
}

type identifiedStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context that carries the caller.
func (s *identifiedStream) Context() context.Context { return s.ctx }

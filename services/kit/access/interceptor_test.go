package access_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func principalOfMaple() context.Context {
	return access.WithIdentity(context.Background(), access.Identity{
		Subject: "people/p", Grants: grant(accessv1.Role_ROLE_PRINCIPAL, maple),
	})
}

func TestUnaryInterceptorAppliesTheRuleToTheNamedField(t *testing.T) {
	cases := map[string]struct {
		method, request string
		anonymous       bool
		want            problem.Kind // 0: allowed
	}{
		"public, anonymous":                      {method: echo.GetPublic, request: `{}`, anonymous: true},
		"signed in only, anonymous":              {method: echo.GetMine, request: `{}`, anonymous: true, want: problem.KindUnauthenticated},
		"anonymous with a foreign name":          {method: echo.Get, request: `{"name": "` + other + `"}`, anonymous: true, want: problem.KindUnauthenticated},
		"own school":                             {method: echo.Get, request: `{"name": "` + maple + `"}`},
		"foreign school":                         {method: echo.Get, request: `{"name": "` + other + `"}`, want: problem.KindNotFound},
		"no name given is the field's fault":     {method: echo.Get, request: `{}`, want: problem.KindInvalid},
		"nested field, own school":               {method: echo.Update, request: `{"item": {"name": "` + maple + `"}}`},
		"nested field, foreign school":           {method: echo.Update, request: `{"item": {"name": "` + other + `"}}`, want: problem.KindNotFound},
		"another field does not stand in":        {method: echo.Update, request: `{"name": "` + maple + `", "item": {"name": "` + other + `"}}`, want: problem.KindNotFound},
		"every name of a batch is looked at":     {method: echo.BatchGet, request: `{"names": ["` + maple + `", "` + other + `"]}`, want: problem.KindNotFound},
		"a batch of own names":                   {method: echo.BatchGet, request: `{"names": ["` + maple + `", "` + maple + `/teams/t"]}`},
		"an empty batch is the field's fault":    {method: echo.BatchGet, request: `{}`, want: problem.KindInvalid},
		"an RPC without a rule is for nobody":    {method: echo.Unruled, request: `{}`, want: problem.KindDenied},
		"an RPC that nobody knows is for none":   {method: "/no.Such/Method", request: `{}`, want: problem.KindDenied},
		"the server's own RPCs need no rule":     {method: "/grpc.health.v1.Health/Check", request: `{}`, anonymous: true},
		"a look-alike of them is not one":        {method: "/grpc.healthy.v1.Health/Check", request: `{}`, want: problem.KindDenied},
		"reflection needs no rule":               {method: "/grpc.reflection.v1.ServerReflection/X", request: `{}`, anonymous: true},
		"an RPC without a rule, and no identity": {method: echo.Unruled, request: `{}`, anonymous: true, want: problem.KindDenied},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := principalOfMaple()
			if c.anonymous {
				ctx = context.Background()
			}
			called := false
			_, err := access.UnaryInterceptor(nil)(ctx, echo.New(t, c.request), &grpc.UnaryServerInfo{FullMethod: c.method},
				func(context.Context, any) (any, error) { called = true; return nil, nil })
			require.Equal(t, c.want == 0, called)
			if c.want == 0 {
				require.NoError(t, err)
				return
			}
			require.True(t, problem.Is(err, c.want), "%v", err)
		})
	}
}

func TestMissingNameIsNamedByItsField(t *testing.T) {
	_, err := access.UnaryInterceptor(nil)(principalOfMaple(), echo.New(t, `{}`), &grpc.UnaryServerInfo{FullMethod: echo.BatchGet}, nil)
	e, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Len(t, e.Violations, 1)
	require.Equal(t, "names", e.Violations[0].Field)
}

// fakeStream receives one request again and again.
type fakeStream struct {
	grpc.ServerStream
	ctx     context.Context
	request proto.Message
	sent    int
}

func (s *fakeStream) Context() context.Context { return s.ctx }
func (s *fakeStream) SendMsg(any) error        { s.sent++; return nil }
func (s *fakeStream) RecvMsg(m any) error {
	proto.Merge(m.(proto.Message), s.request)
	return nil
}

func TestStreamInterceptorLooksAtTheFirstMessage(t *testing.T) {
	read := func(name string) error {
		stream := &fakeStream{ctx: principalOfMaple(), request: echo.New(t, `{"name": "`+name+`"}`)}
		return access.StreamInterceptor(nil)(nil, stream, &grpc.StreamServerInfo{FullMethod: echo.Watch}, func(_ any, s grpc.ServerStream) error {
			if err := s.RecvMsg(echo.New(t, `{}`)); err != nil {
				return err
			}
			return s.SendMsg(nil)
		})
	}
	require.NoError(t, read(maple))
	require.True(t, problem.Is(read(other), problem.KindNotFound))
}

func TestStreamSendsNothingBeforeItsRequestWasAllowed(t *testing.T) {
	stream := &fakeStream{ctx: principalOfMaple(), request: echo.New(t, `{"name": "`+maple+`"}`)}
	err := access.StreamInterceptor(nil)(nil, stream, &grpc.StreamServerInfo{FullMethod: echo.Watch}, func(_ any, s grpc.ServerStream) error {
		return s.SendMsg(nil)
	})
	require.True(t, problem.Is(err, problem.KindDenied))
	require.Zero(t, stream.sent)
}

func TestStreamOfAnonymousDoesNotReachTheHandler(t *testing.T) {
	stream := &fakeStream{ctx: context.Background()}
	err := access.StreamInterceptor(nil)(nil, stream, &grpc.StreamServerInfo{FullMethod: echo.Watch}, nil)
	require.True(t, problem.Is(err, problem.KindUnauthenticated))
}

func TestVerifyListsRPCsWithoutARule(t *testing.T) {
	_, err := echo.File()
	require.NoError(t, err)

	good := grpc.NewServer()
	echo.Register(good, echo.Itself)
	require.NoError(t, access.Verify(good))

	bad := grpc.NewServer()
	echo.RegisterUnruled(bad, echo.Itself)
	require.ErrorContains(t, access.Verify(bad), echo.Unruled)
}

func TestRuleOf(t *testing.T) {
	_, err := echo.File()
	require.NoError(t, err)
	got, ok := access.RuleOf(echo.Update)
	require.True(t, ok)
	require.Equal(t, "item.name", got.GetResource())
	for _, method := range []string{echo.Unruled, "/" + echo.ServiceName, "/tandem.echo.v1.Message", "", "/"} {
		_, ok := access.RuleOf(method)
		require.False(t, ok, method)
	}
}

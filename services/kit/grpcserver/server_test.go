package grpcserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/run"
)

func TestStepsOfTheChainAnswerInOrder(t *testing.T) {
	w := serve(t, echo.Itself)
	tooLong := strings.Repeat("x", 11)
	cases := map[string]struct {
		authorization   string
		method, request string
		code            codes.Code
		reason          problem.Reason
	}{
		"an allowed and valid call":                            {"Bearer " + w.token(t), echo.Get, `{"name": "` + maple + `"}`, codes.OK, ""},
		"the scheme's case does not matter":                    {"bearer " + w.token(t), echo.Get, `{"name": "` + maple + `"}`, codes.OK, ""},
		"anonymous on a public RPC":                            {"", echo.GetPublic, `{}`, codes.OK, ""},
		"anonymous, before access and validation":              {"", echo.Get, `{"name": "` + other + `", "text": "` + tooLong + `"}`, codes.Unauthenticated, problem.ReasonIdentityMissing},
		"a bad token":                                          {"Bearer nonsense", echo.Get, `{"name": "` + maple + `"}`, codes.Unauthenticated, problem.ReasonTokenInvalid},
		"a bad token even on a public RPC":                     {"Bearer nonsense", echo.GetPublic, `{}`, codes.Unauthenticated, problem.ReasonTokenInvalid},
		"another scheme":                                       {"Basic dXNlcjpwYXNz", echo.Get, `{"name": "` + maple + `"}`, codes.Unauthenticated, problem.ReasonTokenInvalid},
		"a foreign resource with a bad field is unknown":       {"Bearer " + w.token(t), echo.Get, `{"name": "` + other + `", "text": "` + tooLong + `"}`, codes.NotFound, problem.ReasonResourceNotFound},
		"an own resource with a bad field is invalid":          {"Bearer " + w.token(t), echo.Get, `{"name": "` + maple + `", "text": "` + tooLong + `"}`, codes.InvalidArgument, problem.ReasonFieldInvalid},
		"a text that holds a zero is invalid":                  {"Bearer " + w.token(t), echo.Get, `{"name": "` + maple + `", "text": "a\u0000b"}`, codes.InvalidArgument, problem.ReasonFieldInvalid},
		"what is seen but not allowed is denied":               {"Bearer " + w.token(t), echo.Get, `{"name": "districts/0880"}`, codes.PermissionDenied, problem.ReasonRoleInsufficient},
		"an anonymous call of an unknown method is not parsed": {"", "/tandem.echo.v1.Echo/No", `{}`, codes.Unauthenticated, problem.ReasonIdentityMissing},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if c.authorization != "" {
				ctx = bearer(c.authorization)
			}
			_, err := echo.Call(ctx, t, w.conn, c.method, c.request)
			require.Equal(t, c.code, status.Code(err), "%v", err)
			require.Equal(t, c.reason, apierr.Reason(err))
		})
	}
}

func TestForeignAndMissingResourcesAreAnsweredAlike(t *testing.T) {
	w := serve(t, func(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		return nil, problem.NotFound(req.Get(req.Descriptor().Fields().ByName("name")).String())
	})
	answer := func(name string) string {
		ctx := metadata.AppendToOutgoingContext(w.principal(t), requestid.MetadataKey, "r1")
		_, err := echo.Call(ctx, t, w.conn, echo.Get, `{"name": "`+name+`"}`)
		return strings.ReplaceAll(status.Convert(err).Proto().String(), name, "NAME")
	}
	require.Equal(t, answer(maple+"/teams/none"), answer(other+"/teams/real"))
}

// badCodec sends bytes that are no message.
type badCodec struct{}

func (badCodec) Marshal(any) ([]byte, error) { return []byte{0xff}, nil }
func (badCodec) Unmarshal([]byte, any) error { return nil }
func (badCodec) Name() string                { return "proto" }

func TestAnonymousIsRefusedBeforeTheMessageIsDecoded(t *testing.T) {
	w := serve(t, echo.Itself)
	_, err := echo.Call(context.Background(), t, w.conn, echo.Get, `{}`, grpc.ForceCodec(badCodec{}))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.NotEmpty(t, w.log.find(t, "call refused")["request_id"])

	_, err = echo.Call(w.principal(t), t, w.conn, echo.Get, `{}`, grpc.ForceCodec(badCodec{}))
	require.Equal(t, codes.Internal, status.Code(err), "only who is identified reaches the decoder")
}

func TestPanicIsAnsweredAsInternalAndLoggedWithItsStack(t *testing.T) {
	w := serve(t, func(context.Context, *dynamicpb.Message) (*dynamicpb.Message, error) {
		panic("secret of the house") //nolint:forbidigo // what the test is about
	})
	ctx := metadata.AppendToOutgoingContext(w.principal(t), requestid.MetadataKey, "r-panic")

	_, err := echo.Call(ctx, t, w.conn, echo.GetMine, `{}`)
	require.Equal(t, codes.Internal, status.Code(err))
	require.NotContains(t, status.Convert(err).Proto().String(), "secret")

	line := w.log.find(t, "panic in a call")
	require.Equal(t, "r-panic", line["request_id"])
	require.Contains(t, line["stack"], "server_test.go")
	require.Equal(t, "Internal", w.log.find(t, "call")["code"])

	_, err = echo.Call(ctx, t, w.conn, echo.GetPublic, `{}`)
	require.Equal(t, codes.Internal, status.Code(err), "the server goes on")
	require.ErrorContains(t, watchAll(w.principal(t), t, w, maple), "Something went wrong", "also in a stream")
}

func TestRequestID(t *testing.T) {
	w := serve(t, func(context.Context, *dynamicpb.Message) (*dynamicpb.Message, error) {
		return nil, errors.New("broken")
	})
	cases := map[string]struct {
		sent []string
		kept bool
	}{
		"a good one is kept":             {[]string{"abc-123"}, true},
		"without one a new one is given": {nil, false},
		"a too long one is replaced":     {[]string{strings.Repeat("x", 129)}, false},
		"one with a space is replaced":   {[]string{"a b"}, false},
		"an empty one is replaced":       {[]string{""}, false},
		"two are replaced":               {[]string{"a", "b"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			for _, id := range c.sent {
				ctx = metadata.AppendToOutgoingContext(ctx, requestid.MetadataKey, id)
			}
			var header metadata.MD
			_, err := echo.Call(ctx, t, w.conn, echo.GetPublic, `{}`, grpc.Header(&header))
			echoed := header.Get(requestid.MetadataKey)
			require.Len(t, echoed, 1)
			require.True(t, requestid.Valid(echoed[0]))
			require.Equal(t, c.kept, len(c.sent) == 1 && echoed[0] == c.sent[0])
			require.Equal(t, echoed[0], requestIDOf(err), "the error carries the same id")
		})
	}
}

func TestInternalCauseIsInTheLogOnly(t *testing.T) {
	w := serve(t, func(context.Context, *dynamicpb.Message) (*dynamicpb.Message, error) {
		return nil, errors.New("dial tcp 10.0.0.7:5432")
	})
	_, err := echo.Call(w.principal(t), t, w.conn, echo.GetMine, `{}`)
	require.Equal(t, codes.Internal, status.Code(err))
	require.NotContains(t, status.Convert(err).Proto().String(), "10.0.0.7")

	line := w.log.find(t, "call failed")
	require.Equal(t, "dial tcp 10.0.0.7:5432", line["cause"])
	require.Equal(t, requestIDOf(err), line["request_id"])
}

func TestRefusedCallsAreInTheLog(t *testing.T) {
	for code, request := range map[string]string{
		"PermissionDenied": `{"name": "districts/0880"}`, "NotFound": `{"name": "` + other + `"}`, "InvalidArgument": `{"name": "` + maple + `", "text": "far too long"}`,
	} {
		w := serve(t, echo.Itself)
		_, err := echo.Call(w.principal(t), t, w.conn, echo.Get, request)
		require.Error(t, err)
		line := w.log.find(t, "call")
		require.Equal(t, code, line["code"])
		require.Equal(t, echo.Get, line["method"])
		require.Equal(t, requestIDOf(err), line["request_id"])
	}
}

func TestOneLineIsLoggedPerCallWithoutItsFields(t *testing.T) {
	w := serve(t, echo.Itself)
	_, err := echo.Call(w.principal(t), t, w.conn, echo.Get, `{"name": "`+maple+`", "text": "private"}`)
	require.NoError(t, err)

	line := w.log.find(t, "call")
	require.Equal(t, echo.Get, line["method"])
	require.Equal(t, "OK", line["code"])
	require.Contains(t, line, "duration")
	require.Contains(t, line, "request_id")
	require.NotContains(t, w.log.String(), "private")
	require.NotContains(t, w.log.String(), "maple")
}

func TestCallsWithoutADeadlineGetOne(t *testing.T) {
	deadlines := make(chan time.Duration, 1)
	w := serve(t, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		deadline, _ := ctx.Deadline()
		deadlines <- time.Until(deadline)
		return req, nil
	}, func(o *grpcserver.Options) { o.Deadline = time.Minute })

	// Not through Dial, which sets a deadline of its own.
	call := func(ctx context.Context) time.Duration {
		_, err := echo.Call(ctx, t, rawConn(t, w), echo.GetPublic, `{}`)
		require.NoError(t, err)
		return <-deadlines
	}
	require.InDelta(t, time.Minute, call(context.Background()), float64(20*time.Second))
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	require.Greater(t, call(ctx), 50*time.Minute, "the client's own deadline stands")
}

func TestHandlerThatOutlivesItsDeadlineIsAnsweredInTime(t *testing.T) {
	w := serve(t, func(ctx context.Context, _ *dynamicpb.Message) (*dynamicpb.Message, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}, func(o *grpcserver.Options) { o.Deadline = 10 * time.Millisecond })
	_, err := echo.Call(context.Background(), t, rawConn(t, w), echo.GetPublic, `{}`)
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
	require.Equal(t, problem.ReasonDeadlineExceeded, apierr.Reason(err))
}

func TestStreamsPassTheSameChain(t *testing.T) {
	w := serve(t, echo.Itself)
	require.NoError(t, watchAll(w.principal(t), t, w, maple))
	require.Equal(t, problem.ReasonResourceNotFound, apierr.Reason(watchAll(w.principal(t), t, w, other)))
	require.Equal(t, problem.ReasonIdentityMissing, apierr.Reason(watchAll(context.Background(), t, w, maple)))
	require.Equal(t, problem.ReasonFieldInvalid, apierr.Reason(watchAll(w.principal(t), t, w, maple+`", "text": "far too long text`)))
}

func TestHandlerSeesCallerAndToken(t *testing.T) {
	var caller access.Identity
	var token string
	w := serve(t, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		caller, _ = access.FromContext(ctx)
		token = identity.Token(ctx)
		return req, nil
	})
	_, err := echo.Call(w.principal(t), t, w.conn, echo.GetMine, `{}`)
	require.NoError(t, err)
	require.Equal(t, "people/p", caller.Subject)
	require.NotEmpty(t, token)
}

func TestHealthNeedsNoIdentity(t *testing.T) {
	w := serve(t, echo.Itself)
	resp, err := healthv1.NewHealthClient(w.conn).Check(context.Background(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, resp.GetStatus())
}

func TestServerWithAnRPCWithoutARuleIsRefused(t *testing.T) {
	server := grpcserver.New(grpcserver.Options{Verifier: identity.NewVerifier(keystore.NewMemory())})
	err := grpcserver.Register(server,
		run.Service{Name: "echo", Register: func(r grpc.ServiceRegistrar) { echo.RegisterUnruled(r, echo.Itself) }},
		run.Service{Name: "empty"},
	)
	require.ErrorContains(t, err, echo.Unruled)
	require.ErrorContains(t, err, "service empty registers nothing")
}

func requestIDOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RequestInfo); ok {
			return info.GetRequestId()
		}
	}
	return ""
}

func watchAll(ctx context.Context, t *testing.T, w *world, name string) error {
	t.Helper()
	stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, echo.Watch)
	require.NoError(t, err)
	if err := stream.SendMsg(echo.New(t, `{"name": "`+name+`"}`)); err == nil {
		require.NoError(t, stream.CloseSend())
	}
	for range 2 {
		if err := stream.RecvMsg(echo.New(t, `{}`)); err != nil {
			return err
		}
	}
	return nil
}

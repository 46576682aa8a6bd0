package grpcserver_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

func TestDialHandsOnCallerAndRequestID(t *testing.T) {
	var id access.Identity
	var request string
	back := serve(t, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		id, _ = access.FromContext(ctx)
		request = requestid.From(ctx)
		return req, nil
	})
	// The first service calls the second with the context of its own call.
	ctx := requestid.With(identity.WithToken(context.Background(), back.token(t)), "r-tree")
	_, err := echo.Call(ctx, t, back.conn, echo.Get, `{"name": "`+maple+`"}`)
	require.NoError(t, err)
	require.Equal(t, "people/p", id.Subject)
	require.Equal(t, "r-tree", request)

	require.NoError(t, watchAll(ctx, t, back, maple))
	require.Equal(t, "r-tree", request, "streams too")
}

func TestDialWithoutACallerHasNoRightsOfItsOwn(t *testing.T) {
	w := serve(t, echo.Itself)
	_, err := echo.Call(context.Background(), t, w.conn, echo.GetMine, `{}`)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

func TestCallThatSaysWhoCallsKeepsItsToken(t *testing.T) {
	w := serve(t, echo.Itself)
	ctx := identity.WithToken(w.principal(t), "another, bad token")
	_, err := echo.Call(ctx, t, w.conn, echo.GetMine, `{}`)
	require.NoError(t, err)
}

func TestReadsAreTriedAgainWhileThePeerIsAwayAndWritesAreNot(t *testing.T) {
	cases := map[string]struct {
		method, request string
		failures        int32
		err             error
		calls           int32
		code            codes.Code
	}{
		"a read that works the second time":    {echo.Get, `{"name": "` + maple + `"}`, 1, problem.Unavailable("bus"), 2, codes.OK},
		"a read of a peer that stays away":     {echo.Get, `{"name": "` + maple + `"}`, 99, problem.Unavailable("bus"), 3, codes.Unavailable},
		"a read that is refused":               {echo.Get, `{"name": "` + maple + `"}`, 99, problem.Stale("x"), 1, codes.Aborted},
		"a write is left to its caller":        {echo.Update, `{"item": {"name": "` + maple + `"}}`, 1, problem.Unavailable("bus"), 1, codes.Unavailable},
		"an RPC not marked as read is a write": {echo.GetMine, `{}`, 1, problem.Unavailable("bus"), 1, codes.Unavailable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			w := serve(t, func(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
				if calls.Add(1) <= c.failures {
					return nil, c.err
				}
				return req, nil
			})
			_, err := echo.Call(w.principal(t), t, w.conn, c.method, c.request)
			require.Equal(t, c.code, status.Code(err), "%v", err)
			require.Equal(t, c.calls, calls.Load())
		})
	}
}

func TestDialSetsADeadline(t *testing.T) {
	remaining := make(chan time.Duration, 1)
	w := serve(t, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		deadline, _ := ctx.Deadline()
		remaining <- time.Until(deadline)
		return req, nil
	})
	_, err := echo.Call(context.Background(), t, w.conn, echo.GetPublic, `{}`)
	require.NoError(t, err)
	require.InDelta(t, 30*time.Second, <-remaining, float64(20*time.Second))
}

func TestTraceContextTravels(t *testing.T) {
	var header metadata.MD
	w := serve(t, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		header, _ = metadata.FromIncomingContext(ctx)
		return req, nil
	})
	useTraceContext(t)
	ctx := metadata.AppendToOutgoingContext(withSpan(context.Background()), "x-other", "kept")
	_, err := echo.Call(ctx, t, w.conn, echo.GetPublic, `{}`, grpc.WaitForReady(true))
	require.NoError(t, err)
	require.Equal(t, []string{"kept"}, header.Get("x-other"))
	require.Len(t, header.Get("traceparent"), 1)
	require.Contains(t, header.Get("traceparent")[0], traceID)
}

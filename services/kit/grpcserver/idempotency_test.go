package grpcserver_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestRepeatedRequestIsAnsweredFromMemoryAfterAccessAndValidation(t *testing.T) {
	migrations := fstest.MapFS{"sqlite/00001_echo.sql": {Data: []byte("-- +goose Up\nCREATE TABLE echoes (name TEXT PRIMARY KEY);\n")}}
	var calls atomic.Int32
	w := serve(t, func(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		calls.Add(1)
		return req, nil
	}, func(o *grpcserver.Options) { o.DB = kittest.SQLite(t, "echo", migrations) })
	update := func(request string) error {
		_, err := echo.Call(w.principal(t), t, w.conn, echo.Update, request)
		return err
	}
	const first = `{"item": {"name": "` + maple + `"}, "request_id": "r1", "text": "a"}`

	require.NoError(t, update(first))
	require.NoError(t, update(first))
	require.EqualValues(t, 1, calls.Load())

	require.Equal(t, problem.ReasonRequestIDReused, apierr.Reason(update(`{"item": {"name": "`+maple+`"}, "request_id": "r1", "text": "b"}`)))
	require.Equal(t, problem.ReasonFieldInvalid, apierr.Reason(update(`{"item": {"name": "`+maple+`"}, "request_id": "r1", "text": "far too long"}`)))
	require.Equal(t, problem.ReasonResourceNotFound, apierr.Reason(update(`{"item": {"name": "`+other+`"}, "request_id": "r1", "text": "a"}`)))
	require.EqualValues(t, 1, calls.Load())
}

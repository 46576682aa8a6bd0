package grpcserver_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestCallsAreMeasuredByMethodAndCodeAndWhileTheyLast(t *testing.T) {
	metrics := kittest.Metrics(t)
	const inFlight = `tandem_rpc_in_flight{service="echo"}`
	seen := make(chan float64, 1)
	w := serve(t, func(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		seen <- metrics()[inFlight]
		return req, nil
	})
	require.Contains(t, metrics(), inFlight, "told from the start")
	_, err := echo.Call(t.Context(), t, rawConn(t, w), echo.GetPublic, `{}`)
	require.NoError(t, err)
	require.InDelta(t, 1, <-seen, 0)
	kittest.Eventually(t, func() bool { return metrics()[inFlight] == 0 }, "it is over")
	require.Error(t, watchAll(w.principal(t), t, w, other))

	// A call is measured when it is over, which its caller may hear of first.
	for _, want := range []string{
		`rpc_server_call_duration_seconds_count\{rpc_method="[^"]+/GetPublic",rpc_response_status_code="OK",rpc_system_name="grpc"\}`,
		`rpc_server_call_duration_seconds_count\{(error_type="NOT_FOUND",)?rpc_method="[^"]+",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"\}`,
	} {
		kittest.Eventually(t, func() bool {
			return regexp.MustCompile(want).MatchString(strings.Join(slices.Sorted(maps.Keys(metrics())), "\n"))
		}, "%s", want)
	}
}

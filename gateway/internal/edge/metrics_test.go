package edge_test

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestRequestsAreMeasuredByRouteAndStatusAndWhileTheyLast(t *testing.T) {
	metrics := kittest.Metrics(t)
	log := &lines{}
	during := make(chan float64, 3)
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		during <- metrics()["tandem_http_in_flight"]
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			edge.SetRoute(r.Context(), "/v1/forms/{code}")
			w.WriteHeader(http.StatusTeapot)
		}
	})
	server := httptest.NewServer(edge.Wrap(inner, edge.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Limits: edge.Limits{Anonymous: 2}}))
	defer server.Close()
	require.Contains(t, metrics(), `tandem_rate_limited_total{kind="sign_in"}`, "told from the start")
	for _, path := range []string{"/v1/forms/secret", "/some/path", "/third"} {
		resp, err := http.Get(server.URL + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	require.InDelta(t, 1, <-during, 0)
	kittest.Eventually(t, func() bool { return metrics()["tandem_http_in_flight"] == 0 }, "all are answered")
	found := metrics()
	const name = "http_server_request_duration_seconds_count"
	require.InDelta(t, 1, found[name+`{http_request_method="GET",http_response_status_code="418",http_route="/v1/forms/{code}"}`], 0)
	require.InDelta(t, 1, found[name+`{http_request_method="GET",http_response_status_code="200",http_route="unmatched"}`], 0)
	require.InDelta(t, 1, found[name+`{http_request_method="GET",http_response_status_code="429",http_route="unmatched"}`], 0)
	require.InDelta(t, 1, found[`tandem_rate_limited_total{kind="anonymous"}`], 0)
	require.NotContains(t, strings.Join(slices.Sorted(maps.Keys(found)), "\n"), "secret")
}

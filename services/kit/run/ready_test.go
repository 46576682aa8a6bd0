package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/run"
)

func get(t *testing.T, handler http.Handler, path string) (int, map[string]any) {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	var body map[string]any
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
	return answer.Code, body
}

func ok(context.Context) error { return nil }

func TestReadyOnlyWhenEveryCheckIsOK(t *testing.T) {
	var log bytes.Buffer
	ready := run.NewReadiness(slog.New(slog.NewTextHandler(&log, nil)))
	handler := run.OperatorHandler(nil, ready)

	code, _ := get(t, handler, "/readyz")
	require.Equal(t, http.StatusOK, code, "nothing to wait for")

	var broken error
	ready.Add(run.Check{Name: "database", Probe: ok}, run.Check{Name: "bus", Probe: func(context.Context) error { return broken }})
	code, body := get(t, handler, "/readyz")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, true, body["ready"])

	broken = errors.New("dial tcp 10.0.0.7:4222")
	code, body = get(t, handler, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, map[string]any{"ready": false, "checks": []any{
		map[string]any{"name": "database", "result": "ok"},
		map[string]any{"name": "bus", "result": "failed"},
	}}, body, "and nothing about why")
	require.Contains(t, log.String(), "10.0.0.7", "which the log has")
}

func TestHangingCheckIsFailed(t *testing.T) {
	ready := run.NewReadiness(quiet())
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	ready.Add(run.Check{Name: "bus", Probe: func(context.Context) error { <-release; return nil }})
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // as the probe's own timeout would
	require.Equal(t, []run.CheckResult{{Name: "bus", Result: run.ResultFailed}}, ready.Report(ctx).Checks)
}

func TestDrainingIsNotReadyButAlive(t *testing.T) {
	ready := run.NewReadiness(quiet())
	ready.Add(run.Check{Name: "database", Probe: ok})
	ready.Drain()
	handler := run.OperatorHandler(nil, ready)
	code, body := get(t, handler, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, true, body["draining"])
	code, body = get(t, handler, "/healthz")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, map[string]any{"live": true}, body)
}

func TestOperatorServesMetricsAndNothingElse(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a 1\n")) })
	handler := run.OperatorHandler(metrics, run.NewReadiness(quiet()))
	cases := map[string]struct {
		method, path string
		code         int
	}{
		"metrics":           {"GET", "/metrics", http.StatusOK},
		"only to be read":   {"POST", "/readyz", http.StatusMethodNotAllowed},
		"no other path":     {"GET", "/debug/pprof/", http.StatusNotFound},
		"nor the root path": {"GET", "/", http.StatusNotFound},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(c.method, c.path, nil))
			require.Equal(t, c.code, answer.Code)
		})
	}
}

func TestChecksOfAServiceBearItsName(t *testing.T) {
	g := run.NewGroup(run.Options{Log: quiet()})
	g.Service(run.Service{Name: "schools", Checks: []run.Check{{Name: "database", Probe: ok}}})
	require.Equal(t, "schools/database", g.Readiness().Report(context.Background()).Checks[0].Name)
}

func TestWhatIsLostLaterTakesNoReplicaOut(t *testing.T) {
	ready := run.NewReadiness(quiet())
	gone := errors.New("away")
	broken := gone
	ready.Add(run.Check{Name: "database", Probe: ok}, run.Check{Name: "bus", Probe: func(context.Context) error { return broken }, Once: true})
	handler := run.OperatorHandler(nil, ready)

	code, body := get(t, handler, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code, "a replica that never reached the bus gets nobody")
	require.Equal(t, map[string]any{"name": "bus", "result": "failed"}, body["checks"].([]any)[1])

	broken = nil
	code, _ = get(t, handler, "/readyz")
	require.Equal(t, http.StatusOK, code)

	broken = gone
	code, body = get(t, handler, "/readyz")
	require.Equal(t, http.StatusOK, code, "it serves on with less")
	require.Equal(t, map[string]any{"name": "bus", "result": "degraded"}, body["checks"].([]any)[1])
}

func TestAProcessIsNotReadyBeforeItRuns(t *testing.T) {
	g := run.NewGroup(run.Options{Log: quiet()})
	code, body := get(t, g.Readiness().Handler(), "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, true, body["starting"])
}

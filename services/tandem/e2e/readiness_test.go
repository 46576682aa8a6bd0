package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// readiness is what /readyz answers; code 0 means nobody answers.
func readiness(t *testing.T, base string) (code int, checks map[string]string) {
	t.Helper()
	resp, err := http.Get(base + "/readyz")
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var report run.Report
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&report))
	checks = map[string]string{}
	for _, check := range report.Checks {
		checks[check.Name] = check.Result
	}
	return resp.StatusCode, checks
}

// A gateway that never reached a service gets nobody; one that lost it serves what
// the others can, says what is missing, and takes it up again.
func TestTheGatewayServesOnWithoutAService(t *testing.T) {
	i := newInstance(t, "TANDEM_NATS="+natsServer(t))
	processes := i.serveApart()
	processes["badges"].kill()
	await(t, "the loss to be told", func() bool {
		code, checks := readiness(t, i.ops)
		return code == http.StatusOK && checks["gateway/badges"] == run.ResultDegraded && checks["gateway/schools"] == run.ResultOK
	})
	require.Equal(t, http.StatusServiceUnavailable, i.status("/v1/credentials/none"), "what only badges knows")
	require.Equal(t, http.StatusOK, i.status("/docs"))

	processes["gateway"].kill()
	processes["gateway"] = start(t, i.env, programs.tandem, "serve", "gateway")
	await(t, "the new gateway to answer", func() bool {
		code, checks := readiness(t, i.ops)
		return code == http.StatusServiceUnavailable && checks["gateway/badges"] == run.ResultFailed && checks["gateway/schools"] == run.ResultOK
	})
	start(t, append(i.env, "TANDEM_OPS_ADDR="+freeAddress(t)), programs.tandem, "serve", "badges")
	i.awaitReady(i.ops, processes["gateway"])
}

// What starts before its database waits for it, alive and not ready.
func TestAStartWaitsForTheBusAndTheSchema(t *testing.T) {
	natsURL, server, _ := natsProcess(t)
	owner := kittest.Postgres(t)
	i := newInstance(t, "TANDEM_DB="+owner, "TANDEM_NATS="+natsURL, "TANDEM_MIGRATE=false", "TANDEM_START_WAIT=2m")
	p := start(t, i.env, programs.tandem, "serve", "all")
	await(t, "the process to live", func() bool {
		code, _ := readiness(t, i.ops)
		return code == http.StatusServiceUnavailable && i.statusAt(i.ops, "/healthz") == http.StatusOK
	})
	output, err := i.command("migrate")
	require.NoError(t, err, output)
	i.awaitReady(i.ops, p)
	require.True(t, server.running())
	require.NoFileExists(t, filepath.Join(i.data, "schools.db"))
	_, err = os.Stat(filepath.Join(i.data, "keys"))
	require.NoError(t, err)
}

func (i *instance) status(path string) int { return i.statusAt(i.url, path) }

func (i *instance) statusAt(base, path string) int {
	i.t.Helper()
	resp, err := http.Get(base + path)
	require.NoError(i.t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

package command

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
)

func TestHealthcheckSaysInOneLineHowAProcessIs(t *testing.T) {
	broken := run.Check{Name: "database", Probe: func(context.Context) error { return errors.New("away") }}
	well := run.Check{Name: "bus", Probe: func(context.Context) error { return nil }}
	for name, c := range map[string]struct {
		checks []run.Check
		drain  bool
		ready  bool
		says   string
		fails  string
	}{
		"it lives":                    {checks: []run.Check{broken}, says: "alive\n"},
		"it is ready":                 {checks: []run.Check{well}, ready: true, says: "ready\n"},
		"what it needs does not work": {checks: []run.Check{well, broken}, ready: true, fails: "not ready: database failed"},
		"it stops":                    {checks: []run.Check{well}, drain: true, ready: true, fails: "not ready: it is stopping"},
		"it lives while it stops":     {checks: []run.Check{well}, drain: true, says: "alive\n"},
	} {
		t.Run(name, func(t *testing.T) {
			ready := run.NewReadiness(kittest.Log(t))
			ready.Add(c.checks...)
			if c.drain {
				ready.Drain()
			}
			server := httptest.NewServer(run.OperatorHandler(nil, ready))
			defer server.Close()
			var out strings.Builder
			err := (&Healthcheck{Ready: c.ready, URL: server.URL, Within: time.Minute}).ask(t.Context(), &out)
			require.Equal(t, c.says, out.String())
			if c.fails != "" {
				require.EqualError(t, err, c.fails)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestHealthcheckOfNobodyFails(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	check := &Healthcheck{OpsAddr: closed.Addr().String(), Within: time.Minute}
	require.ErrorContains(t, check.Run(t.Context()), "does not answer: dial tcp")

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	err = (&Healthcheck{URL: other.URL, Ready: true, Within: time.Minute}).Run(t.Context())
	require.EqualError(t, err, "unhealthy: answered 404 Not Found")
}

func TestHealthcheckAsksWhereTheProcessListens(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8081": "http://127.0.0.1:8081",
		":9":             "http://127.0.0.1:9",
		"0.0.0.0:9":      "http://127.0.0.1:9",
		"[::]:9":         "http://127.0.0.1:9",
		"10.1.2.3:9":     "http://10.1.2.3:9",
	} {
		base, err := (&Healthcheck{OpsAddr: addr}).base()
		require.NoError(t, err)
		require.Equal(t, want, base)
	}
	_, err := (&Healthcheck{OpsAddr: "8081"}).base()
	require.ErrorContains(t, err, "--ops-addr")
	_, err = (&Healthcheck{URL: "127.0.0.1:8081"}).base()
	require.ErrorContains(t, err, "--url")
}

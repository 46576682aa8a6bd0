package doctor_test

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/config"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/doctor"
)

// settings are the defaults, with ports of the test's own.
func settings(t *testing.T, data string) app.ServeSettings {
	t.Helper()
	var cli struct {
		Serve struct{ app.ServeSettings } `cmd:""`
	}
	_, err := config.Parse(&cli, "tandem", "", []string{"serve", "--data", data})
	require.NoError(t, err)
	s := cli.Serve.ServeSettings
	for _, address := range []*string{&s.HTTPAddr, &s.OpsAddr, &s.SchoolsAddr, &s.AssessmentsAddr, &s.EvidenceAddr, &s.BadgesAddr} {
		*address = freeAddress(t)
	}
	return s
}

// quiet is a log that nobody reads.
func quiet() app.Log {
	return app.Log{Logger: slog.New(slog.DiscardHandler), Level: &slog.LevelVar{}}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// start runs the parts until the test ends or stop is called.
func start(t *testing.T, s app.ServeSettings, names ...string) (stop func()) {
	t.Helper()
	platform, err := app.New(t.Context(), s, names, "v1.2.3", quiet())
	require.NoError(t, err)
	stop = kittest.Go(t, platform.Run)
	require.NoError(t, platform.WaitReady(t.Context()))
	return stop
}

var template struct {
	sync.Mutex
	dir string
}

// installed returns the data folder of an installation that ran once and is stopped.
func installed(t *testing.T) app.ServeSettings {
	t.Helper()
	template.Lock()
	defer template.Unlock()
	if template.dir == "" {
		dir, err := os.MkdirTemp("", "tandem-doctor-") //nolint:usetesting // it outlives the test that makes it
		require.NoError(t, err)
		start(t, settings(t, dir))()
		template.dir = dir
	}
	data := t.TempDir()
	require.NoError(t, os.CopyFS(data, os.DirFS(template.dir)))
	require.NoError(t, os.Chmod(data, 0o700))
	require.NoError(t, filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			err = os.Chmod(path, 0o600) // copies lose their modes to the mask
		}
		return err
	}))
	return settings(t, data)
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(template.dir)
	os.Exit(code)
}

// find returns the finding of a check.
func find(t *testing.T, results []doctor.Result, check string) doctor.Result {
	t.Helper()
	for _, r := range results {
		if r.Group+" "+r.Check == check {
			return r
		}
	}
	require.Failf(t, "no such finding", "%s among %v", check, results)
	return doctor.Result{}
}

// front is a proxy with TLS before the gateway, and a client for whom it is
// badges.example.org.
func front(t *testing.T, gateway string) *http.Client {
	t.Helper()
	proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: gateway}))
	t.Cleanup(proxy.Close)
	client := proxy.Client()
	transport, ok := client.Transport.(*http.Transport)
	require.True(t, ok)
	transport.TLSClientConfig.ServerName = "example.com"
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Minute}).DialContext(ctx, "tcp", proxy.Listener.Addr().String())
	}
	return client
}

package guarded_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/guarded"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/readonly"
)

const secret = "0123456789abcdef"

// port is an operator's port with its log.
type port struct {
	handler http.Handler
	level   *slog.LevelVar
	log     *lines
	mode    *kept
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// kept is read-only mode in memory.
type kept struct {
	state readonly.State
	away  error
}

func (k *kept) Load(context.Context) (readonly.State, error) { return k.state, k.away }
func (k *kept) Store(_ context.Context, s readonly.State) error {
	if k.away == nil {
		k.state = s
	}
	return k.away
}

func open(token string) *port {
	p := &port{level: &slog.LevelVar{}, log: &lines{}, mode: &kept{}}
	log := slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: p.level}))
	health := http.NewServeMux()
	health.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	p.handler = guarded.Handler(guarded.Options{Token: token, Log: log, Level: p.level, Mode: p.mode}, health)
	return p
}

func (p *port) call(t *testing.T, method, path, body, token string) (int, map[string]any) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, req)
	var said map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &said)
	return w.Code, said
}

var endpoints = []string{
	"GET /log-level", "PUT /log-level", "GET /read-only", "PUT /read-only", "GET /debug/pprof/", "GET /debug/pprof/heap",
	"GET /debug/pprof/goroutine", "GET /debug/pprof/profile?seconds=1", "GET /debug/pprof/trace?seconds=1", "GET /debug/pprof/symbol",
	"GET /debug/pprof/allocs", "GET /debug/pprof/block", "GET /debug/pprof/mutex", "GET /debug/pprof/threadcreate",
}

func TestWithoutASecretInTheSettingsNothingIsThere(t *testing.T) {
	p := open("")
	for _, endpoint := range endpoints {
		method, path, _ := strings.Cut(endpoint, " ")
		code, _ := p.call(t, method, path, "", "")
		require.Equal(t, http.StatusNotFound, code, endpoint)
	}
	require.Empty(t, p.log.String())
}

func TestOnlyWhoShowsTheSecretIsServed(t *testing.T) {
	p := open(secret)
	for _, endpoint := range endpoints {
		method, path, _ := strings.Cut(endpoint, " ")
		for _, wrong := range []string{"", "wrong", secret[:15], secret + "x"} {
			code, said := p.call(t, method, path, `{"level": "debug", "on": true, "reason": "x"}`, wrong)
			require.Equal(t, http.StatusUnauthorized, code, "%s with %q", endpoint, wrong)
			require.Contains(t, said["error"], "TANDEM_OPS_TOKEN")
		}
	}
	require.Equal(t, slog.LevelInfo, p.level.Level())
	require.False(t, p.mode.state.On)
	require.Equal(t, 4*len(endpoints), strings.Count(p.log.String(), `"allowed":false`), "each try is on record")
	require.NotContains(t, p.log.String(), secret[:15])
	bare := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/log-level", nil)
	bare.Header.Set("Authorization", secret)
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, bare)
	require.Equal(t, http.StatusUnauthorized, w.Code, "the secret counts as bearer authorization only")
	code, _ := p.call(t, http.MethodGet, "/healthz", "", "")
	require.Equal(t, http.StatusOK, code, "health asks nobody")
}

func TestProfilesAreServedAndBounded(t *testing.T) {
	p := open(secret)
	for _, path := range []string{"", "heap", "goroutine?debug=1", "profile?seconds=1", "trace?seconds=0.05", "mutex", "block", "allocs", "threadcreate", "symbol"} {
		code, _ := p.call(t, http.MethodGet, "/debug/pprof/"+path, "", secret)
		require.Equal(t, http.StatusOK, code, path)
	}
	for _, path := range []string{"profile?seconds=121", "trace?seconds=1e9", "heap?seconds=-1", "profile?seconds=NaN", "profile?seconds=x"} {
		code, said := p.call(t, http.MethodGet, "/debug/pprof/"+path, "", secret)
		require.Equal(t, http.StatusBadRequest, code, path)
		require.Contains(t, said["error"], "120")
	}
	code, _ := p.call(t, http.MethodGet, "/debug/pprof/cmdline", "", secret)
	require.Equal(t, http.StatusNotFound, code, "the command line may hold passwords")
}

func TestTheLevelOfTheLogGoesBackByItself(t *testing.T) {
	p := open(secret)
	code, said := p.call(t, http.MethodPut, "/log-level", `{"level": "debug", "for": "1h"}`, secret)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "debug", said["level"])
	require.Equal(t, "info", said["usual"])
	require.NotEmpty(t, said["until"])
	require.Equal(t, slog.LevelDebug, p.level.Level())
	_, shown := p.call(t, http.MethodGet, "/log-level", "", secret)
	require.Equal(t, said, shown)
	require.Contains(t, p.log.String(), `"msg":"level of the log changed","from":"info","to":"debug","for":"1h0m0s"`)

	code, _ = p.call(t, http.MethodPut, "/log-level", `{"level": "error", "for": "10ms"}`, secret)
	require.Equal(t, http.StatusOK, code)
	kittest.Eventually(t, func() bool { return p.level.Level() == slog.LevelInfo }, "the level falls back")
	_, shown = p.call(t, http.MethodGet, "/log-level", "", secret)
	require.Equal(t, map[string]any{"level": "info", "usual": "info"}, shown)
	kittest.Eventually(t, func() bool { return strings.Contains(p.log.String(), "as usual again") }, "and that is on record")
}

func TestTheLevelCanBeTakenBackAtOnce(t *testing.T) {
	p := open(secret)
	for _, level := range []string{"warn", "info"} {
		code, _ := p.call(t, http.MethodPut, "/log-level", `{"level": "`+level+`"}`, secret)
		require.Equal(t, http.StatusOK, code)
	}
	require.Equal(t, slog.LevelInfo, p.level.Level())
	_, shown := p.call(t, http.MethodGet, "/log-level", "", secret)
	require.NotContains(t, shown, "until")
}

func TestALevelThatMakesNoSenseIsRefused(t *testing.T) {
	p := open(secret)
	for body, want := range map[string]string{
		`{"level": "loud"}`:                    "debug, info, warn or error",
		`{"level": "debug", "for": "ten"}`:     "a time such as 10m",
		`{"level": "debug", "for": "25h"}`:     "at most 24h",
		`{"level": "debug", "for": "-1m"}`:     "a time such as 10m",
		`{"level": "debug", "minutes": 10}`:    "minutes",
		`debug`:                                "JSON",
		`{"level": "debug"} {"for": "1m"}`:     "follows",
		`{"level": "` + longText(5000) + `x"}`: "JSON",
		`{"level": "info+4"}`:                  "debug, info, warn or error",
	} {
		code, said := p.call(t, http.MethodPut, "/log-level", body, secret)
		require.Equal(t, http.StatusBadRequest, code, body)
		require.Contains(t, said["error"], want)
	}
	require.Equal(t, slog.LevelInfo, p.level.Level())
}

func longText(n int) string { return strings.Repeat("x", n) }

func TestReadOnlyModeIsSetForTheInstallation(t *testing.T) {
	p := open(secret)
	code, said := p.call(t, http.MethodPut, "/read-only", `{"on": true, "reason": "We move."}`, secret)
	require.Equal(t, http.StatusOK, code)
	require.NotEmpty(t, said["since"])
	require.True(t, p.mode.state.On)
	_, shown := p.call(t, http.MethodGet, "/read-only", "", secret)
	require.Equal(t, said, shown)

	code, said = p.call(t, http.MethodPut, "/read-only", `{"on": true}`, secret)
	require.Equal(t, http.StatusBadRequest, code)
	require.Contains(t, said["error"], "the reason")
	p.mode.away = errors.New("no route to nats.example.org")
	code, said = p.call(t, http.MethodGet, "/read-only", "", secret)
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.NotContains(t, said["error"], "nats.example.org")
}

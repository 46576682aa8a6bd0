package edge_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
)

// lines is a log that a server writes and a test reads.
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

func serve(t *testing.T, handle http.HandlerFunc) (url string, log *lines) {
	t.Helper()
	log = &lines{}
	server := httptest.NewServer(edge.Wrap(edge.Named("/pattern", handle), edge.Options{Log: slog.New(slog.NewTextHandler(log, nil))}))
	t.Cleanup(server.Close)
	return server.URL, log
}

// fall panics as broken code does.
func fall() {
	none := os.Args[:0:0]
	none[len(os.Args)] = "x"
}

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	url, log := serve(t, func(http.ResponseWriter, *http.Request) { fall() })
	resp, err := http.Get(url + "/secret/path")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	require.NotContains(t, string(body), "out of range")
	require.Contains(t, log.String(), "out of range")
	require.Contains(t, log.String(), "edge_test.go", "the stack says where")
	require.Contains(t, log.String(), "route=/pattern status=500")
}

func TestAPanicInTheMiddleDoesNotLookLikeTheEnd(t *testing.T) {
	url, log := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half of it"))
		_ = http.NewResponseController(w).Flush()
		fall()
	})
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.Error(t, err)
	require.NotContains(t, string(body), "problem")
	require.Contains(t, log.String(), "out of range")
}

func TestAnAnswerOfNothingIsCountedAsOne(t *testing.T) {
	url, log := serve(t, func(http.ResponseWriter, *http.Request) {})
	resp, err := http.Get(url)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Eventually(t, func() bool { return bytes.Contains([]byte(log.String()), []byte("status=200 bytes=0")) }, 1e10, 1e6)
}

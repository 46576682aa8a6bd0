package e2e

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// unentered tells whether a call leaves no entry by design: it reads, or what it
// brings is anonymous.
func unentered(path string) bool {
	for _, end := range []string{"/responses:submit", "/ratings", ":verify"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return false
}

// callLog stands before an instance and notes the request id of every call that
// asks for a change, and how it was answered.
type callLog struct {
	*httptest.Server
	mu    sync.Mutex
	calls []changeCall
}

type changeCall struct {
	method, path, id string
	status           int
}

func (c changeCall) String() string { return fmt.Sprintf("%s %s: %d", c.method, c.path, c.status) }

func newCallLog(t *testing.T, instance string) *callLog {
	t.Helper()
	target, err := url.Parse(instance)
	require.NoError(t, err)
	l := &callLog{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1 // events stream
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method != http.MethodGet && strings.HasPrefix(r.Request.URL.Path, "/v1/") {
			l.mu.Lock()
			l.calls = append(l.calls, changeCall{r.Request.Method, r.Request.URL.Path, r.Header.Get("X-Request-Id"), r.StatusCode})
			l.mu.Unlock()
		}
		return nil
	}
	l.Server = httptest.NewServer(proxy)
	t.Cleanup(l.Close)
	return l
}

// changes are the calls noted, without those that leave no entry by design.
func (l *callLog) changes() (done, refused []changeCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.calls {
		switch {
		case c.status >= http.StatusBadRequest:
			refused = append(refused, c)
		case !unentered(c.path):
			done = append(done, c)
		}
	}
	return done, refused
}

// entriesByRequest counts the entries of the audit log by the request behind them.
func entriesByRequest(t *testing.T, log string) map[string]int {
	t.Helper()
	entries := map[string]int{}
	for lines := bufio.NewScanner(strings.NewReader(log)); lines.Scan(); {
		var entry struct {
			RequestID string `json:"request_id"`
		}
		if json.Unmarshal(lines.Bytes(), &entry) == nil {
			entries[entry.RequestID]++
		}
	}
	require.Greater(t, len(entries), 20)
	return entries
}

func TestEveryChangeIsInTheAuditLogAndNobodyChangesThat(t *testing.T) {
	i := newInstance(t)
	p := i.serve()
	direct, calls := i.url, newCallLog(t, i.url)
	i.url = calls.URL
	_, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	refuse(t, calls.URL)
	i.url = direct
	require.Zero(t, p.stop(syscall.SIGTERM))

	log, err := i.command("audit", "log")
	require.NoError(t, err, log)
	entries := entriesByRequest(t, log)
	done, refused := calls.changes()
	require.Greater(t, len(done), 50)
	require.NotEmpty(t, refused)
	for _, c := range done {
		require.NotEmpty(t, c.id, c.String())
		require.Positive(t, entries[c.id], "%s left no entry with its request id", c)
	}
	for _, c := range refused {
		require.Zero(t, entries[c.id], "%s was refused and left an entry", c)
	}
	verified, err := i.command("audit", "log", "--verify")
	require.NoError(t, err, verified)
	require.Contains(t, verified, "intact")
	require.NotContains(t, verified, "BROKEN")
	tamper(t, i)
}

// refuse makes calls that are refused: one without a right, one that is wrong.
func refuse(t *testing.T, base string) {
	t.Helper()
	for _, call := range []struct{ subject, path, body string }{
		{"people/dev-admin", "/v1/districts?districtId=wrong", `{"title":""}`},
		{leaving + "/people/walkthrough-coordinator", "/v1/districts?districtId=mine", `{"title":"Mine"}`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+call.path, strings.NewReader(call.body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+devToken(t, restclient.New(base), call.subject))
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.GreaterOrEqual(t, resp.StatusCode, http.StatusBadRequest)
	}
}

// tamper changes one linked entry by hand and has that found.
func tamper(t *testing.T, i *instance) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(i.data, "schools.db"))
	require.NoError(t, err)
	change := `UPDATE audit_entries SET actor = 'people/somebody-else' WHERE district_id = ? AND sequence = 3`
	district := lastPart(leaving)
	_, err = db.ExecContext(t.Context(), change, district)
	require.ErrorContains(t, err, "only added to")
	_, err = db.ExecContext(t.Context(), `DROP TRIGGER audit_entries_keep_update`)
	require.NoError(t, err)
	done, err := db.ExecContext(t.Context(), change, district)
	require.NoError(t, err)
	n, err := done.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoError(t, db.Close())

	verified, err := i.command("audit", "log", "--verify")
	require.ErrorContains(t, err, "exit status 1", verified)
	require.Regexp(t, `schools +`+district+` .*BROKEN at 3`, verified)
	require.Equal(t, 1, strings.Count(verified, "BROKEN"), verified)
}

package load

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fake is a gateway that knows what the load asks for, and fails as it is told.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]int // by responseId
	fails   func(r *http.Request) int
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{answers: map[string]int{}, fails: func(*http.Request) int { return 0 }}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /dev/token", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"token": "t", "expires_in": 600}`)
	})
	mux.HandleFunc("POST /v1/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		switch rest := r.PathValue("rest"); {
		case strings.HasSuffix(rest, "invitations:batchCreate"):
			codes := make([]string, perInvite)
			for i := range codes {
				codes[i] = unique()
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"codes": codes})
		case rest == "responses:submit":
			f.submit(w, r)
		}
	})
	mux.HandleFunc("GET /v1/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		switch rest := r.PathValue("rest"); {
		case rest == framework:
			_, _ = io.WriteString(w, `{"standards": [{"id": "one"}]}`)
		case strings.HasSuffix(rest, "nowhere"):
			w.WriteHeader(http.StatusNotFound)
		case r.Header.Get("Authorization") == "" && !strings.HasPrefix(rest, "forms/"):
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		status := f.fails(r)
		f.mu.Unlock()
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) submit(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.Contains(string(raw), "words-") || len(f.answers) == 0 {
		f.answers[string(raw)]++
		_, _ = io.WriteString(w, `{"receipt": "r"}`)
		return
	}
	w.WriteHeader(http.StatusBadRequest) // a second answer with a used code
}

// during runs a load until so many requests were made.
func during(t *testing.T, f *fake, requests int, o Options) (*Tally, []Record, error) {
	t.Helper()
	var out bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o.URL, o.Rate, o.Tokens = f.URL, 500, 100
	lines := &counting{Writer: &out, enough: requests, stop: stop}
	o.Out = lines
	tally, err := Run(ctx, o, func() {})
	var records []Record
	require.NoError(t, ReadRecords(&out, func(r Record) { records = append(records, r) }))
	return tally.Close(), records, err
}

// counting stops a load after so many records.
type counting struct {
	io.Writer
	enough int
	stop   func()
}

func (c *counting) Write(p []byte) (int, error) {
	if c.enough--; c.enough == 0 {
		c.stop()
	}
	return c.Writer.Write(p)
}

func TestALoadMixesReadsWritesAndRefusals(t *testing.T) {
	tally, records, err := during(t, newFake(t), 200, Options{})
	require.NoError(t, err)
	require.Zero(t, tally.Unexpected, tally.Reasons(5))
	require.GreaterOrEqual(t, tally.Requests, 200)
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.Kind]++
		require.Equal(t, r.ID != "", r.Acked, "each write was acknowledged, and nothing else")
	}
	for _, kind := range []string{Answer, School, Settled, "rating", "again", "nobody", "unknown", "form", "badges", "artifacts"} {
		require.Positive(t, kinds[kind], kind)
	}
	require.Contains(t, tally.String(), "0 not as expected")
}

// The sixth request begins a self-assessment, and the load ends with it.
func TestWhatWasBegunIsBroughtToItsEnd(t *testing.T) {
	_, records, err := during(t, newFake(t), 6, Options{})
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.Kind]++
	}
	require.Positive(t, kinds["assessment"])
	require.Equal(t, kinds["assessment"], kinds[Settled])
}

func TestAFailureIsCountedAndNotTriedAgain(t *testing.T) {
	f := newFake(t)
	failed := 0
	f.fails = func(r *http.Request) int {
		if r.URL.Path == "/v1/responses:submit" && len(f.answers) > 3 && failed < 3 {
			failed++
			return http.StatusServiceUnavailable
		}
		return 0
	}
	tally, records, err := during(t, f, 200, Options{})
	require.NoError(t, err)
	require.Equal(t, 3, tally.Unexpected)
	require.Len(t, tally.Reasons(5), 1+len(tally.Why)-1)
	again := map[string]int{}
	for _, r := range records {
		if r.Kind == Answer {
			again[r.ID]++
			require.Equal(t, 1, again[r.ID])
		}
	}
}

func TestOpenWritesAreSentUntilTheyAreAcknowledged(t *testing.T) {
	f := newFake(t)
	n := 0
	f.fails = func(r *http.Request) int {
		if r.Method == http.MethodPost && r.URL.Path != "/dev/token" && len(f.answers) > 0 {
			if n++; n%3 == 0 {
				return http.StatusServiceUnavailable
			}
		}
		return 0
	}
	tally, records, err := during(t, f, 300, Options{Settle: time.Minute})
	require.NoError(t, err)
	require.Positive(t, tally.Unexpected)
	acked, asked := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		if r.ID != "" {
			asked[r.Kind+r.ID] = true
			acked[r.Kind+r.ID] = acked[r.Kind+r.ID] || r.Acked
		}
	}
	for write := range asked {
		require.True(t, acked[write], write)
	}
}

func TestAnInstallationThatStaysAwayIsTold(t *testing.T) {
	f := newFake(t)
	f.fails = func(r *http.Request) int {
		if len(f.answers) > 3 && r.Method == http.MethodPost {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	_, _, err := during(t, f, 100, Options{Settle: time.Millisecond})
	require.ErrorContains(t, err, "still not acknowledged")
}

func TestCodesOfSurveysStayOutOfErrors(t *testing.T) {
	c := newCaller("http://127.0.0.1:1")
	rec := c.do(t.Context(), &operation{kind: "form", method: http.MethodGet, path: "/v1/forms/SECRETCODE", want: []int{200}})
	require.False(t, rec.Expected)
	require.NotContains(t, rec.Note, "SECRETCODE")
	require.Contains(t, rec.Note, "refused")
}

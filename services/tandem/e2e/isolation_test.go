package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// Ids that exist in another district must be answered like ids that never did:
// every call of a whole year in one district is made again by the coordinator
// of another, once as it was and once with ids that nobody ever had.
func TestAForeignIDIsAnsweredLikeOneThatNeverExisted(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			for _, c := range curious(t, programs.tandem, database) {
				require.Equal(t, c.never, c.foreign, c.call)
				require.Equal(t, http.StatusNotFound, c.foreign.status, c.call)
			}
		})
	}
}

// The program built without the application's own wall between districts tells
// foreign ids from unknown ones no better on PostgreSQL, whose row-level security
// holds alone. On SQLite, which has none, it shows what the missing wall hid: so
// the switch does switch. Without that wall a call may be refused for what is
// wrong in it before anybody looks whether there is such a resource.
func TestTheWallInTheDatabaseHoldsAlone(t *testing.T) {
	unfiltered := filepath.Join(programs.dir, "tandem-unfiltered")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "tandem_unfiltered", "-o", unfiltered,
		"github.com/tandem-badges/tandem/services/tandem").CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Run("postgres", func(t *testing.T) {
		for _, c := range curious(t, unfiltered, "postgres") {
			require.Equal(t, c.never, c.foreign, c.call)
			require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, c.foreign.status, c.call)
		}
	})
	t.Run("sqlite", func(t *testing.T) {
		shown := 0
		for _, c := range curious(t, unfiltered, "sqlite") {
			if c.foreign.status == http.StatusOK {
				shown++
			}
		}
		require.Positive(t, shown)
	})
}

// tried is a call made with a foreign id, and with one that never existed.
type tried struct {
	call           string
	foreign, never answer
}

// curious has the coordinator of one district make the calls of another.
func curious(t *testing.T, program, database string) (all []tried) {
	t.Helper()
	var env []string
	if database == "postgres" {
		env = append(env, "TANDEM_DB="+kittest.Postgres(t))
	}
	i := newInstance(t, env...)
	i.program = program
	i.serve()
	calls := map[restclient.Call]bool{}
	_, out, err := i.play(t.Context(), walkthrough.Options{District: "harvested", OnCall: func(c restclient.Call) {
		calls[restclient.Call{Method: c.Method, Path: c.Path}] = true
	}})
	require.NoError(t, err, out)
	_, out, err = i.play(t.Context(), walkthrough.Options{District: "curious"})
	require.NoError(t, err, out)
	token := i.token(t, "districts/curious/people/walkthrough-coordinator")

	for call := range calls {
		if !strings.Contains(call.Path, "/districts/harvested") {
			continue
		}
		all = append(all, tried{
			call:    call.Method + " " + call.Path,
			foreign: i.answer(t, token, call.Method, call.Path),
			never:   i.answer(t, token, call.Method, neverExisted(call.Path)),
		})
	}
	require.Greater(t, len(all), 50)
	return all
}

// neverExisted replaces every id of a path; the shape stays.
func neverExisted(path string) string {
	path, verb, hasVerb := strings.Cut(strings.TrimPrefix(path, "/v1/"), ":")
	segments := strings.Split(path, "/")
	for i := 1; i < len(segments); i += 2 {
		segments[i] = "never-" + strings.Repeat("x", len(segments[i]))
	}
	path = "/v1/" + strings.Join(segments, "/")
	if hasVerb {
		path += ":" + verb
	}
	return path
}

// answer is what tells one response from another, without the request id and
// the name that was sent.
type answer struct {
	status  int
	body    string
	headers string
}

func (i *instance) answer(t *testing.T, token, method, path string) answer {
	t.Helper()
	resp, body := i.request(t, token, method, path, []byte("{}"), "application/json") //nolint:bodyclose // request has read and closed it
	var problem map[string]any
	require.NoError(t, json.Unmarshal(body, &problem), "%s %s: %s", method, path, body)
	delete(problem, "request_id")
	text, err := json.Marshal(problem)
	require.NoError(t, err)
	for _, echoed := range append([]string{path}, prefixes(nameIn(path))...) {
		text = bytes.ReplaceAll(text, []byte(echoed), []byte("NAME"))
	}
	resp.Header.Del("X-Request-Id")
	resp.Header.Del("Date")
	resp.Header.Del("Content-Length")
	resp.Header.Del("Ratelimit") // counts the calls of the caller
	var headers bytes.Buffer
	require.NoError(t, resp.Header.Write(&headers))
	return answer{status: resp.StatusCode, body: string(text), headers: headers.String()}
}

// nameIn is the resource name in a path, without its custom verb.
func nameIn(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), ":")
	return strings.TrimSuffix(name, "/content")
}

// prefixes are a name and the names of its parents, the longest first.
func prefixes(name string) []string {
	segments := strings.Split(name, "/")
	var names []string
	for n := len(segments); n >= 2; n-- {
		names = append(names, strings.Join(segments[:n], "/"))
	}
	return names
}

func (i *instance) request(t *testing.T, token, method, path string, body []byte, contentType string) (*http.Response, []byte) {
	t.Helper()
	var content io.Reader
	if method != http.MethodGet {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, i.url+path, content)
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if content != nil {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, answer
}

func (i *instance) token(t *testing.T, identity string) string {
	t.Helper()
	var answer struct {
		Token string `json:"token"`
	}
	err := restclient.New(i.url).Post(context.WithoutCancel(t.Context()), "/dev/token", nil, map[string]string{"identity": identity}, &answer)
	require.NoError(t, err)
	return answer.Token
}

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// Every REST method of the walkthrough is called again with rubbish by the
// person who called it, after the year is over: each answer must be a problem
// that names the field or the rule.
func TestBadInputIsAnsweredWithAProblemThatNamesTheFieldOrTheRule(t *testing.T) {
	i := newInstance(t)
	i.serve()
	calls := map[string]restclient.Call{}
	_, out, err := i.play(t.Context(), walkthrough.Options{OnCall: func(c restclient.Call) {
		if strings.HasPrefix(c.Path, "/v1/") && c.Status < http.StatusBadRequest {
			calls[c.Method+" "+template(c.Path)] = c
		}
	}})
	require.NoError(t, err, out)
	require.Greater(t, len(calls), 40, "kinds of calls in the walkthrough")

	for kind, call := range calls {
		for _, bad := range badInputs(call) {
			t.Run(kind+" with "+bad.name, func(t *testing.T) {
				token := call.Token
				if bad.anonymous {
					token = ""
				}
				resp, body := i.request(t, token, call.Method, bad.path, []byte(bad.body), "application/json") //nolint:bodyclose // request has read and closed it
				var problem restclient.Problem
				require.NoError(t, json.Unmarshal(body, &problem), "%s", body)
				require.Contains(t, bad.statuses, resp.StatusCode, "%s", body)
				require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
				require.Equal(t, resp.StatusCode, problem.Status)
				require.NotEmpty(t, problem.RequestID)
				require.NotEmpty(t, problem.Reason)
				if bad.names {
					require.NotEmpty(t, problem.Violations, "%s", body)
					for _, v := range problem.Violations {
						require.NotEmpty(t, v.Field, "%s", body)
						require.NotEmpty(t, v.Rule, "%s", body)
						require.NotEmpty(t, v.Fix, "%s", body)
					}
				}
			})
		}
	}
}

// badInput is one way to call a method wrongly.
type badInput struct {
	name      string
	path      string
	body      string
	statuses  []int
	names     bool // the field or rule must be named
	anonymous bool
}

func badInputs(call restclient.Call) []badInput {
	var inputs []badInput
	public := call.Token == ""
	if !public {
		inputs = append(inputs, badInput{
			name: "no token", path: call.Path, body: "{not json", statuses: []int{http.StatusUnauthorized}, anonymous: true,
		})
	}
	if strings.Count(call.Path, "/") > 2 && !strings.HasSuffix(call.Path, "/content") {
		inputs = append(inputs, badInput{
			name: "an id that does not exist", path: wrongID(call.Path), body: "{}", statuses: notThere(call.Method),
		})
	}
	if call.Method == http.MethodGet || call.Method == http.MethodPut {
		return inputs
	}
	inputs = append(inputs,
		badInput{name: "broken JSON", path: call.Path, body: `{"a":`, statuses: []int{http.StatusBadRequest}, names: true},
		badInput{name: "an unknown field", path: call.Path, body: `{"noSuchField": 1}`, statuses: []int{http.StatusBadRequest}, names: true},
	)
	if call.Method == http.MethodPatch {
		return append(inputs, badInput{
			name: "a stale etag", path: call.Path, body: `{"etag": "stale"}`, statuses: []int{http.StatusBadRequest, http.StatusConflict},
		})
	}
	return append(inputs, badInput{
		name: "nothing in it, or in the wrong state", path: call.Path, body: "{}",
		statuses: []int{http.StatusBadRequest, http.StatusConflict}, names: true,
	})
}

// notThere is the answer to an unknown id. A person of the state, whose scope
// has every district in it, may hear of a broken body first.
func notThere(method string) []int {
	if method == http.MethodGet {
		return []int{http.StatusNotFound}
	}
	return []int{http.StatusNotFound, http.StatusBadRequest}
}

// wrongID replaces the school, or the last id where there is no school.
func wrongID(path string) string {
	path, verb, hasVerb := strings.Cut(path, ":")
	segments := strings.Split(path, "/")
	at := len(segments) - 1 - len(segments)%2
	for i, segment := range segments {
		if segment == "districts" {
			at = i + 1
		}
	}
	segments[at] = "no-such-thing"
	path = strings.Join(segments, "/")
	if hasVerb {
		path += ":" + verb
	}
	return path
}

// template is a path with its ids replaced by stars.
func template(path string) string {
	path, verb, hasVerb := strings.Cut(strings.TrimPrefix(path, "/v1/"), ":")
	segments := strings.Split(path, "/")
	for i := 1; i < len(segments); i += 2 {
		segments[i] = "*"
	}
	path = "/v1/" + strings.Join(segments, "/")
	if hasVerb {
		path = fmt.Sprintf("%s:%s", path, verb)
	}
	return path
}

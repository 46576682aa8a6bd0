package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
)

// instance answers every question with the text, and notes what was asked.
func instance(t *testing.T, status int, answer string) (url string, asked func() *http.Request) {
	t.Helper()
	var last *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = r
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return server.URL, func() *http.Request { return last }
}

func TestExplainEndsWithTheDecision(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
		code   int
	}{
		"allowed":        {200, `{"decision":"DECISION_ALLOWED","policies":[{"id":"p","text":"permit;","file":"f:1"}]}`, 0},
		"denied":         {200, `{"decision":"DECISION_DENIED","reasons":["No policy permits it."]}`, 1},
		"unknown":        {200, `{"decision":"DECISION_UNKNOWN"}`, 2},
		"nobody":         {404, `{"status":404,"reason":"RESOURCE_NOT_FOUND","detail":"no such"}`, 3},
		"not an answer":  {200, `nothing`, 3},
		"not let in":     {401, `{"status":401,"reason":"TOKEN_INVALID"}`, 3},
		"another answer": {200, `{}`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := instance(t, c.status, c.answer)
			err := (&AccessExplain{asking: asking{URL: url, Token: "t"}, Subject: "people/ana", Action: "schools.get", Resource: "districts/d"}).Run(context.Background())
			if c.code == 0 {
				require.NoError(t, err)
			} else {
				var exit ExitError
				require.True(t, errors.As(err, &exit), "%v", err)
				require.Equal(t, c.code, exit.Code)
			}
			require.Equal(t, "Bearer t", asked().Header.Get("Authorization"))
			require.Equal(t, "people/ana", asked().URL.Query().Get("subject"))
			require.Equal(t, "districts/d", asked().URL.Query().Get("resource"))
		})
	}
}

func TestAnExplanationShowsThePolicies(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printExplanation(&out, &gatewayv1.ExplainAccessResponse{
		Decision: gatewayv1.ExplainAccessResponse_DECISION_ALLOWED, Deidentified: true, Reasons: []string{"Because."},
		Policies: []*gatewayv1.DecidingPolicy{{Id: "research-reads", Text: "permit (...);\n", File: "research.cedar:7"}},
	}))
	require.Equal(t, "allowed, without names and free texts\n  Because.\n\nresearch-reads (research.cedar:7)\npermit (...);\n", out.String())
}

func TestAReviewGoesThroughAllPages(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path+"?"+r.URL.Query().Get("below")+"&"+r.URL.Query().Get("pageToken"))
		w.Header().Set("Content-Type", "application/json")
		next := map[string]string{"": "two", "two": ""}[r.URL.Query().Get("pageToken")]
		_, _ = w.Write([]byte(`{"holders":[{"subject":"people/ana","role":"ROLE_STATE_ADMIN"}],"nextPageToken":"` + next + `"}`))
	}))
	defer server.Close()
	require.NoError(t, (&AccessReview{asking: asking{URL: server.URL, Token: "t"}, Node: "districts/d", Below: true}).Run(context.Background()))
	require.NoError(t, (&AccessReview{asking: asking{URL: server.URL, Token: "t"}, CSV: true}).Run(context.Background()))
	require.Equal(t, []string{
		"/v1/districts/d:reviewAccess?true&", "/v1/districts/d:reviewAccess?true&two", "/v1/state:reviewAccess?&", "/v1/state:reviewAccess?&two",
	}, paths)
}

func TestAReviewIsATableOrCSVWithoutFormulas(t *testing.T) {
	holders := []*gatewayv1.AccessHolder{
		{Subject: "people/ana", DisplayName: `=HYPERLINK("x")`, Role: accessv1.Role_ROLE_STATE_ADMIN, Reason: "runs it, alone", Actions: []string{"a", "b"}},
		{Subject: "districts/d/apiClients/m", DisplayName: "M", Role: accessv1.Role_ROLE_INTEGRATION, Node: "districts/d", Scopes: []string{"schools.read"}, Deidentified: true},
	}
	var table, sheet bytes.Buffer
	require.NoError(t, printReview(&table, holders))
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[1], "state admin")
	require.Contains(t, lines[1], "the state")
	require.Contains(t, lines[2], "integration: schools.read")
	require.NoError(t, printReviewCSV(&sheet, holders))
	rows, err := csv.NewReader(&sheet).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, `'=HYPERLINK("x")`, rows[1][1])
	require.Equal(t, "runs it, alone", rows[1][8])
	require.Equal(t, "a; b", rows[1][12])
	require.Equal(t, "true", rows[2][11])
}

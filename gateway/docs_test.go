package gateway_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openAPI is the part of the document that the tests look at.
type openAPI struct {
	OpenAPI string `json:"openapi"`
	Servers []struct {
		URL string `json:"url"`
	} `json:"servers"`
	Paths map[string]map[string]json.RawMessage `json:"paths"`
}

func (w *world) document() openAPI {
	w.t.Helper()
	a := w.do("GET", "/openapi.json", "")
	require.Equal(w.t, http.StatusOK, a.status)
	require.Equal(w.t, "application/json", a.header.Get("Content-Type"))
	var doc openAPI
	require.NoError(w.t, json.Unmarshal([]byte(a.body), &doc))
	return doc
}

func TestTheDocumentSpeaksOfThisInstallation(t *testing.T) {
	doc := start(t).document()
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1"))
	require.Equal(t, "https://badges.example.org", doc.Servers[0].URL)
	require.Greater(t, len(doc.Paths), 50)
}

func TestTheDocumentIsSentOnce(t *testing.T) {
	w := start(t)
	req, err := http.NewRequest("GET", w.url+"/openapi.json", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	unpacked, err := gzip.NewReader(resp.Body)
	require.NoError(t, err)
	text, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.Equal(t, w.do("GET", "/openapi.json", "", "Accept-Encoding: identity").body, string(text))
	again := w.do("GET", "/openapi.json", "", "Accept-Encoding: gzip", "If-None-Match: "+resp.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.status)
}

var pathVariable = regexp.MustCompile(`\{[^}]+\}`)

// Every operation of the document is a route: an anonymous call is refused
// exactly where the document asks for a token, and no call ends at "no such
// route".
func TestTheDocumentAndTheRoutesAgree(t *testing.T) {
	w := start(t)
	operations := 0
	for path, methods := range w.document().Paths {
		for method, raw := range methods {
			if method == "parameters" {
				continue
			}
			operations++
			var operation struct {
				Security []map[string][]string `json:"security"`
			}
			require.NoError(t, json.Unmarshal(raw, &operation))
			anonymous := w.do(strings.ToUpper(method), pathVariable.ReplaceAllString(path, "x"), "")
			if len(operation.Security) > 0 {
				require.Equal(t, http.StatusUnauthorized, anonymous.status, "%s %s", method, path)
				continue
			}
			require.NotEqual(t, http.StatusUnauthorized, anonymous.status, "%s %s", method, path)
			require.NotContains(t, anonymous.body, "There is nothing at this address", "%s %s", method, path)
		}
	}
	require.Greater(t, operations, 100)
}

func TestTheBrowserOfTheDocumentLoadsNothingFromElsewhere(t *testing.T) {
	w := start(t)
	a := w.do("GET", "/docs", "")
	require.Equal(t, http.StatusOK, a.status)
	require.NotContains(t, a.body, "//cdn")
	require.NotContains(t, a.body, "unpkg")
	policy := a.header.Get("Content-Security-Policy")
	require.NotContains(t, policy, "script-src 'self' 'unsafe-inline'")
	require.Equal(t, strings.Count(a.body, "<script>"), strings.Count(policy, "'sha256-"), "each inline script is allowed by its digest")
	require.Contains(t, a.body, "/openapi.json")
	for _, asset := range regexp.MustCompile(`(?:src|href)="(/docs/[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		require.Equal(t, http.StatusOK, w.do("GET", asset[1], "").status, asset[1])
	}
	require.Equal(t, http.StatusNotFound, w.do("GET", "/docs/nothing.js", "").status)
}

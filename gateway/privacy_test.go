package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever uses a browser after somebody else, or runs a cache in between, finds
// nothing that was answered to a person.
func TestNothingAnsweredToAPersonStaysInACache(t *testing.T) {
	w := start(t)
	w.as(teamLead, "PUT", contentPath, "minutes of a meeting")
	for name, a := range map[string]answer{
		"a resource":          w.as(coordinator, "GET", "/v1/districts/aspen", ""),
		"a list":              w.as(coordinator, "GET", schoolsPath, ""),
		"a change":            w.as(coordinator, "POST", schoolsPath, `{"title":"Oak"}`),
		"a refusal":           w.as(neighbour, "GET", "/v1/districts/aspen", ""),
		"evidence":            w.as(teamLead, "GET", contentPath, ""),
		"who I am":            w.as(coordinator, "GET", "/v1/whoAmI", ""),
		"the page to sign in": w.do("GET", "/sign-in", "", "Accept: text/html"),
		"a form with what I typed": w.do("POST", "/verify", url.Values{"credential": {"what I typed"}}.Encode(),
			"Content-Type: application/x-www-form-urlencoded"),
	} {
		require.Equal(t, "no-store", a.header.Get("Cache-Control"), "%s: %d", name, a.status)
	}
}

// Addresses stand in histories, in logs of proxies and on screens.
func TestNoTokenIsTakenFromAnAddress(t *testing.T) {
	w := start(t)
	token := strings.TrimPrefix(w.token(stateAdmin), "Bearer ")
	for _, name := range []string{"access_token", "token", "authorization", "bearer", "api_key", "key", "session", "tandem-session"} {
		a := w.do("GET", "/v1/districts/aspen?"+url.Values{name: {token}}.Encode(), "")
		require.Equal(t, http.StatusUnauthorized, a.status, name)
		require.NotContains(t, a.body, token, name)
	}
	require.NotContains(t, w.log.String(), token)
}

func TestNobodyIsSentTheirRequestBack(t *testing.T) {
	w := start(t, developing)
	for path := range w.everyRoute() {
		for _, method := range []string{"TRACE", "TRACK"} {
			a := w.do(method, path, "", "X-Probe: seen-by-nobody")
			require.GreaterOrEqual(t, a.status, 400, "%s %s", method, path)
			require.NotContains(t, a.body, "seen-by-nobody", "%s %s", method, path)
		}
	}
}

func TestNoFolderIsListedAndNoFileOfTheProgramServed(t *testing.T) {
	w := start(t)
	for _, path := range []string{
		"/docs/", "/static/", "/assets/", "/files/", "/badges/", "/.git/config", "/.git/", "/.env", "/go.mod", "/keys/", "/debug/pprof/", "/metrics",
		"/docs/..%2f..%2fgo.mod", "/v1/..%2f..%2fkeys",
	} {
		a := w.do("GET", path, "", "Accept: text/html")
		require.Contains(t, []int{http.StatusOK, http.StatusMovedPermanently, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusUnauthorized, http.StatusNotFound}, a.status, path)
		require.NotContains(t, a.body, "<pre>\n<a href", path)
		require.NotContains(t, a.body, "Index of", path)
		require.NotContains(t, a.body, "module github.com", path)
	}
}

// A browser that has to guess the letters of a page can be led to guess markup.
func TestTextsSayInWhichLettersTheyAre(t *testing.T) {
	w := start(t, developing)
	texts := 0
	for path, method := range w.everyRoute() {
		if path == "/v1/events:stream" { // always UTF-8, as its type has it
			continue
		}
		kind := w.do(method, path, "", "Accept: text/html").header.Get("Content-Type")
		if strings.HasPrefix(kind, "text/") {
			texts++
			require.Regexp(t, `; charset=utf-8$`, kind, "%s %s", method, path)
		}
	}
	require.Greater(t, texts, 3)
}

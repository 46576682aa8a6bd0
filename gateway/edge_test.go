package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway"
)

func TestEveryAnswerCarriesARequestID(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		sent string
		kept bool
	}{
		"a sane one is kept":                {"trace-me.1", true},
		"none: one is made":                 {"", false},
		"one with spaces is not taken":      {"a b", false},
		"one that is too long is not taken": {strings.Repeat("x", 129), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/v1/districts/aspen", "/healthz", "/nowhere", "/openapi.json"} {
				var headers []string
				if c.sent != "" {
					headers = append(headers, "X-Request-Id: "+c.sent)
				}
				got := w.do("GET", path, "", headers...).header.Get("X-Request-Id")
				require.NotEmpty(t, got)
				require.Equal(t, c.kept, got == c.sent)
			}
		})
	}
}

func TestTheLogNamesRoutesAndNeverWhatWasAsked(t *testing.T) {
	w := start(t)
	w.do("GET", "/v1/forms/opensesame", "")
	w.do("GET", "/v1/forms/0therc0de?note=private", "")
	w.do("GET", "/somewhere/private", "")
	w.as(coordinator, "POST", schoolsPath, `{"title":"private title"}`)
	w.do("BREW", "/private", "")
	var routes []string
	for _, line := range strings.Split(strings.TrimSpace(w.log.String()), "\n") {
		var entry struct {
			Msg, Method, Route string
			RequestID          string `json:"request_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		if entry.Msg == "request" {
			routes = append(routes, entry.Method+" "+entry.Route)
			require.NotEmpty(t, entry.RequestID)
		}
	}
	require.Equal(t, []string{"GET /v1/forms/{code}", "GET /v1/forms/{code}", "GET unmatched", "POST /v1/{parent=districts/*}/schools", "OTHER unmatched"}, routes)
	for _, secret := range []string{"opensesame", "0therc0de", "private"} {
		require.NotContains(t, w.log.String(), secret)
	}
}

func TestBrowsersOfOtherOriginsMayCallOnlyWhenAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*gateway.Deps)
		origin  string
		allowed bool
	}{
		"nobody by default":                        {func(*gateway.Deps) {}, "https://app.example.org", false},
		"not even this machine in production":      {func(*gateway.Deps) {}, "http://localhost:5173", false},
		"an origin that the operator names":        {func(d *gateway.Deps) { d.CORSOrigins = []string{"https://app.example.org/"} }, "https://app.example.org", true},
		"not another one":                          {func(d *gateway.Deps) { d.CORSOrigins = []string{"https://app.example.org"} }, "https://app.example.org.evil.example", false},
		"this machine in development":              {developing, "http://localhost:5173", true},
		"this machine by address in development":   {developing, "http://127.0.0.1:9", true},
		"not a name that begins like this machine": {developing, "http://localhost.evil.example", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, c.change)
			want := ""
			if c.allowed {
				want = c.origin
			}
			preflight := w.do("OPTIONS", "/v1/districts/aspen", "", "Origin: "+c.origin,
				"Access-Control-Request-Method: PATCH", "Access-Control-Request-Headers: authorization,content-type")
			require.Equal(t, want, preflight.header.Get("Access-Control-Allow-Origin"))
			if c.allowed {
				require.Equal(t, http.StatusNoContent, preflight.status)
				require.Equal(t, "PATCH", preflight.header.Get("Access-Control-Allow-Methods"))
			}
			plain := w.as(coordinator, "GET", "/v1/districts/aspen", "", "Origin: "+c.origin)
			require.Equal(t, want, plain.header.Get("Access-Control-Allow-Origin"))
			require.Empty(t, plain.header.Get("Access-Control-Allow-Credentials"))
		})
	}
}

func TestBrowsersAreToldToBeStrict(t *testing.T) {
	w := start(t)
	for _, path := range []string{"/", "/v1/districts/aspen", "/badges/" + credentialID, "/docs", "/openapi.json", "/nowhere"} {
		h := w.do("GET", path, "").header
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Equal(t, "max-age=31536000; includeSubDomains", h.Get("Strict-Transport-Security"), path)
	}
	plain := start(t, func(d *gateway.Deps) { d.PublicURL = "http://127.0.0.1:8080" })
	require.Empty(t, plain.do("GET", "/", "").header.Get("Strict-Transport-Security"), "not where there is no https")
}

func TestHealthIsForEverybody(t *testing.T) {
	w := start(t)
	require.Equal(t, http.StatusOK, w.do("GET", "/healthz", "").status)
	ready := w.do("GET", "/readyz", "")
	require.Equal(t, http.StatusOK, ready.status, ready.body)
	for _, name := range []string{"schools", "assessments", "evidence", "badges", "bus"} {
		require.Contains(t, ready.body, `{"name":"`+name+`","result":"ok"}`)
	}
	require.Len(t, w.gw.Checks, 5)
}

func TestAPathWithoutAnythingIsAProblemOrAPage(t *testing.T) {
	w := start(t)
	program := w.do("GET", "/nowhere", "", "Accept: */*")
	require.Equal(t, http.StatusNotFound, program.status)
	require.Equal(t, "METHOD_UNKNOWN", program.problem(t).Reason)
	person := w.do("GET", "/nowhere", "", "Accept: text/html,*/*;q=0.8")
	require.Equal(t, http.StatusNotFound, person.status)
	require.Contains(t, person.body, "There is no such page")
}

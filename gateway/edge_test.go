package gateway_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

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

// everyRoute is a path of each kind that the gateway has, and one of each RPC.
func (w *world) everyRoute() map[string]string {
	paths := map[string]string{
		"/": "GET", "/badges/" + credentialID: "GET", "/verify": "GET", "/docs": "GET", "/openapi.json": "GET", "/nowhere": "GET", "/v1": "GET",
		"/v1/nowhere": "GET", "/healthz": "GET", "/readyz": "GET", "/oauth/token": "POST", "/.well-known/oauth-authorization-server": "GET",
		"/sign-in": "GET", "/account": "GET", "/signed-out": "GET", "/dev/identities": "GET", "/dev/token": "POST", "/v1/events:stream": "GET",
	}
	for path, methods := range w.document().Paths {
		for method := range methods {
			if method != "parameters" {
				paths[pathVariable.ReplaceAllString(path, "x")] = strings.ToUpper(method)
			}
		}
	}
	return paths
}

// forVerifiers are public documents that verifiers in any web page look up, the same for everybody.
var forVerifiers = regexp.MustCompile(`^/v1/(statusLists/|issuers/[^/]+/revocationList$|issuers:registry$|issuers/[^/]+:didDocument$|log)`)

func TestBrowsersAreToldToBeStrictOnEveryRoute(t *testing.T) {
	w := start(t, developing, func(d *gateway.Deps) { d.CORSOrigins = []string{"https://app.example.org"} })
	routes := w.everyRoute()
	require.Greater(t, len(routes), 100)
	for path, method := range routes {
		h := w.do(method, path, "", "Origin: https://app.example.org").header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
		} {
			require.Equal(t, want, h.Get(name), "%s %s: %s", method, path, name)
		}
		require.Contains(t, h.Get("Permissions-Policy"), "camera=()", path)
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "frame-ancestors 'none'", path)
		require.Contains(t, policy, "default-src 'none'", path)
		require.NotRegexp(t, `script-src[^;]*'unsafe-`, policy, path)
		require.Empty(t, h.Get("Server"), path)
		if !forVerifiers.MatchString(path) {
			require.NotEqual(t, "*", h.Get("Access-Control-Allow-Origin"), path)
		}
		require.Empty(t, h.Get("Access-Control-Allow-Credentials"), path)
	}
	plain := start(t, func(d *gateway.Deps) { d.PublicURL = "http://127.0.0.1:8080" })
	require.Empty(t, plain.do("GET", "/", "").header.Get("Strict-Transport-Security"), "not where there is no https")
}

// raw sends bytes as they are and returns the status of the answer.
func (w *world) raw(request string) int {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(w.t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte(request))
	require.NoError(w.t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(w.t, err)
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestRequestsThatTwoServersCouldReadDifferentlyAreRefused(t *testing.T) {
	w := start(t)
	const begin = "POST /verify HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
	for name, rest := range map[string]string{
		"two lengths":            "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
		"two lengths in one":     "Content-Length: 4, 5\r\n\r\nabcde",
		"a length with a sign":   "Content-Length: +4\r\n\r\nabcd",
		"another encoding":       "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"an encoding spelt anew": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"two encodings":          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a space in a name":      "Content-Length : 4\r\n\r\nabcd",
		"two hosts":              "Host: y\r\n\r\n",
		"a folded header":        "X-A: b\r\n\tc: d\r\n X\x00: y\r\n\r\n",
		"a zero byte":            "X-A: b\x00c\r\n\r\n",
	} {
		require.Contains(t, []int{http.StatusBadRequest, http.StatusNotImplemented}, w.raw(begin+rest), name)
	}
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, w.raw("GET / HTTP/1.1\r\nHost: x\r\nX-A: "+strings.Repeat("a", 80<<10)+"\r\n\r\n"))
}

func TestSlowClientsAreCutOff(t *testing.T) {
	server := start(t).gw.Server()
	require.Positive(t, server.ReadHeaderTimeout)
	require.Positive(t, server.ReadTimeout)
	require.Positive(t, server.WriteTimeout)
	require.Positive(t, server.IdleTimeout)
	require.LessOrEqual(t, server.ReadHeaderTimeout, 10*time.Second)
	require.LessOrEqual(t, server.MaxHeaderBytes, 64<<10)
}

func TestNoRouteTakesABodyWithoutAnEnd(t *testing.T) {
	w := start(t, developing, func(d *gateway.Deps) { d.UploadLimit = 1 << 20 })
	big := strings.Repeat("x", 3<<20)
	for path, c := range map[string]struct{ method, media string }{
		"/verify":                   {"POST", "application/x-www-form-urlencoded"},
		"/oauth/token":              {"POST", "application/x-www-form-urlencoded"},
		"/dev/token":                {"POST", "application/json"},
		"/v1/districts/aspen/teams": {"POST", "application/json"},
		schoolsPath:                 {"POST", "application/json"},
	} {
		a := w.as(coordinator, c.method, path, big, "Content-Type: "+c.media)
		require.GreaterOrEqual(t, a.status, 400, path)
		require.Less(t, a.status, 500, path)
	}
}

func TestTooManyRequestsAreRefusedOnTheWayIn(t *testing.T) {
	w := start(t, func(d *gateway.Deps) { d.Limits = gateway.Limits{Anonymous: 3, Identity: 2, SignIn: 1} })
	require.Equal(t, http.StatusOK, w.as(coordinator, "GET", "/v1/districts/aspen", "").status)
	require.Equal(t, http.StatusOK, w.as(coordinator, "GET", "/v1/districts/aspen", "").status)
	refused := w.as(coordinator, "GET", "/v1/districts/aspen", "")
	require.Equal(t, http.StatusTooManyRequests, refused.status)
	require.Equal(t, "LIMIT_EXCEEDED", refused.problem(t).Reason)
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	for range 3 {
		require.Equal(t, http.StatusUnauthorized, w.do("GET", "/v1/districts/aspen", "", "Authorization: Bearer bad").status)
	}
	require.Equal(t, http.StatusTooManyRequests, w.do("GET", "/v1/districts/aspen", "", "Authorization: Bearer bad").status)
	require.Equal(t, http.StatusTooManyRequests, w.do("GET", "/", "").status)
	require.Equal(t, http.StatusBadRequest, w.do("POST", "/oauth/token", "").status)
	require.Equal(t, http.StatusTooManyRequests, w.do("POST", "/oauth/token", "").status)
	require.Equal(t, http.StatusOK, w.do("GET", "/healthz", "").status)
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

package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway"
	"github.com/tandem-badges/tandem/services/kit/identity"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const schoolsPath = "/v1/districts/aspen/schools"

func TestNobodyAnonymousGetsAnythingRead(t *testing.T) {
	w := start(t)
	cases := map[string]struct{ method, path, body, contentType string }{
		"a route of a signed-in":           {"GET", "/v1/districts/aspen", "", ""},
		"a body that is no JSON":           {"POST", schoolsPath, "{{{", ""},
		"a body of another type":           {"POST", schoolsPath, "<a/>", "text/xml"},
		"a body that is too large":         {"POST", schoolsPath, strings.Repeat("x", 2<<20), ""},
		"a query with unknown parameters":  {"GET", schoolsPath + "?nonsense=1", "", ""},
		"a query that is none":             {"GET", schoolsPath + "?%zz", "", ""},
		"a path that no route has":         {"GET", "/v1/secrets", "", ""},
		"the root of the API":              {"GET", "/v1/", "", ""},
		"a path with dots":                 {"GET", "/v1/../v1/districts/aspen", "", ""},
		"a method that the path has not":   {"PUT", "/v1/districts/aspen", "", ""},
		"another method of a public path":  {"DELETE", "/v1/credentials/x", "", ""},
		"the event stream":                 {"GET", "/v1/events:stream?since=never", "", ""},
		"the content of an artifact":       {"GET", schoolsPath + "/oak/artifacts/a/content", "", ""},
		"an upload":                        {"PUT", schoolsPath + "/oak/artifacts/a/content", "bytes", "application/pdf"},
		"a verb beside the public one":     {"GET", "/v1/credentials/x:frobnicate", "", ""},
		"an encoded slash in a public one": {"GET", "/v1/credentials/x%2Fy", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.contentType != "" {
				headers = append(headers, "Content-Type: "+c.contentType)
			}
			a := w.do(c.method, c.path, c.body, headers...)
			require.Equal(t, http.StatusUnauthorized, a.status, a.body)
			require.Equal(t, `Bearer realm="tandem"`, a.header.Get("WWW-Authenticate"))
			p := a.problem(t)
			require.Equal(t, "IDENTITY_MISSING", p.Reason)
			require.Empty(t, p.Violations)
		})
	}
	_, _, calls := w.schools.last()
	require.Zero(t, calls, "no service has seen anything")
}

func TestATokenThatIsNotGoodIsRefusedEverywhere(t *testing.T) {
	w := start(t)
	other := start(t)
	expired, err := w.signer.MintAccess(identity.Access{Subject: "people/ana"}, time.Nanosecond)
	require.NoError(t, err)
	for name, header := range map[string]string{
		"no token at all":      "Bearer",
		"another scheme":       "Basic YTpi",
		"nonsense":             "Bearer nonsense",
		"an expired token":     "Bearer " + expired,
		"a token of elsewhere": other.token(stateAdmin),
		"a token of 20 KB":     "Bearer " + strings.Repeat("x", 20<<10),
	} {
		for _, path := range []string{"/v1/districts/aspen", "/v1/credentials/" + credentialID, "/v1/nowhere"} {
			t.Run(name+" on "+path, func(t *testing.T) {
				a := w.do("GET", path, "", "Authorization: "+header)
				require.Equal(t, http.StatusUnauthorized, a.status)
				require.Equal(t, "TOKEN_INVALID", a.problem(t).Reason)
				require.Equal(t, `Bearer realm="tandem", error="invalid_token"`, a.header.Get("WWW-Authenticate"))
			})
		}
	}
	t.Run("two tokens", func(t *testing.T) {
		a := w.as(stateAdmin, "GET", "/v1/districts/aspen", "", "Authorization: "+w.token(coordinator))
		require.Equal(t, http.StatusUnauthorized, a.status)
	})
}

func TestPublicRoutesNeedNoToken(t *testing.T) {
	w := start(t)
	a := w.do("GET", "/v1/credentials/"+credentialID, "")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "application/vc+ld+json", a.header.Get("Content-Type"))
	require.Equal(t, credential, a.body, "byte for byte")
	require.Equal(t, true, w.do("GET", "/v1/credentials/"+credentialID+":check", "").object(t)["valid"])
	require.Equal(t, true, w.do("POST", "/v1/credentials:verify", `{"credential":{"a":1,"b":2}}`).object(t)["valid"])
	require.Equal(t, http.StatusOK, w.do("GET", "/v1/forms/opensesame", "").status)
	require.Equal(t, http.StatusOK, w.as(teamLead, "GET", "/v1/forms/opensesame", "").status, "also with a token")
}

func TestWhoIsSignedInLearnsWhichRoutesThereAre(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		method, path string
		status       int
		allow        string
	}{
		"no such path":                  {"GET", "/v1/secrets", 404, ""},
		"no such verb":                  {"POST", "/v1/districts/aspen:burn", 404, ""},
		"an empty id":                   {"GET", "/v1/districts/", 404, ""},
		"no such method":                {"PUT", "/v1/districts/aspen", 405, "GET, PATCH"},
		"an upload by POST":             {"POST", schoolsPath + "/oak/artifacts/a/content", 405, "GET, PUT"},
		"a method override is no route": {"POST", "/v1/districts/aspen", 405, "GET, PATCH"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.as(stateAdmin, c.method, c.path, "", "X-HTTP-Method-Override: GET")
			require.Equal(t, c.status, a.status)
			require.Equal(t, c.allow, a.header.Get("Allow"))
			require.Equal(t, "METHOD_UNKNOWN", a.problem(t).Reason)
		})
	}
}

func TestOnlyTheGatewaysOwnMetadataReachesAService(t *testing.T) {
	w := start(t)
	a := w.as(coordinator, "GET", "/v1/districts/aspen", "",
		"Grpc-Metadata-X-Secret: slipped in", "Grpc-Metadata-Authorization: Bearer other", "X-Tandem-Role: admin", "Grpc-Timeout: 1n",
		"X-Tandem-Service: badges", "Grpc-Metadata-X-Tandem-Service: badges",
		"X-Forwarded-For: 203.0.113.9", "Cookie: session=1", "Accept-Language: es-MX, en;q=0.5",
		"X-Request-Id: from-the-client", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	require.Equal(t, http.StatusOK, a.status, a.body)
	md, _, _ := w.schools.last()
	require.Equal(t, []string{"from-the-client"}, md.Get("x-request-id"))
	require.Len(t, md.Get("authorization"), 1)
	require.Len(t, md.Get("x-tandem-service"), 1)
	for key := range md {
		require.Contains(t, []string{":authority", "content-type", "user-agent", "grpc-accept-encoding", "authorization", "x-tandem-service", "x-request-id", "traceparent", "accept-language"}, key)
	}
	require.Empty(t, a.header.Get("Grpc-Metadata-X-Request-Id"), "and nothing of gRPC comes back")
}

func TestAnswersHaveAllFieldsInCamelCase(t *testing.T) {
	w := start(t)
	o := w.as(coordinator, "GET", "/v1/districts/aspen", "").object(t)
	require.Equal(t, "districts/aspen", o["name"])
	require.Contains(t, o, "etag", "also the empty ones")
	w.as(coordinator, "GET", schoolsPath+"?pageSize=7&page_token=t", "").object(t)
	_, req, _ := w.schools.last()
	require.True(t, proto.Equal(&schoolsv1.ListSchoolsRequest{Parent: "districts/aspen", PageSize: 7, PageToken: "t"}, req), "%v", req)
}

func TestARefusalNamesEveryFieldThatIsWrong(t *testing.T) {
	w := start(t)
	verb := schoolsPath + "/oak:close"
	for name, c := range map[string]struct {
		method, path, body string
		want               []string // "field rule"
	}{
		"an unknown field, with where it is": {"POST", schoolsPath, `{"titel":"Oak","title":"Oak"}`, []string{"school.titel unknown_field"}},
		"all unknown fields at once":         {"POST", schoolsPath, `{"x":1,"y":{"z":2}}`, []string{"school.x unknown_field", "school.y unknown_field"}},
		"a value of another type":            {"POST", schoolsPath, `{"title":5,"stateIdentifier":["a"]}`, []string{"school.stateIdentifier wrong_type", "school.title wrong_type"}},
		"a field of a list":                  {"POST", schoolsPath + ":batchCreate", `{"requests":[{"school":{"title":"a"}},{"school":{"titel":"b"}},7]}`, []string{"requests[1].school.titel unknown_field", "requests[2] wrong_type"}},
		"a list where an object belongs":     {"POST", schoolsPath, `[]`, []string{"body wrong_type"}},
		"a text that is no JSON":             {"POST", schoolsPath, `{"title": "Oak"`, []string{"body json_syntax"}},
		"two documents":                      {"POST", schoolsPath, `{"title": "Oak"} {}`, []string{"body json_syntax"}},
		"a field given twice":                {"POST", schoolsPath, `{"title":"a","title":"b"}`, []string{"school.title duplicate"}},
		"what validation finds":              {"POST", schoolsPath, `{"title":"` + strings.Repeat("x", 201) + `","stateIdentifier":"` + strings.Repeat("1", 65) + `"}`, []string{"school.title string.max_len", "school.stateIdentifier string.max_len"}},
		"a body that is missing":             {"POST", schoolsPath, "", []string{"school required"}},
		"an unknown parameter":               {"GET", schoolsPath + "?pagesize=1&filtr=x", "", []string{"filtr unknown_parameter", "pagesize unknown_parameter"}},
		"a parameter of another type":        {"GET", schoolsPath + "?pageSize=many", "", []string{"pageSize wrong_type"}},
		"a parameter that the path sets":     {"GET", schoolsPath + "?parent=districts/birch", "", []string{"parent unknown_parameter"}},
		"a parameter beside a whole body":    {"POST", verb + "?etag=x", "{}", []string{"etag unknown_parameter"}},
		"a parameter given twice":            {"GET", schoolsPath + "?pageSize=1&pageSize=2", "", []string{"pageSize wrong_type"}},
		"a parameter under both names":       {"GET", schoolsPath + "?pageSize=1&page_size=2", "", []string{"request unreadable"}},
		"a query that is none":               {"GET", schoolsPath + "?pageSize=%zz", "", []string{"query query_syntax"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.as(stateAdmin, c.method, c.path, c.body)
			require.Equal(t, http.StatusBadRequest, a.status, a.body)
			p := a.problem(t)
			require.Equal(t, "FIELD_INVALID", p.Reason)
			var got []string
			for _, v := range p.Violations {
				got = append(got, v.Field+" "+v.Rule)
				require.True(t, strings.HasSuffix(v.Fix, "."), v.Fix)
				require.Contains(t, p.Detail, v.Field+": "+v.Fix)
			}
			require.ElementsMatch(t, c.want, got, a.body)
		})
	}
}

func TestBodiesHaveALimitAndAType(t *testing.T) {
	w := start(t, func(d *gateway.Deps) { d.BodyLimit = 1000 })
	t.Run("larger than the limit", func(t *testing.T) {
		a := w.as(stateAdmin, "POST", schoolsPath, `{"title":"`+strings.Repeat("x", 1000)+`"}`)
		require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
		p := a.problem(t)
		require.Equal(t, "LIMIT_EXCEEDED", p.Reason)
		require.Equal(t, []string{"body"}, p.fields())
	})
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "nonsense/"} {
		t.Run(media, func(t *testing.T) {
			a := w.as(stateAdmin, "POST", schoolsPath, `{"title":"Oak"}`, "Content-Type: "+media)
			require.Equal(t, http.StatusUnsupportedMediaType, a.status)
			require.Equal(t, []string{"Content-Type"}, a.problem(t).fields())
		})
	}
	a := w.as(stateAdmin, "POST", schoolsPath, `{"title":"Oak"}`, "Content-Type: application/json; charset=UTF-8")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, http.StatusOK, w.as(stateAdmin, "POST", schoolsPath+"/oak:close", "").status, "no body needs no type")
}

func TestAPatchMeansTheFieldsOfItsBody(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		query, body string
		want        []string
	}{
		"fields that were sent":                  {"", `{"title":"Oak"}`, []string{"title"}},
		"what was read may be sent back":         {"", `{"name":"x","etag":"e","title":"Oak","createTime":"2026-01-01T00:00:00Z","stateIdentifier":"0880"}`, []string{"state_identifier", "title"}},
		"a mask that was given stays as it is":   {"?updateMask=title,gradeLow", `{"title":"Oak"}`, []string{"grade_low", "title"}},
		"a mask with no such field stays too":    {"?updateMask=nothing.atAll", `{"title":"Oak"}`, []string{"nothing.atAll"}},
		"a mask under its proto name also stays": {"?update_mask=title", `{"title":"Oak","gradeLow":"K"}`, []string{"title"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.as(coordinator, "PATCH", schoolsPath+"/oak"+c.query, c.body)
			require.Equal(t, http.StatusOK, a.status, a.body)
			_, last, _ := w.schools.last()
			req, ok := last.(*schoolsv1.UpdateSchoolRequest)
			require.True(t, ok)
			require.Equal(t, "districts/aspen/schools/oak", req.GetSchool().GetName(), "the path names it")
			require.ElementsMatch(t, c.want, req.GetUpdateMask().GetPaths())
		})
	}
}

func TestARefusalOfAServiceBecomesAProblem(t *testing.T) {
	w := start(t)
	violation := kitproblem.Violation{Field: "school.grade_low", Rule: "order", Fix: "Give a lower grade."}
	gone := "districts/aspen/schools/oak"
	for name, c := range map[string]struct {
		err    error
		status int
		reason string
		fields []string
		retry  string
	}{
		"a field":             {kitproblem.Invalid(violation), 400, "FIELD_INVALID", []string{"school.gradeLow"}, ""},
		"a state":             {kitproblem.Precondition(kitproblem.ReasonStateWrong, kitproblem.Violation{Field: gone, Rule: "open", Fix: "Open it."}), 400, "STATE_WRONG", []string{gone}, ""},
		"a name that is none": {kitproblem.NotFound(gone), 404, "RESOURCE_NOT_FOUND", nil, ""},
		"a name that is used": {kitproblem.AlreadyExists(gone), 409, "RESOURCE_EXISTS", nil, ""},
		"an old etag":         {kitproblem.Stale(gone), 409, "ETAG_STALE", nil, ""},
		"two at once":         {kitproblem.Conflict("busy"), 409, "CONFLICT", nil, "1"},
		"a role":              {kitproblem.Denied("schools.create"), 403, "ROLE_INSUFFICIENT", nil, ""},
		"a limit":             {kitproblem.Exhausted("schools", 90*time.Second), 429, "LIMIT_EXCEEDED", nil, "90"},
		"a part that is away": {kitproblem.Unavailable("bus"), 503, "UNAVAILABLE", nil, "1"},
		"anything else":       {&json.SyntaxError{}, 500, "INTERNAL", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.schools.failWith(c.err)
			a := w.as(coordinator, "POST", schoolsPath, `{"title":"Oak"}`, "X-Request-Id: abc")
			require.Equal(t, c.status, a.status, a.body)
			p := a.problem(t)
			require.Equal(t, c.reason, p.Reason)
			require.Equal(t, c.fields, p.fields())
			require.Equal(t, c.retry, a.header.Get("Retry-After"))
			require.Equal(t, "abc", p.RequestID)
			require.Equal(t, schoolsPath, p.Instance)
			require.NotContains(t, p.Detail, "grade_low", "the detail speaks as the violations do")
		})
	}
}

func TestAForeignSchoolIsAnsweredAsOneThatNeverExisted(t *testing.T) {
	w := start(t)
	foreign := w.as(neighbour, "GET", schoolsPath+"/oak", "", "X-Request-Id: same")
	_, _, calls := w.schools.last()
	require.Zero(t, calls, "the rule refuses before the service looks")
	never := w.as(neighbour, "GET", "/v1/districts/birch/schools/oak", "", "X-Request-Id: same")
	require.Equal(t, http.StatusNotFound, foreign.status)
	require.Equal(t, never.status, foreign.status)
	require.Equal(t, strings.ReplaceAll(never.body, "birch", "aspen"), foreign.body)
}

func TestACallThatTakesTooLongEnds(t *testing.T) {
	w := start(t, func(d *gateway.Deps) { d.Timeout = 50 * time.Millisecond })
	w.schools.hold = make(chan struct{})
	a := w.as(coordinator, "GET", "/v1/districts/aspen", "")
	require.Equal(t, http.StatusGatewayTimeout, a.status, a.body)
	require.Equal(t, "DEADLINE_EXCEEDED", a.problem(t).Reason)
}

func TestAPanicOfAServiceIsAProblemWithoutItsCause(t *testing.T) {
	w := start(t)
	w.schools.panics = true
	a := w.as(coordinator, "GET", "/v1/districts/aspen", "")
	require.Equal(t, http.StatusInternalServerError, a.status)
	require.NotContains(t, a.body, "out of range")
	require.Equal(t, "INTERNAL", a.problem(t).Reason)
}

func TestAServiceThatIsAwayIsAProblemThatPasses(t *testing.T) {
	w := start(t)
	require.NoError(t, w.conns["schools"].(interface{ Close() error }).Close())
	a := w.as(coordinator, "GET", "/v1/districts/aspen", "")
	require.GreaterOrEqual(t, a.status, 499)
	a.problem(t)
	ready := w.do("GET", "/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, ready.status)
	require.Contains(t, ready.body, `{"name":"schools","result":"failed"}`)
	require.Contains(t, ready.body, `{"name":"badges","result":"ok"}`)
}

package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"pgregory.net/rapid"
)

// spy is a connection that notes what is called and answers nothing.
type spy struct{ called *string }

var errSpy = errors.New("only noted")

func (s spy) Invoke(_ context.Context, method string, _, _ any, _ ...grpc.CallOption) error {
	*s.called = method
	return errSpy
}

func (s spy) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errSpy
}

// fakeCallers knows whoever sends a header.
type fakeCallers struct{}

func (fakeCallers) Identify(r *http.Request) (context.Context, bool, error) {
	return r.Context(), r.Header.Get("Authorization") != "", nil
}

func newAPI(t *testing.T) (*API, *string) {
	t.Helper()
	var called string
	conns := map[string]grpc.ClientConnInterface{}
	for _, service := range append(Services(), own) {
		conns[service] = spy{&called}
	}
	api, err := New(t.Context(), Options{Conns: conns, Callers: fakeCallers{}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return api, &called
}

// example is a path of the route.
func example(route *Route) string {
	path := "/" + strings.ReplaceAll(strings.Join(route.segments, "/"), "*", "x1")
	if route.verb != "" {
		path += ":" + route.verb
	}
	return path
}

// The table decides who may go on, grpc-gateway what is called: both must mean
// the same RPC by every path.
func TestEveryRouteLeadsToItsOwnRPC(t *testing.T) {
	api, called := newAPI(t)
	require.Greater(t, len(api.Routes()), 100)
	for _, route := range api.Routes() {
		t.Run(route.Method+" "+route.Template, func(t *testing.T) {
			found, _ := api.table.find(route.Method, example(route))
			require.Same(t, route, found)
			*called = ""
			r := httptest.NewRequest(route.Method, example(route), http.NoBody)
			r.Header.Set("Authorization", "Bearer x")
			api.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, fullMethod(route.RPC), *called)
		})
	}
}

func TestPathsThatLookAlikeAreToldApart(t *testing.T) {
	api, _ := newAPI(t)
	for name, c := range map[string]struct{ method, path, template string }{
		"a resource":                        {"GET", "/v1/districts/a/schools/b", "/v1/{name=districts/*/schools/*}"},
		"a verb on it, of another service":  {"GET", "/v1/districts/a/schools/b:rankNeeds", "/v1/{name=districts/*/schools/*}:rankNeeds"},
		"a collection":                      {"GET", "/v1/districts/a/schools", "/v1/{parent=districts/*}/schools"},
		"a verb on the collection":          {"POST", "/v1/districts/a/schools:batchCreate", "/v1/{parent=districts/*}/schools:batchCreate"},
		"a verb that is not there":          {"GET", "/v1/districts/a/schools/b:burn", ""},
		"a slash at the end":                {"GET", "/v1/districts/a/schools/", ""},
		"an empty segment":                  {"GET", "/v1/districts//schools", ""},
		"more than a name":                  {"GET", "/v1/districts/a/schools/b/c", ""},
		"nothing":                           {"GET", "/v1", ""},
		"a colon inside":                    {"GET", "/v1/districts/a:b/schools", "/v1/{parent=districts/*}/schools"},
		"a verb with nothing before it":     {"POST", "/v1/districts/a/schools/:close", ""},
		"two verbs, of which neither is it": {"POST", "/v1/districts/a/schools/b:close:close", ""},
	} {
		t.Run(name, func(t *testing.T) {
			route, _ := api.table.find(c.method, c.path)
			if c.template == "" {
				require.Nil(t, route)
				return
			}
			require.NotNil(t, route)
			require.Equal(t, c.template, route.Template)
		})
	}
}

func TestTemplatesOfOtherKindsAreRefusedAtTheStart(t *testing.T) {
	for _, template := range []string{"", "v1/x", "/v1/{name=**}", "/v1/{name"} {
		_, err := newRoute(http.MethodGet, template)
		require.Error(t, err, template)
	}
	_, err := newRoute("", "/v1/x")
	require.Error(t, err)
	api, _ := newAPI(t)
	require.Error(t, api.Handle("GET", "/v1/{x=districts/*}", nil), "there is one already")
}

func TestAGatewayWithoutAServiceDoesNotStart(t *testing.T) {
	_, err := New(t.Context(), Options{Conns: map[string]grpc.ClientConnInterface{"schools": spy{}}})
	require.ErrorContains(t, err, "no connection to assessments")
}

// Whatever the path, nobody without a token gets further than a public route.
func TestNoPathLeadsAroundTheToken(t *testing.T) {
	api, called := newAPI(t)
	rapid.Check(t, func(t *rapid.T) {
		route := rapid.SampledFrom(api.Routes()).Draw(t, "route")
		path := example(route) + rapid.SampledFrom([]string{"", "/", ":check", "%2Fx", "?a=b", "//", "/..", ";x"}).Draw(t, "tail")
		method := rapid.SampledFrom([]string{"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"}).Draw(t, "method")
		*called = ""
		r := httptest.NewRequest(method, path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		found, _ := api.table.find(method, r.URL.Path)
		if found == nil || !found.Public {
			if w.Code != http.StatusUnauthorized || *called != "" {
				t.Fatalf("%s %s: %d, called %q", method, path, w.Code, *called)
			}
		} else if *called != "" && *called != fullMethod(found.RPC) {
			t.Fatalf("%s %s was taken for %s and called %s", method, path, found.Template, *called)
		}
	})
}

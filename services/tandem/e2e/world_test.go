package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	apidoc "github.com/tandem-badges/tandem/proto"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/accessmatrix"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// What tests of access call the same in both districts, and the words that are in
// every personal field of one district and of the other.
const (
	here, there         = accessmatrix.District, accessmatrix.OtherDistrict
	sameRun             = "sameids1"
	schoolID            = "school-" + sameRun
	hereWord, thereWord = "zqheree", "zqtheree"
)

// world is an installation in which two districts played the same year: their
// schools, teams, people and whatever else is named by a client have the same ids.
type world struct {
	*instance
	operator *restclient.Client
	token    string // of the operator
	names    []string
	shown    atomic.Int64 // answers of the matrix with people in them
}

// newWorld plays both years.
func newWorld(t *testing.T, database string) *world {
	t.Helper()
	env := []string{"TANDEM_RATE_ANONYMOUS=0", "TANDEM_RATE_IDENTITY=0", "TANDEM_RATE_SIGN_IN=0", "TANDEM_VC_API=true"}
	if database == "postgres" {
		env = append(env, "TANDEM_DB="+kittest.Postgres(t))
	}
	i := newInstance(t, env...)
	i.serve()
	w := &world{instance: i}
	minted, err := i.command("token", "--subject", "people/operator", "--grant", "state_admin")
	require.NoError(t, err, minted)
	w.token = strings.TrimSpace(minted)

	listener := newListener(t, i.url)
	for district, word := range map[string]string{here: hereWord, there: thereWord} {
		birds := newCanary(t, listener.URL)
		birds.word = word
		apart := *i
		apart.url = birds.URL
		_, out, err := apart.play(t.Context(), walkthrough.Options{District: lastPart(district), Run: sameRun})
		require.NoError(t, err, out)
	}
	w.operator = restclient.New(listener.URL).As(w.token)
	for _, district := range []string{here, there} {
		w.furnish(t, district)
	}
	provider := map[string]any{"title": "Issuer", "issuer": i.url + "/dev/issuer", "clientId": "c", "clientSecret": "s", "tenant": here}
	require.NoError(t, w.operator.Post(t.Context(), "/v1/identityProviders", url.Values{"identityProviderId": {"ids"}}, provider, nil))
	require.NoError(t, w.operator.Get(t.Context(), "/v1/people/walkthrough-chair/grants", nil, &struct{}{}))
	w.names = listener.heard()
	return w
}

// furnish adds what no school's year has: machines, webhooks and the like.
func (w *world) furnish(t *testing.T, district string) {
	t.Helper()
	for collection, body := range map[string]map[string]any{
		"apiClients?apiClientId=ids":             {"title": "Machine", "scopes": []string{"schools.read"}},
		"webhookEndpoints?webhookEndpointId=ids": {"url": "http://127.0.0.1:9/nobody"},
		"restrictions?restrictionId=ids":         {"actions": []string{"reflections.create"}, "roles": []string{"ROLE_OUTSIDE_EVALUATOR"}, "reason": "Not here."},
		"feederSystems?feederSystemId=ids":       {"title": "Feeders"},
		"schools?schoolId=beside":                {"title": "School beside", "gradeLow": "K", "gradeHigh": "05"},
		"dispositions":                           {"kind": "KIND_RETENTION", "rule": "session", "reason": "Only planned."},
	} {
		path, query, _ := strings.Cut(collection, "?")
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		require.NoError(t, w.operator.Post(t.Context(), "/v1/"+district+"/"+path, values, body, nil), collection)
	}
	for _, list := range []string{"/people", "/people/walkthrough-coordinator/grants", "/dispositions", "/releases"} {
		var all any
		require.NoError(t, w.operator.Get(t.Context(), "/v1/"+district+list, nil, &all), list)
	}
}

// machine registers a machine of a district and returns an API key of it.
func (w *world) machine(t *testing.T, district, id string, scopes ...string) string {
	t.Helper()
	c := restclient.New(w.url).As(w.token)
	name := "/v1/" + district + "/apiClients/" + id
	asked := map[string]any{"title": "Machine " + id, "scopes": scopes}
	var client struct{ Pending bool }
	require.NoError(t, c.Post(t.Context(), "/v1/"+district+"/apiClients", url.Values{"apiClientId": {id}}, asked, &client))
	if client.Pending {
		approver := c.As(devToken(t, c, "people/dev-admin"))
		require.NoError(t, approver.Post(t.Context(), name+":approve", nil, map[string]any{}, nil))
	}
	var made struct{ Secret string }
	require.NoError(t, c.Post(t.Context(), name+":addSecret", nil, map[string]any{"kind": "API_CLIENT_SECRET_KIND_API_KEY"}, &made))
	require.NotEmpty(t, made.Secret)
	return made.Secret
}

// everyScope are the names of all scopes of machines.
func everyScope() (names []string) {
	for _, scope := range access.Scopes() {
		names = append(names, scope.Name)
	}
	return names
}

// listener stands before an instance and keeps every name of a resource that is
// in an answer.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	names map[string]bool
}

func newListener(t *testing.T, instance string) *listener {
	t.Helper()
	target, err := url.Parse(instance)
	require.NoError(t, err)
	l := &listener{names: map[string]bool{}}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1 // events stream
	proxy.ModifyResponse = func(resp *http.Response) error {
		if !strings.Contains(resp.Header.Get("Content-Type"), "json") {
			return nil
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		var answer any
		if err == nil && json.Unmarshal(body, &answer) == nil {
			l.listen(answer)
		}
		return err
	}
	l.Server = httptest.NewServer(proxy)
	t.Cleanup(l.Close)
	return l
}

// resourceName is what a name of a resource looks like in an answer.
var resourceName = regexp.MustCompile(`^[a-z][A-Za-z]+(/[A-Za-z0-9._~-]+)+$`)

func (l *listener) listen(v any) {
	switch v := v.(type) {
	case string:
		if resourceName.MatchString(v) && !identity.Root(v) { // nobody is registered as those
			l.mu.Lock()
			l.names[v] = true
			l.mu.Unlock()
		}
	case []any:
		for _, one := range v {
			l.listen(one)
		}
	case map[string]any:
		for _, one := range v {
			l.listen(one)
		}
	}
}

func (l *listener) heard() (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.names {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// route is an operation of the API's document.
type route struct {
	method, path string
	rpc          string // e.g. schools.v1.TeamsService.GetTeam, empty for a hand-written route
	action       string
}

func (r route) String() string { return r.method + " " + r.path }

// routes are all operations of the API's document.
func routes(t *testing.T) (all []route) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(apidoc.OpenAPI(), &document))
	for path, operations := range document.Paths {
		for method, raw := range operations {
			var operation struct {
				RPC    string                  `json:"x-tandem-rpc"`
				Access struct{ Action string } `json:"x-tandem-access"`
			}
			if method == "parameters" {
				continue
			}
			require.NoError(t, json.Unmarshal(raw, &operation))
			rpc := strings.ReplaceAll(strings.TrimPrefix(operation.RPC, "tandem."), "/", ".")
			all = append(all, route{strings.ToUpper(method), path, rpc, operation.Access.Action})
		}
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.String(), b.String()) })
	require.Greater(t, len(all), 200)
	return all
}

// parameter is one of a route's path.
var parameter = regexp.MustCompile(`\{[^}]+\}`)

// named are the paths of a route for the names below the given one, at most so
// many. The name of the route's own resource or, in a collection, of its parent
// is one that an answer told.
func (r route) named(names []string, below string, most int) (paths []string) {
	last := strings.LastIndex(r.path, "}") + 1
	pattern := regexp.MustCompile("^" + parameter.ReplaceAllString(strings.TrimPrefix(r.path[:last], "/v1/"), "[^/:]+") + "$")
	for _, name := range names {
		if len(paths) < most && pattern.MatchString(name) && (name == below || strings.HasPrefix(name, below+"/") || below == "") {
			paths = append(paths, "/v1/"+name+r.path[last:])
		}
	}
	return paths
}

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/accessmatrix"
)

// try is one call of the matrix.
type try struct {
	route  route
	caller caller
	place  accessmatrix.Place
	path   string
	exists bool // what the path names
	want   accessmatrix.Outcome
}

// matrix makes every call of the API as everybody of the committed table, at every
// place that the route can name, and meets what the table says.
func matrix(t *testing.T, w *world) {
	tries := w.tries(t)
	require.Greater(t, len(tries), 15000)
	var mu sync.Mutex
	wrong := map[string][]string{}
	w.shown.Store(0)
	work(8, tries, func(one try) {
		if fault := w.judge(one); fault != "" {
			mu.Lock()
			defer mu.Unlock()
			what := one.route.String() + " at " + one.place.Name + ": " + fault
			wrong[what] = append(wrong[what], one.caller.Name)
		}
	})
	t.Logf("%d calls, %d answers with people", len(tries), w.shown.Load())
	require.Greater(t, w.shown.Load(), int64(100), "where nobody sees people, it proves nothing that some do not")
	for what, callers := range wrong {
		t.Errorf("%s, by %s", what, strings.Join(callers, "; "))
	}
}

// work does something with each of many, several at a time.
func work[T any](workers int, all []T, do func(T)) {
	queue := make(chan T)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for one := range queue {
				do(one)
			}
		})
	}
	for _, one := range all {
		queue <- one
	}
	close(queue)
	group.Wait()
}

// tries are the calls. A route without a row in the table fails the test.
func (w *world) tries(t *testing.T) (all []try) {
	t.Helper()
	expected, err := accessmatrix.Expected()
	require.NoError(t, err)
	callers := w.callers(t)
	for _, r := range routes(t) {
		if r.rpc != "" {
			require.Contains(t, expected, r.rpc, "%s: say in the access matrix who may call it", r)
		} else {
			require.Equal(t, eventStream, r.String(), "say who may call it")
		}
		for i, place := range accessmatrix.Places() {
			if !slices.Contains(r.placesOf(), place.Name) {
				continue
			}
			path, exists := w.path(r, places[place.Name])
			for _, c := range callers {
				want := mayFollow(c.Name)
				if r.rpc != "" {
					want = expected[r.rpc][c.Name][i]
				}
				if want == accessmatrix.NotPlaced {
					want = expected[r.rpc][c.Name][0]
				}
				if r.rpc == "" && c.Nobody {
					want = accessmatrix.SignIn
				}
				all = append(all, try{r, c, place, path, exists, want})
			}
		}
	}
	return all
}

// eventStream is the route that no RPC stands behind.
const eventStream = "GET /v1/events:stream"

// mayFollow says who follows events: everybody who is signed in, and machines with
// the scope for it.
func mayFollow(caller string) accessmatrix.Outcome {
	if strings.HasPrefix(caller, "machine:") && caller != "machine:events.read" {
		return accessmatrix.Refused
	}
	return accessmatrix.Yes
}

// placesOf are the places that the path of a route can name.
func (r route) placesOf() []string {
	switch {
	case strings.HasPrefix(r.path, "/v1/districts/{district}/schools/{school}"):
		return []string{"school", "school beside", "school there"}
	case strings.HasPrefix(r.path, "/v1/districts/{district}"):
		return []string{"district", "other district"}
	default:
		return []string{"state"}
	}
}

// path is one of the route at a node, of something that exists where the call only
// reads, and else of nothing, so that the world stays as it is.
func (w *world) path(r route, node string) (path string, exists bool) {
	if r.method == http.MethodGet {
		if known := r.named(w.names, node, 1); len(known) > 0 {
			return known[0], true
		}
	}
	path = r.path
	if node != "" {
		shape := "/v1/districts/{district}"
		if strings.Contains(node, "/schools/") {
			shape += "/schools/{school}"
		}
		path = strings.Replace(path, shape, "/v1/"+node, 1)
	}
	return parameter.ReplaceAllString(path, "never-seen-anywhere"), !strings.Contains(path, "{")
}

// judge makes a call and says what is wrong with its answer, or nothing.
func (w *world) judge(one try) string {
	status, body, err := w.call(one)
	if err != nil {
		return err.Error()
	}
	if one.caller.where != "" && strings.Contains(body, thereWord) {
		return "shows a text of the other district"
	}
	if one.want == accessmatrix.Yes && strings.Contains(body, hereWord) {
		w.shown.Add(1)
	}
	if one.want == accessmatrix.NoPeople && strings.Contains(body, hereWord) {
		return "shows people"
	}
	want, ok := map[accessmatrix.Outcome]int{
		accessmatrix.Refused: http.StatusForbidden, accessmatrix.Hidden: http.StatusNotFound, accessmatrix.SignIn: http.StatusUnauthorized,
	}[one.want]
	switch {
	case ok && status != want:
		return fmt.Sprintf("%d instead of %d (%s)", status, want, one.want)
	case ok:
		return ""
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status >= http.StatusInternalServerError:
		return fmt.Sprintf("%d instead of yes: %s", status, body)
	case one.route.method == http.MethodGet && one.exists && status != http.StatusOK && !ownOnly(one):
		return fmt.Sprintf("%d instead of a 200 for what is there: %s", status, body)
	case one.route.method != http.MethodGet && status < http.StatusBadRequest && !harmless[one.route.String()]:
		return fmt.Sprintf("%d: the call changed the world", status)
	}
	return ""
}

// harmless are calls that succeed and change nothing for another.
var harmless = map[string]bool{
	"POST /v1/sessions:endAll":        true, // nobody here has a session
	"POST /v1/credentials:reissueAll": true, // all badges are signed with the current key
}

// ownOnly are what the table cannot say, since it is about the state something is
// in: reviewers see the applications that they were assigned to.
func ownOnly(one try) bool {
	return strings.HasPrefix(one.caller.Name, "reviewer@") && strings.Contains(one.route.path, "/applications/{application}")
}

// queries are what some reads cannot do without.
var queries = map[string]string{
	"GET /v1/auditEntries":                      "?service=schools",
	"GET /v1/districts/{district}/auditEntries": "?service=schools",
	"GET /v1/access:explain":                    "?subject=people/walkthrough-chair&action=people.list",
	"GET /v1/inventories:rollUp":                "?cycle=cycles/none",
	"GET /v1/log:tile":                          "?path=tile/0/000.p/1",
}

func (w *world) call(one try) (int, string, error) {
	body := strings.NewReader(`{}`)
	if strings.HasSuffix(one.path, ":close") {
		body = strings.NewReader(`{"etag": "of-another-time"}`)
	}
	req, err := http.NewRequest(one.route.method, w.url+one.path+queries[one.route.String()], body)
	if err != nil {
		return 0, "", err
	}
	if one.route.method == http.MethodGet {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	if one.caller.token != "" {
		req.Header.Set("Authorization", "Bearer "+one.caller.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return resp.StatusCode, "", nil // it goes on; the tests of the stream read it
	}
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

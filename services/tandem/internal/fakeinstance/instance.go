// Package fakeinstance is an instance in memory that says yes, for tests of what
// calls one through REST: package demo and package walkthrough.
//
// It keeps resources as JSON by name, knows which call moves which of them on,
// and answers the second of two equal request ids as the first. It checks no
// rule of the product; what really happens is tested on the program itself.
package fakeinstance

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Resource is a resource as JSON has it.
type Resource map[string]any

// Instance is a running fake. Its fields may be changed before calls begin.
type Instance struct {
	URL string
	// Now is the time that its clock tells.
	Now time.Time
	// Before, when set, may answer a call itself and return true.
	Before func(w http.ResponseWriter, r *http.Request) bool

	mu        sync.Mutex
	resources map[string]Resource
	answers   map[string]answered // of requests with an id
	sheets    map[string][]string // response ids by campaign and school
	codes     map[string]string   // campaign and school by code of a link
	calls     []string
}

// New starts an instance that ends with the test.
func New(t testing.TB) *Instance {
	i := &Instance{
		Now:       time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		resources: builtIn(), answers: map[string]answered{}, sheets: map[string][]string{}, codes: map[string]string{},
	}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Calls lists what was called, in order: method and path.
func (i *Instance) Calls() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.calls)
}

// Names lists the resources whose name contains part.
func (i *Instance) Names(part string) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var names []string
	for name := range i.resources {
		if strings.Contains(name, part) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Get returns a resource, nil when there is none.
func (i *Instance) Get(name string) Resource {
	i.mu.Lock()
	defer i.mu.Unlock()
	return maps.Clone(i.resources[name])
}

// Sheets counts the survey answers, and how many of them came twice.
func (i *Instance) Sheets() (total, twice int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, ids := range i.sheets {
		total += len(ids)
		unique := slices.Clone(ids)
		slices.Sort(unique)
		twice += len(ids) - len(slices.Compact(unique))
	}
	return total, twice
}

// ServeHTTP answers one call.
func (i *Instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.Before != nil && i.Before(w, r) {
		return
	}
	if r.URL.Path == "/v1/events:stream" {
		i.stream(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls = append(i.calls, r.Method+" "+r.URL.Path)
	status, answer := i.answer(r, body)
	if raw, ok := answer.([]byte); ok {
		w.WriteHeader(status)
		_, _ = w.Write(raw)
		return
	}
	Answer(w, status, answer)
}

// Answer writes JSON.
func Answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// Refuse writes a problem.
func Refuse(w http.ResponseWriter, status int, reason string) {
	Answer(w, status, problem(status, reason))
}

func problem(status int, reason string, violations ...map[string]string) Resource {
	return Resource{"status": status, "reason": reason, "violations": violations}
}

// stream sends every kind of event once and then stays silent.
func (i *Instance) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, kind := range []string{
		"JourneyBegun", "StandardChosen", "PlanSignedOff", "ApplicationSubmitted", "BadgeAwarded", "CredentialIssued", "JourneyBegun",
	} {
		_, _ = io.WriteString(w, "id: "+kind+"\nevent: "+kind+"\ndata: {\"type\": \"tandem.test.v1."+kind+"\"}\n\n")
	}
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	<-r.Context().Done()
}

// answer decides by method and path.
func (i *Instance) answer(r *http.Request, body []byte) (int, any) {
	path, in := r.URL.Path, Resource{}
	if campaign, ok := strings.CutSuffix(path, "/responses:batchSubmit"); ok {
		return i.takeSheets(strings.TrimPrefix(campaign, "/v1/"), body)
	}
	_ = json.Unmarshal(body, &in)
	name, isAPI := strings.CutPrefix(path, "/v1/")
	base, verb, custom := strings.Cut(name, ":")
	switch {
	case !isAPI:
		return i.outside(path, in)
	case r.Method == http.MethodGet && custom:
		return i.ask(base, verb)
	case r.Method == http.MethodGet:
		return i.read(name)
	case r.Method == http.MethodPut:
		return i.upload(strings.TrimSuffix(name, "/content"), body)
	case r.Method == http.MethodPatch:
		maps.Copy(i.resources[name], in)
		return http.StatusOK, i.resources[name]
	case custom:
		return i.once(r, base, verb, in, body)
	default:
		return i.create(name, r.URL.Query(), in, body)
	}
}

// outside answers what is not below /v1/.
func (i *Instance) outside(path string, in Resource) (int, any) {
	switch path {
	case "/dev/token":
		return http.StatusOK, Resource{"token": in["identity"]}
	case "/dev/clock":
		return http.StatusOK, Resource{"now": i.Now}
	case "/dev/clock:advance":
		to, err := time.Parse(time.RFC3339Nano, in["to"].(string))
		if err != nil {
			return http.StatusBadRequest, problem(http.StatusBadRequest, "FIELD_INVALID")
		}
		i.Now = to
		return http.StatusOK, Resource{"now": i.Now}
	case "/dev/identities":
		return http.StatusOK, i.identities()
	default: // the page of a badge names its school: here, all schools
		page := ""
		for _, resource := range i.resources {
			if title, ok := resource["title"].(string); ok {
				page += title + "\n"
			}
		}
		return http.StatusOK, []byte(page)
	}
}

func (i *Instance) identities() Resource {
	all := []Resource{{"identity": "people/dev-admin", "name": "Dev", "roles": []Resource{{"role": "STATE_ADMIN", "node": ""}}}}
	for _, name := range slices.Sorted(maps.Keys(i.resources)) {
		person := i.resources[name]
		if person["demo"] != true {
			continue
		}
		var roles []Resource
		given, _ := person["grants"].([]any)
		for _, grant := range given {
			role := grant.(map[string]any)
			roles = append(roles, Resource{"role": strings.TrimPrefix(role["role"].(string), "ROLE_"), "node": role["node"]})
		}
		all = append(all, Resource{"identity": name, "name": person["displayName"], "roles": roles})
	}
	return Resource{"identities": all}
}

// once answers a custom method; a request id that was answered gets the same.
func (i *Instance) once(r *http.Request, base, verb string, in Resource, body []byte) (int, any) {
	id, _ := in["requestId"].(string)
	key := r.Header.Get("Authorization") + " " + verb + " " + id
	if before, ok := i.answers[key]; ok && id != "" {
		return before.to(body)
	}
	status, answer := i.act(base, verb, in)
	if status == http.StatusOK {
		i.answers[key] = answered{body, answer}
	}
	return status, answer
}

// answered is a request that was answered.
type answered struct {
	body   []byte
	answer any
}

// to answers the request again, and refuses another one under the same id.
func (a answered) to(body []byte) (int, any) {
	if !bytes.Equal(a.body, body) {
		return http.StatusBadRequest, problem(http.StatusBadRequest, "REQUEST_REUSED")
	}
	return http.StatusOK, a.answer
}

package fakeinstance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// states that a custom method leads to, by the field that holds them.
var states = map[string]struct{ field, cycle, campaign, other string }{
	"open":       {"state", "STATE_OPEN", "STATE_OPEN", ""},
	"close":      {"state", "STATE_CLOSED", "STATE_CLOSED", ""},
	"publish":    {"state", "", "STATE_PUBLISHED", ""},
	"settle":     {"state", "", "", "STATE_SETTLED"},
	"finalize":   {"state", "", "", "STATE_FINAL"},
	"discover":   {"phase", "", "", "PHASE_DISCOVERING"},
	"deliberate": {"phase", "", "", "PHASE_CHOOSING"},
	"choose":     {"phase", "", "", "PHASE_PLANNING"},
	"start":      {"phase", "", "", "PHASE_UNDERWAY"},
	"present":    {"phase", "", "", "PHASE_PRESENTED"},
	"continue":   {"phase", "", "", "PHASE_PLANNING"},
	"sustain":    {"phase", "", "", "PHASE_SUSTAINING"},
}

// firsts are the states in which resources begin.
var firsts = map[string]Resource{
	"cycles": {"state": "STATE_PLANNED"}, "campaigns": {"state": "STATE_DRAFT"}, "journeys": {"phase": "PHASE_FORMING"},
	"applications": {"rubricVersion": rubric}, "decisions": {"ruleMet": true},
}

// create stores a resource under the id of the caller.
func (i *Instance) create(collection string, query url.Values, in Resource, body []byte) (int, any) {
	id := ""
	for key := range query {
		if strings.HasSuffix(key, "Id") && key != "requestId" {
			id = query.Get(key)
		}
	}
	name := collection + "/" + id
	if _, exists := i.resources[name]; exists {
		return i.again(name, query.Get("requestId"), body)
	}
	i.answers["create "+name+query.Get("requestId")] = answered{body, in}
	in["name"], in["createTime"] = name, i.Now.Format(time.RFC3339)
	maps.Copy(in, firsts[last(collection)])
	if last(collection) == "links" {
		in["code"] = "code-" + hash(name)
		i.codes["code-"+hash(name)] = parent(collection) + " " + in["school"].(string)
	}
	i.resources[name] = in
	return http.StatusOK, in
}

// again answers a create of what is there: with the same request id as before,
// otherwise by whatever rule the resource has against doubles.
func (i *Instance) again(name, requestID string, body []byte) (int, any) {
	if before, ok := i.answers["create "+name+requestID]; ok && requestID != "" {
		return before.to(body)
	}
	if last(parent(name)) == "members" {
		return http.StatusBadRequest, problem(http.StatusBadRequest, "FIELD_INVALID")
	}
	return http.StatusConflict, problem(http.StatusConflict, "RESOURCE_EXISTS")
}

// act is a custom method.
func (i *Instance) act(base, verb string, in Resource) (int, any) {
	switch verb {
	case "batchCreate":
		return i.createSchools(in)
	case "submit":
		if base == "responses" {
			return i.submitAnswer(in)
		}
	}
	resource, ok := i.resources[base]
	if !ok {
		return http.StatusNotFound, problem(http.StatusNotFound, "RESOURCE_NOT_FOUND")
	}
	if verb == "deliberate" && len(i.children(base+"/notes")) == 0 {
		return http.StatusBadRequest, problem(http.StatusBadRequest, "NOT_ELIGIBLE",
			map[string]string{"rule": "survey-result"}, map[string]string{"rule": "self-assessment"}, map[string]string{"rule": "anecdotal-note"})
	}
	to := states[verb]
	switch kind := last(parent(base)); {
	case to.field == "":
	case kind == "cycles":
		resource[to.field] = to.cycle
	case kind == "campaigns":
		resource[to.field] = to.campaign
	default:
		resource[to.field] = to.other
	}
	return http.StatusOK, i.effect(base, verb, in, resource)
}

// effect is what a custom method does besides moving its resource on.
func (i *Instance) effect(base, verb string, in, resource Resource) Resource {
	switch verb {
	case "publish":
		operation := Resource{"name": base + "/operations/publish", "done": true}
		i.resources[base+"/operations/publish"] = operation
		return operation
	case "continue":
		resource["cycle"] = in["cycle"]
	case "signOff":
		resource["signOff"] = Resource{"statement": in["statement"]}
	case "submit":
		resource["snapshotDigest"] = hash(base)
		i.resources[resource["journey"].(string)]["phase"] = "PHASE_APPLIED"
	case "assignReviewers":
		for n, reviewer := range in["reviewers"].([]any) {
			name := fmt.Sprintf("%s/reviews/review-%d", base, n+1)
			i.resources[name] = Resource{"name": name, "reviewer": reviewer, "state": "STATE_ASSIGNED"}
		}
	case "approve":
		application := i.resources[parent(parent(base))]
		school := parent(parent(application["name"].(string)))
		resource["approved"], resource["award"] = true, school+"/awards/"+last(application["name"].(string))
		i.resources[resource["award"].(string)] = Resource{
			"name": resource["award"], "application": application["name"], "credential": "credentials/" + hash(base),
			"state": "STATE_ACTIVE", "awardTime": i.Now.Format(time.RFC3339),
		}
		i.resources["credentials/"+hash(base)] = Resource{"id": hash(base)}
		i.resources[application["journey"].(string)]["phase"] = "PHASE_AWARDED"
	}
	return resource
}

func (i *Instance) createSchools(in Resource) (int, any) {
	for _, one := range in["requests"].([]any) {
		request := one.(map[string]any)
		name := request["parent"].(string) + "/schools/" + request["schoolId"].(string)
		if _, exists := i.resources[name]; exists {
			return http.StatusConflict, problem(http.StatusConflict, "RESOURCE_EXISTS")
		}
		school := Resource(request["school"].(map[string]any))
		school["name"] = name
		i.resources[name] = school
	}
	return http.StatusOK, Resource{}
}

// takeSheets keeps a batch of paper answers; they are many, and read without
// their content.
func (i *Instance) takeSheets(campaign string, body []byte) (int, any) {
	var batch struct {
		School    string `json:"school"`
		Responses []struct {
			ResponseID string `json:"responseId"`
		} `json:"responses"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return http.StatusBadRequest, problem(http.StatusBadRequest, "FIELD_INVALID")
	}
	for _, sheet := range batch.Responses {
		i.sheets[campaign+" "+batch.School] = append(i.sheets[campaign+" "+batch.School], sheet.ResponseID)
	}
	return http.StatusOK, Resource{}
}

// submitAnswer keeps an answer once.
func (i *Instance) submitAnswer(in Resource) (int, any) {
	key, id := i.codes[in["code"].(string)], in["responseId"].(string)
	if !slices.Contains(i.sheets[key], id) {
		i.sheets[key] = append(i.sheets[key], id)
	}
	return http.StatusOK, Resource{"receipt": hash(key + id)}
}

// upload takes the content of an artifact.
func (i *Instance) upload(name string, content []byte) (int, any) {
	artifact, ok := i.resources[name]
	if !ok {
		return http.StatusNotFound, problem(http.StatusNotFound, "RESOURCE_NOT_FOUND")
	}
	digest := sha256.Sum256(content)
	artifact["sha256"], artifact["state"] = hex.EncodeToString(digest[:]), "STATE_ACCEPTED"
	return http.StatusOK, artifact
}

func hash(what string) string {
	digest := sha256.Sum256([]byte(what))
	return hex.EncodeToString(digest[:])
}

func last(name string) string   { return name[strings.LastIndexByte(name, '/')+1:] }
func parent(name string) string { return name[:max(strings.LastIndexByte(name, '/'), 0)] }

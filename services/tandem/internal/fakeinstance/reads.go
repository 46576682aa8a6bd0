package fakeinstance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const rubric = "rubrics/partnership-badge/versions/1"

// standards of the framework that it has.
var standards = []string{
	"welcome-all-families", "communicate-effectively", "support-student-success",
	"speak-up-for-every-child", "share-power", "collaborate-with-community",
}

// builtIn is what an instance has before anything was done.
func builtIn() map[string]Resource {
	var items, levels []Resource
	for n := range 6 {
		option := Resource{"id": fmt.Sprint(n + 1), "score": n + 1, "favorable": n > 2, "notApplicable": n == 5}
		levels = append(levels, option)
	}
	var content []Resource
	for _, standard := range standards {
		for n := range 3 {
			items = append(items, Resource{
				"id": fmt.Sprintf("%s-q%d", standard, n+1), "type": "ITEM_TYPE_SCALE", "standard": standard, "required": n < 2, "options": levels,
			})
		}
		content = append(content, Resource{
			"id": standard, "goals": []Resource{{"id": standard, "indicators": []Resource{{"id": standard + "-1"}}}},
		})
	}
	items = append(items, Resource{"id": "comment", "type": "ITEM_TYPE_TEXT", "maxLength": 500})
	return map[string]Resource{
		"instruments/family-survey/versions/1":        {"name": "instruments/family-survey/versions/1", "items": items},
		"frameworks/national-standards/versions/2022": {"name": "frameworks/national-standards/versions/2022", "standards": content},
		rubric: {"name": rubric, "criteria": []Resource{{"id": "process"}, {"id": "change"}}},
	}
}

// read gets a resource, a list, or what is made of others.
func (i *Instance) read(name string) (int, any) {
	if resource, ok := i.resources[name]; ok {
		return http.StatusOK, resource
	}
	if code, ok := strings.CutPrefix(name, "forms/"); ok && i.codes[code] != "" {
		return http.StatusOK, Resource{
			"open": true, "language": "es", "items": i.resources["instruments/family-survey/versions/1"]["items"],
		}
	}
	if strings.Count(name, "/")%2 == 0 { // a collection
		if last(name) == "results" {
			return http.StatusOK, Resource{"results": i.results(parent(name))}
		}
		return http.StatusOK, Resource{last(name): i.children(name)}
	}
	return http.StatusNotFound, problem(http.StatusNotFound, "RESOURCE_NOT_FOUND")
}

// children lists the resources of a collection; '-' stands for any parent.
func (i *Instance) children(collection string) []Resource {
	names := []string{}
	for name := range i.resources {
		if matches(collection, parent(name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	list := []Resource{}
	for _, name := range names {
		list = append(list, i.resources[name])
	}
	return list
}

func matches(pattern, name string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(name, "/")
	if len(want) != len(have) {
		return false
	}
	for n := range want {
		if want[n] != "-" && want[n] != have[n] {
			return false
		}
	}
	return true
}

// results are those of the published waves of a school.
func (i *Instance) results(school string) []Resource {
	list := []Resource{}
	for key, sheets := range i.sheets {
		campaign, of, _ := strings.Cut(key, " ")
		if of != school || i.resources[campaign]["state"] != "STATE_PUBLISHED" {
			continue
		}
		list = append(list, Resource{
			"wave": i.resources[campaign]["wave"], "minimumCell": 10, "responses": Resource{"shown": true, "value": len(sheets)},
		})
	}
	return list
}

// ask is a custom method that only reads.
func (i *Instance) ask(base, verb string) (int, any) {
	switch verb {
	case "explainEligibility":
		return http.StatusOK, Resource{"eligible": true, "outcomes": []Resource{{"rule": "a-rule", "met": true}}, "asOf": "2026-11-22T08:00:00Z"}
	case "rankNeeds":
		return http.StatusOK, Resource{"needs": []Resource{{"standard": "share-power"}}}
	case "trail":
		return http.StatusOK, i.trail(base)
	default:
		return http.StatusNotFound, problem(http.StatusNotFound, "RESOURCE_NOT_FOUND")
	}
}

func (i *Instance) trail(award string) Resource {
	application, _ := i.resources[award]["application"].(string)
	var evidence []Resource
	for _, artifact := range i.children(parent(parent(award)) + "/artifacts") {
		evidence = append(evidence, Resource{"sha256": artifact["sha256"]})
	}
	return Resource{
		"award": i.resources[award], "credential": Resource{"id": "urn:test"}, "decision": Resource{"approved": true},
		"reviews": i.children(application + "/reviews"), "rubricVersion": i.resources[rubric], "evidence": evidence,
	}
}

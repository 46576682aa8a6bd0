package main

import (
	"maps"
	"slices"
	"strings"
)

// prune takes out schemas that nothing refers to, such as the error type the
// generator gives every operation, until all that is left is reached from a path.
func prune(doc object) {
	components := child(doc, "components")
	all := child(components, "schemas")
	reached, queue := map[string]bool{}, []any{doc["paths"], components["responses"]}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, ref := range refs(next) {
			name, isSchema := strings.CutPrefix(ref, schemaRef)
			if isSchema && !reached[name] {
				reached[name] = true
				queue = append(queue, all[name])
			}
		}
	}
	maps.DeleteFunc(all, func(name string, _ any) bool { return !reached[name] })
}

// referenced tells whether a value refers to the given place.
func referenced(value any, ref string) bool {
	return slices.Contains(refs(value), ref)
}

// refs lists the references within a value.
func refs(value any) []string {
	var found []string
	switch value := value.(type) {
	case object:
		for key, inner := range value {
			if ref, ok := inner.(string); ok && key == "$ref" {
				found = append(found, ref)
			} else {
				found = append(found, refs(inner)...)
			}
		}
	case []any:
		for _, inner := range value {
			found = append(found, refs(inner)...)
		}
	}
	return found
}

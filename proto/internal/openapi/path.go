package main

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// variable is one `{field=pattern}` of a path template.
var variable = regexp.MustCompile(`\{([a-z0-9_.]+)(?:=([^}]+))?\}`)

// collections maps a collection to the name of its id, as the resources declare
// it: "schools" -> "school" from "districts/{district}/schools/{school}".
func collections(protos *schema.Schema) map[string]string {
	ids := map[string]string{}
	for _, resource := range protos.Resources() {
		for _, pattern := range resource.GetPattern() {
			segments := strings.Split(pattern, "/")
			for i := 1; i < len(segments); i++ {
				id, isID := strings.CutPrefix(segments[i], "{")
				if _, known := ids[segments[i-1]]; isID && !known {
					ids[segments[i-1]] = strings.TrimSuffix(id, "}")
				}
			}
		}
	}
	return ids
}

// expand turns a path template into an OpenAPI path with one parameter per id.
// The generator names parameters after proto fields, so that the same path would
// appear under several names ({name}, {parent}, {school.name}), which OpenAPI
// forbids; ids named after their collection make one path of them.
func (j *joiner) expand(m protoreflect.MethodDescriptor, template string) (string, []any) {
	var params []any
	used := map[string]bool{}
	path := variable.ReplaceAllStringFunc(template, func(match string) string {
		parts := variable.FindStringSubmatch(match)
		field, pattern := parts[1], parts[2]
		if pattern == "" {
			params = append(params, fieldParam(m, field))
			return "{" + params[len(params)-1].(object)["name"].(string) + "}"
		}
		segments := strings.Split(pattern, "/")
		for i, segment := range segments {
			if segment == "*" || segment == "**" {
				name := j.idName(segments, i, used)
				params = append(params, idParam(name, strings.Join(segments[:i], "/")))
				segments[i] = "{" + name + "}"
			}
		}
		return strings.Join(segments, "/")
	})
	return path, params
}

// idName names the id at a position of a pattern, once per path.
func (j *joiner) idName(segments []string, i int, used map[string]bool) string {
	name := "id"
	if i > 0 {
		collection := segments[i-1]
		if known, ok := j.ids[collection]; ok {
			name = known
		} else {
			name = strings.TrimSuffix(collection, "s")
		}
	}
	for base, n := name, 2; used[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	used[name] = true
	return name
}

// idParam describes the part of a resource name after the given prefix.
func idParam(name, prefix string) object {
	return object{
		"name": name, "in": "path", "required": true,
		"description": fmt.Sprintf("Id of the %s, the part of its name after `%s/`.", strings.ReplaceAll(name, "_", " "), prefix),
		"schema":      object{"type": "string", "minLength": 1},
	}
}

// fieldParam describes a path variable that is one whole field.
func fieldParam(m protoreflect.MethodDescriptor, path string) object {
	rules := object{"type": "string", "minLength": 1}
	param := object{"name": path, "in": "path", "required": true, "schema": rules}
	if field := fieldAt(m.Input(), path); field != nil {
		param["name"] = field.JSONName()
		param["description"] = sentence(field)
		constrain(field, rules)
	}
	return param
}

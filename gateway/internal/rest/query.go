package rest

import (
	"net/url"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// checkQuery returns what is wrong with the query of a route: grpc-gateway
// passes over parameters that it does not know, and a filter that was misspelled
// must not silently answer everything.
func checkQuery(route *Route, query url.Values) []problems.Violation {
	var wrong walk
	for _, key := range slices.Sorted(keys(query)) {
		field := parameter(route, key)
		if field == nil {
			wrong.add(key, "unknown_parameter", "Remove it or correct its spelling"+hint(route)+".")
			continue
		}
		one := url.Values{key: query[key]}
		message := dynamicpb.NewMessage(route.RPC.Input())
		if err := (&runtime.DefaultQueryParser{}).Parse(message, one, utilities.NewDoubleArray(nil)); err != nil {
			wrong.add(key, "wrong_type", "Give "+expected(field)+".")
		}
	}
	return wrong
}

func keys(query url.Values) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range query {
			if !yield(key) {
				return
			}
		}
	}
}

// parameter is the field that a key names, if the query may set it: not what the
// path or the body sets, and no whole message.
func parameter(route *Route, key string) protoreflect.FieldDescriptor {
	if route.Body == "*" {
		return nil
	}
	d := route.RPC.Input()
	var path []string
	var field protoreflect.FieldDescriptor
	for _, name := range strings.Split(key, ".") {
		if d == nil {
			return nil
		}
		if field = fieldOf(d, name); field == nil || field.IsMap() {
			return nil
		}
		path = append(path, string(field.Name()))
		d = nil
		if nested(field) && !field.IsList() {
			d = field.Message()
		}
	}
	if nested(field) || path[0] == route.Body || slices.Contains(route.bound, strings.Join(path, ".")) {
		return nil
	}
	return field
}

// hint lists the parameters that a route takes.
func hint(route *Route) string {
	var names []string
	if route.Body != "*" {
		fields := route.RPC.Input().Fields()
		for i := range fields.Len() {
			if name := fields.Get(i).JSONName(); parameter(route, name) != nil {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return "; this route takes none"
	}
	return "; known here: " + strings.Join(names, ", ")
}

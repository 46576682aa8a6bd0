package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/tandem-badges/tandem/services/kit/access"
)

// Route is one method on one path template.
type Route struct {
	Method   string
	Template string // as in the proto: /v1/{name=districts/*}:verb
	Public   bool   // whether it may be called without a token
	// RPC behind the route; nil for one that the gateway serves by itself.
	RPC protoreflect.MethodDescriptor
	// Body is the field of the request that the body holds, "*" for all of it,
	// "" for none.
	Body string

	handler  http.Handler
	segments []string // literals, and "*" for one segment of any text
	verb     string
	bound    []string // request fields set by the path
}

// table finds the route of a request.
type table struct{ routes []*Route }

// rpcRoutes returns the routes of all RPCs of the platform with a REST form, in
// the order of the protos.
func rpcRoutes() ([]*Route, error) {
	var routes []*Route
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "tandem.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				found, err := routesOf(methods.Get(j))
				if err != nil {
					failed = err
					return false
				}
				routes = append(routes, found...)
			}
		}
		return true
	})
	slices.SortStableFunc(routes, func(a, b *Route) int { return strings.Compare(a.Template, b.Template) })
	return routes, failed
}

// routesOf returns the routes of one RPC: its main one and the additional ones.
func routesOf(rpc protoreflect.MethodDescriptor) ([]*Route, error) {
	rule, _ := proto.GetExtension(rpc.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil, nil
	}
	var routes []*Route
	for _, one := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		method, template := pattern(one)
		route, err := newRoute(method, template)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rpc.FullName(), err)
		}
		route.RPC, route.Body = rpc, one.GetBody()
		route.Public = access.Public(fullMethod(rpc))
		routes = append(routes, route)
	}
	return routes, nil
}

func fullMethod(rpc protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", rpc.Parent().FullName(), rpc.Name())
}

func pattern(rule *annotations.HttpRule) (method, template string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Put:
		return http.MethodPut, p.Put
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	default:
		return "", ""
	}
}

// newRoute reads a path template: literals, {field} for one segment and
// {field=a/*/b/*} for several, with a :verb at the end.
func newRoute(method, template string) (*Route, error) {
	rest, ok := strings.CutPrefix(template, "/")
	if method == "" || !ok {
		return nil, fmt.Errorf("no route can be made of %q %q", method, template)
	}
	route := &Route{Method: method, Template: template}
	if end := strings.LastIndex(rest, ":"); end > strings.LastIndex(rest, "}") && end > 0 {
		rest, route.verb = rest[:end], rest[end+1:]
	}
	var flat strings.Builder
	for rest != "" {
		before, variable, found := strings.Cut(rest, "{")
		flat.WriteString(before)
		if !found {
			break
		}
		inner, after, closed := strings.Cut(variable, "}")
		if !closed || strings.Contains(inner, "**") {
			return nil, fmt.Errorf("template %q is of a kind that no route uses", template)
		}
		field, segments, several := strings.Cut(inner, "=")
		if !several {
			segments = "*"
		}
		route.bound = append(route.bound, field)
		flat.WriteString(segments)
		rest = after
	}
	route.segments = strings.Split(flat.String(), "/")
	return route, nil
}

// find returns the route of the request, or nil and the methods that the path
// has.
func (t *table) find(method, path string) (*Route, []string) {
	segments, verb := split(path)
	var methods []string
	for _, route := range t.routes {
		if !route.matches(segments, verb) {
			continue
		}
		if route.Method == method {
			return route, nil
		}
		methods = append(methods, route.Method)
	}
	slices.Sort(methods)
	return nil, slices.Compact(methods)
}

// split cuts a path into segments and verb. Ids hold no colon.
func split(path string) (segments []string, verb string) {
	segments = strings.Split(strings.TrimPrefix(path, "/"), "/")
	last := len(segments) - 1
	segments[last], verb, _ = strings.Cut(segments[last], ":")
	return segments, verb
}

func (r *Route) matches(segments []string, verb string) bool {
	if verb != r.verb || len(segments) != len(r.segments) {
		return false
	}
	for i, want := range r.segments {
		if want != segments[i] && (want != "*" || segments[i] == "") {
			return false
		}
	}
	return true
}

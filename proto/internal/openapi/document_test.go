package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/policy"
)

// pathVariable is one variable of an OpenAPI path.
var pathVariable = regexp.MustCompile(`\{([^}]+)\}`)

// committed reads the platform's document and the protos it comes from.
func committed(t *testing.T) (object, *schema.Schema) {
	t.Helper()
	protos, err := schema.Load(t.Context(), "../..")
	require.NoError(t, err)
	text, err := os.ReadFile("../../gen/openapi/openapi.json")
	require.NoError(t, err)
	var doc object
	require.NoError(t, json.Unmarshal(text, &doc))
	return doc, protos
}

// eachOperation calls fn for every operation of a document.
func eachOperation(doc object, fn func(path, verb string, op object)) {
	for path, item := range doc["paths"].(object) {
		for verb, value := range item.(object) {
			if op, ok := value.(object); ok {
				fn(path, verb, op)
			}
		}
	}
}

func TestTheDocumentIsValidOpenAPI31(t *testing.T) {
	doc, _ := committed(t)
	text, err := os.Open(filepath.Join("testdata", "openapi-3.1.schema.json"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = text.Close() })
	rules, err := jsonschema.UnmarshalJSON(text)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("openapi.json", rules))
	validator, err := compiler.Compile("openapi.json")
	require.NoError(t, err)
	require.NoError(t, validator.Validate(doc))
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	doc, _ := committed(t)
	for _, ref := range refs(doc) {
		var at any = doc
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = at.(object)[part]
		}
		require.NotNil(t, at, ref)
	}
}

func TestEveryRouteOfAnRPCIsThereOnceWithTheSecurityOfItsRule(t *testing.T) {
	doc, protos := committed(t)
	found := map[string][]object{}
	eachOperation(doc, func(_, _ string, op object) {
		if name, ok := op["x-tandem-rpc"].(string); ok {
			found[name] = append(found[name], op)
		}
	})
	for _, m := range protos.Methods() {
		routes := len(schema.Bindings(m))
		if schema.Internal(m) {
			require.Empty(t, found[rpcName(m)], "%s is internal", m.FullName())
			continue
		}
		if schema.Streams(m) {
			routes = 1 // written by hand over raw bytes
		}
		require.Len(t, found[rpcName(m)], routes, "%s", m.FullName())
		rule, _ := schema.Rule(m)
		for _, op := range found[rpcName(m)] {
			if rule.GetScope() == accessv1.Scope_SCOPE_PUBLIC {
				require.Equal(t, []any{}, op["security"], "%s is public", m.FullName())
			} else {
				require.Equal(t, []any{object{"bearer": []any{}}}, op["security"], "%s", m.FullName())
			}
			require.Equal(t, rule.GetAction(), op["x-tandem-access"].(object)["action"], "%s", m.FullName())
			require.Equal(t, rolesOf(t, rule.GetAction()), op["x-tandem-access"].(object)["roles"], "%s", m.FullName())
		}
	}
}

// rolesOf are the roles that the policies let do an action; none means everybody.
func rolesOf(t *testing.T, action string) []any {
	t.Helper()
	policies, err := policy.Load()
	require.NoError(t, err)
	names := []any{}
	for _, role := range policies.RolesOf(action) {
		if !policies.Anybody(action).Allowed {
			names = append(names, strings.TrimPrefix(role.String(), "ROLE_"))
		}
	}
	return names
}

func TestEveryOperationHasAnIDOfItsOwnAndAnswersProblems(t *testing.T) {
	doc, _ := committed(t)
	ids := map[string]string{}
	eachOperation(doc, func(path, verb string, op object) {
		where := verb + " " + path
		id, _ := op["operationId"].(string)
		require.NotEmpty(t, id, where)
		require.Empty(t, ids[id], "%s has the id of %s", where, ids[id])
		ids[id] = where
		require.NotEmpty(t, op["summary"], where)
		require.NotNil(t, op["security"], where)
		require.Equal(t, object{"$ref": problemRef}, op["responses"].(object)["default"], where)
	})
	require.NotEmpty(t, ids)
}

func TestNoTwoPathsDifferOnlyInTheNamesOfTheirParameters(t *testing.T) {
	doc, _ := committed(t)
	shapes := map[string]string{}
	for path := range doc["paths"].(object) {
		shape := pathVariable.ReplaceAllString(path, "*")
		require.Empty(t, shapes[shape], "%s is the same path", path)
		shapes[shape] = path
	}
}

func TestEveryPathVariableIsDescribedOnce(t *testing.T) {
	doc, _ := committed(t)
	for path, item := range doc["paths"].(object) {
		described := map[string]int{}
		params, _ := item.(object)["parameters"].([]any)
		for _, param := range params {
			described[param.(object)["name"].(string)]++
		}
		want := map[string]int{}
		for _, match := range pathVariable.FindAllStringSubmatch(path, -1) {
			want[match[1]]++
		}
		require.Equal(t, want, described, path)
	}
}

func TestTheHandWrittenRoutesAreThere(t *testing.T) {
	doc, _ := committed(t)
	content := "/v1/districts/{district}/schools/{school}/artifacts/{artifact}/content"
	for path, verb := range map[string]string{"/v1/events:stream": "get", content: "put"} {
		op, ok := doc["paths"].(object)[path].(object)[verb].(object)
		require.True(t, ok, "%s %s", verb, path)
		require.Equal(t, []any{object{"bearer": []any{}}}, op["security"])
	}
	for path := range doc["paths"].(object) {
		require.False(t, strings.HasPrefix(path, "/dev/"), "%s exists in development mode only", path)
	}
}

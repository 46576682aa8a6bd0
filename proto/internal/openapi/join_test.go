package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// things is a service with what the joiner has to treat: one path under two
// names, limits, a part of a resource as body, raw bytes, a public RPC.
const things = `syntax = "proto3";
package tandem.things.v1;
import "buf/validate/validate.proto";
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/api/httpbody.proto";
import "google/api/resource.proto";
import "tandem/access/v1/access.proto";

// ThingsService keeps things.
service ThingsService {
  // GetThing reads one thing, e.g. yours. It may be old.
  rpc GetThing(GetThingRequest) returns (Thing) {
    option (google.api.http) = { get: "/v1/{name=boxes/*/things/*}" };
    option (tandem.access.v1.rule) = { action: "reviews.update" scope: SCOPE_COVERS resource: "name" };
  }
  // UpdateThing changes one thing.
  rpc UpdateThing(UpdateThingRequest) returns (Thing) {
    option (google.api.http) = { patch: "/v1/{thing.name=boxes/*/things/*}" body: "thing" };
    option (tandem.access.v1.rule) = { action: "things.update" scope: SCOPE_COVERS resource: "thing.name" };
  }
  // FetchThing answers bytes.
  rpc FetchThing(FetchThingRequest) returns (google.api.HttpBody) {
    option (google.api.http) = { get: "/v1/bytes/{thing_code}" };
    option (tandem.access.v1.rule) = { action: "things.fetch" scope: SCOPE_PUBLIC };
  }
}
message GetThingRequest { string name = 1; }
message UpdateThingRequest { Thing thing = 1; }
message FetchThingRequest {
  string thing_code = 1 [(buf.validate.field).string.max_len = 9];
  // How many.
  int32 count = 2 [(buf.validate.field).int32 = {gte: 1 lte: 5}];
}
message Thing {
  option (google.api.resource) = { type: "tandem-badges.org/Thing" pattern: "boxes/{crate}/things/{thing}" };
  string name = 1;
  string title = 2 [(buf.validate.field).string = {min_len: 1 max_len: 20 pattern: "^a"}];
  repeated string tags = 3 [(buf.validate.field).repeated = {max_items: 4 items: {string: {max_len: 7}}}];
  string seen = 4 [(google.api.field_behavior) = OUTPUT_ONLY, (buf.validate.field).string.min_len = 1];
  int64 big = 5 [(buf.validate.field).int64.lte = 5];
  string late = 6 [(buf.validate.field).string.min_len = 2, (buf.validate.field).ignore = IGNORE_IF_ZERO_VALUE];
}
`

// generated is what the generator writes of things, cut to what matters here.
const generated = `{"paths": {
  "/v1/boxes/{name}/things/{name_1}": {"get": {"operationId": "ThingsService_GetThing",
    "parameters": [{"name": "name", "in": "path"}, {"name": "name_1", "in": "path"}],
    "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/tandem.things.v1.Thing"}}}}}}},
  "/v1/boxes/{thing.name}/things/{thing.name_1}": {"patch": {"operationId": "ThingsService_UpdateThing",
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/tandem.things.v1.Thing"}}}},
    "responses": {"default": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/google.rpc.Status"}}}}}}},
  "/v1/bytes/{thingCode}": {"get": {"operationId": "ThingsService_FetchThing",
    "parameters": [{"name": "thingCode", "in": "path"}, {"name": "count", "in": "query", "schema": {"type": "integer"}}],
    "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/google.api.HttpBody"}}}}}}}},
 "components": {"schemas": {
  "google.rpc.Status": {"type": "object"}, "google.api.HttpBody": {"type": "object"},
  "tandem.things.v1.Thing": {"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string"}, "title": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}},
    "seen": {"type": "string"}, "big": {"type": "string"}, "late": {"type": "string"}}}}}}`

// join joins the sample with an empty base, after a change to the generated part.
func join(t *testing.T, change func(part object)) (object, error) {
	t.Helper()
	root := t.TempDir()
	module, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(filepath.Join(module, "third_party"), filepath.Join(root, "third_party")))
	require.NoError(t, os.CopyFS(filepath.Join(root, "tandem", "access"), os.DirFS(filepath.Join(module, "tandem", "access"))))
	path := filepath.Join(root, "tandem", "things.proto")
	require.NoError(t, os.WriteFile(path, []byte(things), 0o600))
	protos, err := schema.Load(t.Context(), root)
	require.NoError(t, err)
	var part object
	require.NoError(t, json.Unmarshal([]byte(generated), &part))
	change(part)
	return Join(protos, map[string]object{"tandem/things.proto": part}, object{})
}

// unchanged leaves the generated part as it is.
func unchanged(object) {}

func TestOnePathHoldsAllOperationsOnAResource(t *testing.T) {
	doc, err := join(t, unchanged)
	require.NoError(t, err)
	require.Len(t, doc["paths"], 2)
	item := doc["paths"].(object)["/v1/boxes/{crate}/things/{thing}"].(object)
	require.Contains(t, item, "get")
	require.Contains(t, item, "patch")
	require.Len(t, item["parameters"], 2)
	require.Equal(t, "Reads one thing, e.g. yours", item["get"].(object)["summary"])
	require.Equal(t, "It may be old.", item["get"].(object)["description"])
}

func TestAccessOfTheRuleBecomesSecurity(t *testing.T) {
	doc, err := join(t, unchanged)
	require.NoError(t, err)
	get := doc["paths"].(object)["/v1/boxes/{crate}/things/{thing}"].(object)["get"].(object)
	require.Equal(t, object{"action": "reviews.update", "scope": "COVERS", "roles": []any{"REVIEWER"}, "scopes": []any{}}, get["x-tandem-access"])
	require.Equal(t, []any{object{"bearer": []any{}}}, get["security"])
	fetch := doc["paths"].(object)["/v1/bytes/{thingCode}"].(object)["get"].(object)
	require.Equal(t, []any{}, fetch["security"])
	require.NotContains(t, fetch["responses"], "401")
}

func TestValidationRulesBecomeKeywords(t *testing.T) {
	doc, err := join(t, unchanged)
	require.NoError(t, err)
	all := doc["components"].(object)["schemas"].(object)
	thing := all["tandem.things.v1.Thing"].(object)
	require.Equal(t, []any{"name", "title"}, thing["required"])
	properties := thing["properties"].(object)
	require.Equal(t, object{"type": "string", "minLength": uint64(1), "maxLength": uint64(20), "pattern": "^a"}, properties["title"])
	require.Equal(t, object{"type": "array", "maxItems": uint64(4), "items": object{"type": "string", "maxLength": uint64(7)}}, properties["tags"])
	require.Equal(t, object{"type": "string"}, properties["seen"], "the server writes it: nobody is held to its limits")
	require.Equal(t, object{"type": "string"}, properties["big"], "64-bit numbers are strings in JSON")

	item := doc["paths"].(object)["/v1/bytes/{thingCode}"].(object)
	count := item["get"].(object)["parameters"].([]any)[0].(object)
	require.Equal(t, object{"type": "integer", "minimum": int32(1), "maximum": int32(5)}, count["schema"])
	code := item["parameters"].([]any)[0].(object)
	require.Equal(t, uint64(9), code["schema"].(object)["maxLength"])
}

func TestAPatchMaySendAPartOfTheResource(t *testing.T) {
	doc, err := join(t, unchanged)
	require.NoError(t, err)
	patch := doc["paths"].(object)["/v1/boxes/{crate}/things/{thing}"].(object)["patch"].(object)
	require.True(t, referenced(patch["requestBody"], schemaRef+"tandem.things.v1.Thing.Part"))
	part := doc["components"].(object)["schemas"].(object)["tandem.things.v1.Thing.Part"].(object)
	require.NotContains(t, part, "required")
	require.Contains(t, part["properties"], "title")
}

func TestWhatNothingRefersToIsLeftOut(t *testing.T) {
	doc, err := join(t, unchanged)
	require.NoError(t, err)
	all := doc["components"].(object)["schemas"].(object)
	require.NotContains(t, all, "google.rpc.Status", "errors are problems")
	require.NotContains(t, all, "google.api.HttpBody", "raw bytes are described as such")
}

func TestJoinRefusesWhatDoesNotFitTheProtos(t *testing.T) {
	for name, test := range map[string]struct {
		change func(part object)
		want   string
	}{
		"an operation of no RPC": {func(part object) {
			part["paths"].(object)["/x"] = object{"get": object{"operationId": "ThingsService_Gone"}}
		}, "ThingsService_Gone"},
		"an RPC without operation": {func(part object) {
			delete(part["paths"].(object), "/v1/bytes/{thingCode}")
		}, "FetchThing has no generated operation"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := join(t, test.change)
			require.ErrorContains(t, err, test.want)
		})
	}
}

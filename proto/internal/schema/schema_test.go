package schema_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// sample is a service with one of everything the tools read.
const sample = `syntax = "proto3";
package tandem.sample.v1;
import "google/api/annotations.proto";
import "google/api/visibility.proto";
import "tandem/access/v1/access.proto";

// Things keeps things.
service ThingsService {
  // GetThing reads one thing.
  // It never writes.
  rpc GetThing(Thing) returns (Thing) {
    option (google.api.http) = {
      get: "/v1/{name=things/*}"
      additional_bindings { post: "/v1/{name=things/*}:read" body: "*" }
    };
    option (tandem.access.v1.rule) = { action: "things.get" scope: SCOPE_PUBLIC };
  }
  rpc CountThings(Thing) returns (stream Thing) {
    option (google.api.method_visibility).restriction = "INTERNAL";
  }
}
message Thing {
  string name = 1;
  map<string, string> labels = 2;
  message Part {}
}
`

// load compiles the sample beside the platform's own option protos.
func load(t *testing.T) *schema.Schema {
	t.Helper()
	root := t.TempDir()
	module, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(filepath.Join(module, "third_party"), filepath.Join(root, "third_party")))
	options, err := os.ReadFile(filepath.Join(module, "tandem/access/v1/access.proto"))
	require.NoError(t, err)
	for path, text := range map[string]string{"access/v1/access.proto": string(options), "sample/v1/sample.proto": sample} {
		path = filepath.Join(root, "tandem", path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	loaded, err := schema.Load(t.Context(), root)
	require.NoError(t, err)
	return loaded
}

func TestMethodsComeWithRoutesRulesAndComments(t *testing.T) {
	methods := load(t).Methods()
	require.Len(t, methods, 2)

	get := methods[0]
	require.Equal(t, "GetThing reads one thing.\nIt never writes.", schema.Comment(get))
	require.Equal(t, []schema.Binding{
		{Verb: "get", Template: "/v1/{name=things/*}"},
		{Verb: "post", Template: "/v1/{name=things/*}:read", Body: "*"},
	}, schema.Bindings(get))
	rule, ok := schema.Rule(get)
	require.True(t, ok)
	require.Equal(t, accessv1.Scope_SCOPE_PUBLIC, rule.GetScope())
	require.False(t, schema.Internal(get))
	require.False(t, schema.Streams(get))

	count := methods[1]
	require.Empty(t, schema.Bindings(count))
	require.Empty(t, schema.Comment(count))
	require.True(t, schema.Internal(count))
	require.True(t, schema.Streams(count))
	_, ok = schema.Rule(count)
	require.False(t, ok)
}

func TestMessagesIncludeNestedOnesButNoMapEntries(t *testing.T) {
	var names []string
	for _, m := range load(t).Messages() {
		if m.ParentFile().Package() == "tandem.sample.v1" {
			names = append(names, string(m.Name()))
		}
	}
	require.Equal(t, []string{"Thing", "Part"}, names)
}

func TestLoadNamesTheFileThatDoesNotCompile(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "tandem"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "tandem", "broken.proto"), []byte("message {"), 0o600))
	_, err := schema.Load(t.Context(), root)
	require.ErrorContains(t, err, "tandem/broken.proto")
}

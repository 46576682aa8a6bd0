package charttest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yannh/kubeconform/pkg/validator"
)

// kubernetesVersion of the kube kit's schemas.
const kubernetesVersion = "1.35.4"

// schemaPath of a resource, as kubeconform fills it in.
const schemaPath = "/{{.ResourceKind}}{{.KindSuffix}}.json"

// coreSchemas is the kube kit's folder of schemas of the core API; empty where the
// kit is not there.
func coreSchemas(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("TANDEM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	} else if !filepath.IsAbs(shared) {
		shared = filepath.Join("..", "..", shared)
	}
	folder := filepath.Join(shared, "tools", "kube", "schemas", "v"+kubernetesVersion)
	if _, err := os.Stat(folder); err != nil {
		return ""
	}
	return folder
}

// conforming checks manifests with the schemas of the core API, if they are there,
// and of the operators' kinds. Those of a kind without a schema are counted.
func conforming(t *testing.T, manifests string) (valid int, without []string, broken []string) {
	t.Helper()
	locations := []string{"testdata/schemas" + schemaPath}
	if core := coreSchemas(t); core != "" {
		locations = append(locations, core+schemaPath)
	}
	v, err := validator.New(locations, validator.Opts{Strict: true, IgnoreMissingSchemas: true, KubernetesVersion: kubernetesVersion})
	require.NoError(t, err)
	for _, result := range v.Validate("chart", io.NopCloser(strings.NewReader(manifests))) {
		signature, _ := result.Resource.Signature()
		switch result.Status {
		case validator.Valid:
			valid++
		case validator.Skipped:
			without = append(without, signature.Kind)
		case validator.Empty:
		default:
			broken = append(broken, fmt.Sprintf("%s %s: %v", signature.Kind, signature.Name, result.Err))
		}
	}
	return valid, without, broken
}

func TestScenariosConformToTheAPI(t *testing.T) {
	core := coreSchemas(t) != ""
	for _, name := range scenarios {
		t.Run(name, func(t *testing.T) {
			r := renderAny(t, scenario(t, "values-"+name+".yaml"))
			valid, without, broken := conforming(t, r.Manifests)
			require.Empty(t, broken)
			require.True(t, !core || len(without) == 0, "no schema for %v", without)
			for kind := range r.Others {
				require.NotContains(t, without, kind, "go run ./crdschemas")
			}
			t.Logf("%d objects conform to their schemas", valid)
		})
	}
	if !core {
		t.Skipf("core API not checked: its schemas are in the kube kit, tools/kube of TANDEM_SHARED (../shared)")
	}
}

// TestSchemasRefuseWhatTheyShould plants mistakes: a schema that lets everything
// pass would not be noticed otherwise.
func TestSchemasRefuseWhatTheyShould(t *testing.T) {
	r := renderAny(t, scenario(t, "values-state.yaml"))
	for kind, c := range map[string]struct{ old, new string }{
		"Cluster":        {"instances: 3", "instances: three"},
		"ExternalSecret": {"secretStoreRef:", "secretStore:"},
		"Certificate":    {"renewBefore:", "renewsBefore:"},
		"HTTPRoute":      {"backendRefs:", "backends:"},
		"ServiceMonitor": {"targetLabels:", "targetLabel:"},
		"PrometheusRule": {"groups:", "group:"},
	} {
		require.Contains(t, r.Manifests, c.old)
		_, _, broken := conforming(t, strings.ReplaceAll(r.Manifests, c.old, c.new))
		require.True(t, slices.ContainsFunc(broken, func(b string) bool { return strings.HasPrefix(b, kind+" ") }), "%s: %v", kind, broken)
	}
}

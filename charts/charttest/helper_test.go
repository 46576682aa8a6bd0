package charttest

import (
	"maps"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chartutil"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const chartFolder = "../tandem"

// minimal is what nobody can leave out.
func minimal() map[string]any {
	return map[string]any{"publicUrl": "https://badges.example.org"}
}

// with is minimal and more.
func with(more map[string]any) map[string]any {
	values := minimal()
	maps.Copy(values, more)
	return values
}

// scenario reads a values file of the chart.
func scenario(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(chartFolder + "/" + file)
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, yaml.UnmarshalStrict(text, &values))
	return values
}

func render(t *testing.T, values map[string]any) *Render {
	t.Helper()
	r, err := Template(chartFolder, values)
	require.NoError(t, err)
	require.Len(t, r.StatefulSets, 1)
	require.Len(t, r.Services, 2)
	require.Len(t, r.ServiceAccounts, 2, "of the pod, and of helm test")
	return r
}

// scenarios are the values files of the chart.
var scenarios = []string{"single", "cluster", "state", "ci"}

// renderAny renders any scenario.
func renderAny(t *testing.T, values map[string]any) *Render {
	t.Helper()
	r, err := Template(chartFolder, values)
	require.NoError(t, err)
	return r
}

// clusterWith is the smallest of the cluster scenario, and more: sections of values
// are merged.
func clusterWith(t *testing.T, more map[string]any) map[string]any {
	t.Helper()
	values := map[string]any{
		"scenario": "cluster", "publicUrl": "https://badges.example.org",
		"blobs": map[string]any{"url": "s3://evidence?region=us-west-2"},
	}
	return chartutil.CoalesceTables(more, values)
}

// pod is the one pod of the scenario.
func pod(t *testing.T, r *Render) corev1.PodTemplateSpec {
	t.Helper()
	template := r.StatefulSets[0].Spec.Template
	require.Len(t, template.Spec.Containers, 1)
	require.Empty(t, template.Spec.InitContainers)
	return template
}

// env is the container's environment by name.
func env(t *testing.T, r *Render) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, v := range pod(t, r).Spec.Containers[0].Env {
		require.NotContains(t, values, v.Name, "set twice")
		values[v.Name] = v.Value
	}
	return values
}

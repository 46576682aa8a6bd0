package charttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// The rules go by these names of jobs, and a monitor without a Service reads nothing.
func TestPrometheusReadsEveryPartUnderTheNameThatRulesGoBy(t *testing.T) {
	single := with(map[string]any{"serviceMonitor": map[string]any{"enabled": true, "labels": map[string]any{"team": "ours"}}})
	for _, c := range []struct {
		r    *Render
		jobs []string
	}{
		{renderAny(t, single), []string{"tandem-single"}},
		{renderAny(t, scenario(t, "values-state.yaml")), []string{"tandem-gateway", "tandem-schools", "tandem-assessments", "tandem-evidence", "tandem-badges"}},
		{render(t, minimal()), nil},
	} {
		var jobs []string
		for _, object := range c.r.Others["ServiceMonitor"] {
			var m monitor
			text, err := yaml.Marshal(object)
			require.NoError(t, err)
			require.NoError(t, yaml.Unmarshal(text, &m))
			require.Len(t, m.Spec.Endpoints, 1)
			jobs = append(jobs, m.Spec.Endpoints[0].Relabelings[0].Replacement)
			found := 0
			for _, s := range c.r.Services {
				for _, p := range s.Spec.Ports {
					if labels.SelectorFromSet(m.Spec.Selector.MatchLabels).Matches(labels.Set(s.Labels)) && p.Name == m.Spec.Endpoints[0].Port {
						found++
					}
				}
			}
			require.Equal(t, 1, found, jobs)
		}
		require.ElementsMatch(t, c.jobs, jobs)
	}
	labelled := renderAny(t, single).Others["ServiceMonitor"][0]["metadata"].(map[string]any)["labels"]
	require.Equal(t, "ours", labelled.(map[string]any)["team"])
}

// monitor is what is read of a ServiceMonitor.
type monitor struct {
	Spec struct {
		Selector  metav1.LabelSelector `json:"selector"`
		Endpoints []struct {
			Port        string `json:"port"`
			Relabelings []struct {
				Replacement string `json:"replacement"`
			} `json:"relabelings"`
		} `json:"endpoints"`
	} `json:"spec"`
}

func TestAlertsAndDashboardsAreInstalledWhole(t *testing.T) {
	r := renderAny(t, scenario(t, "values-state.yaml"))
	alerts, err := filepath.Glob(chartFolder + "/files/alerts/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, alerts)
	specs := make([]any, 0, len(alerts))
	for _, rule := range r.Others["PrometheusRule"] {
		specs = append(specs, rule["spec"])
	}
	for _, file := range alerts {
		var want map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(mustRead(t, file)), &want))
		require.Contains(t, specs, any(want), file)
	}
	require.Len(t, specs, len(alerts))

	dashboards, err := os.ReadDir(chartFolder + "/files/dashboards")
	require.NoError(t, err)
	require.NotEmpty(t, dashboards)
	installed := map[string]string{}
	for _, c := range r.ConfigMaps {
		for name, text := range c.Data {
			installed[name] = text
		}
	}
	for _, file := range dashboards {
		want := mustRead(t, chartFolder+"/files/dashboards/"+file.Name())
		require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(installed[file.Name()]), file.Name())
	}
}

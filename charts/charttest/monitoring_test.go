package charttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

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

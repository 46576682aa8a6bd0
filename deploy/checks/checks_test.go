package checks_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/deploy/checks"
)

const somePage = "| metric | type | labels | unit | meaning |\n|---|---|---|---|---|\n" +
	"| `calls_total` | counter | `kind`, `code` | calls | calls of `x` |\n" +
	"| `wait_seconds` | histogram | | seconds | waiting |\n"

func TestWrongExpressionsAreFound(t *testing.T) {
	metrics, err := checks.ReadMetrics([]byte(somePage))
	require.NoError(t, err)
	known := checks.NewCatalog(metrics, map[string][]string{"x:calls:rate5m": {"kind"}})
	for expr, problem := range map[string]string{
		`sum by (kind) (rate(calls_total{code="1", job="a"}[5m]))`:             "",
		`histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket[5m])))`: "",
		`x:calls:rate5m / on (kind) group_left () sum by (kind) (calls_total)`: "",
		`rate(call_total[5m])`:                         "no series call_total",
		`wait_seconds > 1`:                             "no series wait_seconds",
		`calls_total_bucket`:                           "no series calls_total_bucket",
		`calls_total{what="1"}`:                        "calls_total has no label what",
		`sum by (what) (calls_total)`:                  "has a label what",
		`calls_total and on (what) wait_seconds_count`: "has a label what",

		`sum by (`:  "parse error",
		`{job="a"}`: "name the series",
	} {
		if err := known.Check(expr); problem == "" {
			require.NoError(t, err, expr)
		} else {
			require.ErrorContains(t, err, problem, expr)
		}
	}
}

func TestAPageWithoutMetricsIsRefused(t *testing.T) {
	_, err := checks.ReadMetrics([]byte("# Metrics\n"))
	require.Error(t, err)
	_, err = checks.ReadMetrics([]byte(somePage + "| `calls_total` | counter | | | |\n"))
	require.ErrorContains(t, err, "twice")
}

// The chart cannot reach files outside of its folder, so it has copies.
func TestTheChartCarriesTheSameRulesAndDashboards(t *testing.T) {
	for from, to := range map[string]string{"alerts/*.rules.yaml": "alerts", "dashboards/*.json": "dashboards"} {
		copies := map[string]bool{}
		there, err := filepath.Glob(filepath.Join(root, "charts/tandem/files", to, "*"))
		require.NoError(t, err)
		for _, file := range there {
			copies[filepath.Base(file)] = true
		}
		files, err := filepath.Glob(filepath.Join(root, "deploy", from))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join(root, "charts/tandem/files", to, filepath.Base(file)))
			require.NoError(t, err, "run make chart-files")
			require.Equal(t, string(want), string(got), "%s: run make chart-files", file)
			delete(copies, filepath.Base(file))
		}
		require.Empty(t, copies, "the chart carries files that are nobody's copy: run make chart-files")
	}
}

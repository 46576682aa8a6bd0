package checks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/deploy/checks/dashboards"
)

// committed reads the files as Grafana does, whoever wrote them.
func committed(t *testing.T) map[string]*dashboards.Dashboard {
	t.Helper()
	files, err := filepath.Glob(root + "/deploy/dashboards/*.json")
	require.NoError(t, err)
	found := map[string]*dashboards.Dashboard{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		one := &dashboards.Dashboard{}
		require.NoError(t, json.Unmarshal(text, one), file)
		found[filepath.Base(file)] = one
	}
	require.GreaterOrEqual(t, len(found), 6)
	return found
}

// panels are all panels, those of folded rows too.
func panels(d *dashboards.Dashboard) []*dashboards.Panel {
	var all []*dashboards.Panel
	for _, panel := range d.Panels {
		all = append(append(all, panel), panel.Panels...)
	}
	return all
}

func TestTheCommittedDashboardsAreTheGenerators(t *testing.T) {
	made := dashboards.All()
	require.Len(t, committed(t), len(made), "go run ./dashboards/generate, and remove what it does not make")
	for name, dashboard := range made {
		want, err := dashboards.Encode(dashboard)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(root, "deploy/dashboards", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s: go run ./dashboards/generate", name)
	}
}

var durations = strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", "$__interval", "1m")

func TestEverySeriesOfADashboardExists(t *testing.T) {
	known, checked := catalog(t), 0
	for name, dashboard := range committed(t) {
		for _, panel := range panels(dashboard) {
			for _, target := range panel.Targets {
				if target.Datasource.Type != "prometheus" {
					continue
				}
				checked++
				require.NoError(t, known.Check(durations.Replace(target.Expr)), "%s: %s", name, panel.Title)
				if strings.Contains(target.Expr, "histogram_quantile") && strings.Contains(target.Expr, "_seconds_bucket") && target.Range {
					require.True(t, target.Exemplar, "%s: %s: durations lead to traces", name, panel.Title)
				}
			}
		}
	}
	require.Greater(t, checked, 80)
}

// Each series of the platform's own is in a dashboard or an alert: what nobody looks at need not be measured.
func TestEveryMetricOfOursIsLookedAt(t *testing.T) {
	var used strings.Builder
	for _, rule := range readRules(t) {
		used.WriteString(rule.Expr + "\n")
	}
	for _, dashboard := range committed(t) {
		for _, panel := range panels(dashboard) {
			for _, target := range panel.Targets {
				used.WriteString(target.Expr + "\n")
			}
		}
	}
	page, err := os.ReadFile(root + "/docs/metrics.md")
	require.NoError(t, err)
	for _, row := range regexp.MustCompile("(?m)^\\| `(tandem_[a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		require.Regexp(t, `\b`+row[1]+`(_bucket|_count|_sum)?\b`, used.String(), "no dashboard and no alert shows it")
	}
}

var variable = regexp.MustCompile(`\$\{?([a-z]+)\b`)

func TestDashboardsAreSound(t *testing.T) {
	uids, alertNames := map[string]bool{}, map[string]bool{}
	for _, alert := range alerts(t) {
		alertNames[alert.Alert] = true
	}
	for name, dashboard := range committed(t) {
		require.Equal(t, name, dashboard.UID+".json")
		require.False(t, uids[dashboard.UID])
		uids[dashboard.UID] = true
		require.NotEmpty(t, dashboard.Description, name)
		defined := map[string]bool{}
		for _, v := range dashboard.Templating.List {
			defined[v.Name] = true
		}
		ids := map[int]bool{}
		for _, panel := range panels(dashboard) {
			where := name + ": " + panel.Title
			require.NotEmpty(t, panel.Title, name)
			require.False(t, ids[panel.ID], "%s: its id is another panel's too", where)
			ids[panel.ID] = true
			if panel.Type != "row" {
				soundPanel(t, where, panel, defined, alertNames)
			}
		}
		require.Empty(t, overlaps(dashboard.Panels), name)
	}
}

func soundPanel(t *testing.T, where string, panel *dashboards.Panel, defined, alertNames map[string]bool) {
	t.Helper()
	require.Regexp(t, `\.$`, panel.Description, where)
	require.NotEmpty(t, panel.FieldConfig.Defaults.Unit, "%s: a number without a unit", where)
	require.NotEmpty(t, panel.Targets, where)
	for _, target := range panel.Targets {
		require.NotNil(t, target.Datasource, where)
		require.Regexp(t, `^\$\{(datasource|traces|logs)\}$`, target.Datasource.UID, where)
		for _, used := range variable.FindAllStringSubmatch(target.Expr+target.Datasource.UID, -1) {
			require.True(t, defined[used[1]], "%s: $%s is no variable of the dashboard", where, used[1])
		}
	}
	for _, link := range panel.Links {
		alert := strings.TrimSuffix(strings.TrimPrefix(link.URL, pages), ".md")
		require.True(t, alertNames[alert], "%s: leads to %s, which no alert has", where, link.URL)
	}
}

// overlaps names panels that lie on others or beyond the edge.
func overlaps(all []*dashboards.Panel) []string {
	taken, found := map[[2]int]string{}, []string(nil)
	for _, panel := range all {
		g := panel.GridPos
		if g.X+g.W > 24 {
			found = append(found, panel.Title)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if taken[[2]int{x, y}] != "" {
					found = append(found, panel.Title+" on "+taken[[2]int{x, y}])
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
	}
	return found
}

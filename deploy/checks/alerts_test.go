package checks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/deploy/checks"
)

const (
	root     = "../.."
	rules    = root + "/deploy/alerts/*.rules.yaml"
	tests    = root + "/deploy/alerts/tests/*.test.yaml"
	runbooks = root + "/docs/runbooks"
	pages    = "https://github.com/tandem-badges/tandem/blob/main/docs/runbooks/"
)

// catalog is what there is: the listed metrics and what rules record. The recorded series are all of one form.
func catalog(t *testing.T) *checks.Catalog {
	t.Helper()
	page, err := os.ReadFile(root + "/docs/metrics.md")
	require.NoError(t, err)
	metrics, err := checks.ReadMetrics(page)
	require.NoError(t, err)
	require.Greater(t, len(metrics), 60)
	recorded := map[string][]string{}
	for _, rule := range readRules(t) {
		if rule.Record != "" {
			recorded[rule.Record] = []string{"namespace", "slo"}
		}
	}
	return checks.NewCatalog(metrics, recorded)
}

func readRules(t *testing.T) []checks.Rule {
	t.Helper()
	all, err := checks.ReadRules(rules)
	require.NoError(t, err)
	return all
}

func alerts(t *testing.T) []checks.Rule {
	t.Helper()
	var found []checks.Rule
	for _, rule := range readRules(t) {
		if rule.Alert != "" {
			found = append(found, rule)
		}
	}
	require.Greater(t, len(found), 30)
	return found
}

func TestEverySeriesOfARuleExists(t *testing.T) {
	known := catalog(t)
	for _, rule := range readRules(t) {
		require.NoError(t, known.Check(rule.Expr), "%s%s", rule.Alert, rule.Record)
	}
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	for _, alert := range alerts(t) {
		require.Regexp(t, `^Tandem[A-Z][A-Za-z]+$`, alert.Alert)
		require.Contains(t, []string{"critical", "warning"}, alert.Labels["severity"], alert.Alert)
		require.Regexp(t, `\.$`, alert.Annotations["summary"], alert.Alert)
		require.Greater(t, len(alert.Annotations["description"]), 40, alert.Alert)
		require.Equal(t, pages+alert.Alert+".md", alert.Annotations["runbook_url"])
		require.Len(t, alert.Annotations, 3, alert.Alert)
	}
}

// sections are what whoever is called at night looks for, in this order.
var sections = []string{"## What it means", "## How to see", "## Likely causes", "## What to do", "## When it is over", "## Escalate"}

func TestEveryAlertHasARunbookAndEveryRunbookAnAlert(t *testing.T) {
	named := map[string]bool{}
	for _, alert := range alerts(t) {
		named[alert.Alert] = true
	}
	files, err := filepath.Glob(runbooks + "/*.md")
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		if name == "README" {
			continue
		}
		require.True(t, named[name], "no alert leads to %s", file)
		delete(named, name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		at := 0
		for _, section := range sections {
			next := strings.Index(string(text), section+"\n")
			require.Greater(t, next, at, "%s: want the section %q after those before it", file, section)
			at = next
		}
	}
	require.Empty(t, named, "these alerts have no page in docs/runbooks")
}

func TestTheListOfRunbooksIsWhole(t *testing.T) {
	text, err := os.ReadFile(runbooks + "/README.md")
	require.NoError(t, err)
	for _, alert := range alerts(t) {
		require.Contains(t, string(text), "]("+alert.Alert+".md)")
	}
}

var labelOf = regexp.MustCompile(`\$labels\.([a-z_]+)`)

// An alert is tested both ways, in each of its severities, and its words use only labels that it then has.
func TestEveryAlertIsTestedBothWays(t *testing.T) {
	cases, err := checks.ReadCases(tests)
	require.NoError(t, err)
	for _, alert := range alerts(t) {
		fired, silent := map[string]string(nil), false
		for _, c := range cases {
			if c.Alert != alert.Alert {
				continue
			}
			silent = silent || len(c.Fires) == 0
			for _, labels := range c.Fires {
				if labels["severity"] == alert.Labels["severity"] {
					fired = labels
				}
			}
		}
		require.NotNil(t, fired, "no test fires %s as %s", alert.Alert, alert.Labels["severity"])
		require.True(t, silent, "no test shows when %s is silent", alert.Alert)
		for _, used := range labelOf.FindAllStringSubmatch(alert.Annotations["summary"], -1) {
			require.Contains(t, fired, used[1], alert.Alert)
		}
	}
}

func TestPromtoolPassesRulesAndTheirTests(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is missing, and CI needs it: deploy/test/promtool.sh installs it where that is allowed")
		}
		t.Skipf("promtool is missing, and %s would install it where that is allowed: put it on the PATH", "deploy/test/promtool.sh")
	}
	for _, run := range []struct {
		args    []string
		pattern string
	}{{[]string{"check", "rules"}, rules}, {[]string{"test", "rules"}, tests}} {
		files, err := filepath.Glob(run.pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		out, err := exec.CommandContext(t.Context(), promtool, append(run.args, files...)...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

var query = regexp.MustCompile("(?s)```promql\n(.*?)\n```")

func TestEveryQueryOfARunbookIsGood(t *testing.T) {
	known, queries := catalog(t), 0
	files, err := filepath.Glob(runbooks + "/*.md")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, block := range query.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.SplitSeq(block[1], "\n") {
				queries++
				require.NoError(t, known.Check(line), filepath.Base(file))
			}
		}
	}
	require.Greater(t, queries, 40)
}

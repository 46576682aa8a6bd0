package e2e

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/tlsfiles/tlsfilestest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// family is a metric: what the page says of it, or what an instance exposes.
type family struct {
	kind   string
	labels map[string]bool
}

var (
	rowOfPage  = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\| ([^|]*)\\|[^|]*\\| \\S[^|]*\\|$")
	typeLine   = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	sampleLine = regexp.MustCompile(`(?m)^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$`)
	labelOf    = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// metricsOfThePage reads docs/metrics.md.
func metricsOfThePage(t *testing.T) map[string]family {
	t.Helper()
	page, err := os.ReadFile("../../../docs/metrics.md")
	require.NoError(t, err)
	found := map[string]family{}
	for _, row := range rowOfPage.FindAllStringSubmatch(string(page), -1) {
		require.NotContains(t, found, row[1], "stands there twice")
		f := family{kind: row[2], labels: map[string]bool{}}
		for _, label := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[3], -1) {
			f.labels[label[1]] = true
		}
		found[row[1]] = f
	}
	require.Greater(t, len(found), 60)
	return found
}

// exposition is what an instance exposes: its metrics, and the values of all series.
type exposition struct {
	families map[string]family
	values   map[string]float64
}

func scrape(t *testing.T, ops string) exposition {
	t.Helper()
	text := string(fetch(t, ops+"/metrics"))
	e := exposition{families: map[string]family{}, values: map[string]float64{}}
	for _, line := range typeLine.FindAllStringSubmatch(text, -1) {
		e.families[line[1]] = family{kind: line[2], labels: map[string]bool{}}
	}
	for _, sample := range sampleLine.FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(sample[3], 64)
		require.NoError(t, err, sample[0])
		e.values[sample[1]+"{"+sample[2]+"}"] = value
		f, known := e.families[sample[1]]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(sample[1], suffix); cut && !known {
				f, known = e.families[base]
			}
		}
		require.True(t, known, "a sample without a type: %s", sample[0])
		for _, label := range labelOf.FindAllStringSubmatch(sample[2], -1) {
			if label[1] != "le" {
				f.labels[label[1]] = true
			}
		}
	}
	return e
}

// sum adds the series of a metric that have all these labels, written as NAME="VALUE".
func (e exposition) sum(name string, labels ...string) (sum float64, series int) {
	for s, value := range e.values {
		all := strings.HasPrefix(s, name+"{")
		for _, l := range labels {
			all = all && strings.Contains(s, l)
		}
		if all {
			sum += value
			series++
		}
	}
	return sum, series
}

func TestThePageOfMetricsIsWhatAnInstanceExposes(t *testing.T) {
	authority := tlsfilestest.NewAuthority(t, time.Now())
	certificate := authority.Sign(t, tlsfilestest.Certificate{Names: []string{"localhost"}})
	i := newInstance(t, "TANDEM_TLS_DIR="+certificate.Folder(t)) // which has a metric of its own
	i.serve()
	result, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	suspend(t, i, result.Award)
	page, exposed := metricsOfThePage(t), counted(t, i)
	require.ElementsMatch(t, slices.Collect(maps.Keys(page)), slices.Collect(maps.Keys(exposed.families)))
	for name, said := range page {
		got := exposed.families[name]
		require.Equal(t, said.kind, got.kind, name)
		if name != "rpc_server_call_duration_seconds" && name != "rpc_client_call_duration_seconds" { // error_type needs a failure
			require.Equal(t, said.labels, got.labels, name)
		}
		for label := range got.labels {
			require.Contains(t, said.labels, label, name)
		}
	}
	told(t, exposed)
	bounded(t, exposed, result)
}

// suspend changes the status of a credential, which has a metric of its own: it counts
// changes of a list that was signed before, so that the status is changed until one is.
func suspend(t *testing.T, i *instance, award string) {
	t.Helper()
	c := restclient.New(i.url)
	admin := c.As(devToken(t, c, "people/dev-admin"))
	suspended := false
	await(t, "a change of a signed list", func() bool {
		action, body := ":suspend", map[string]any{"reason": "Looked at again."}
		if suspended {
			action, body = ":reinstate", map[string]any{}
		}
		require.NoError(t, admin.Post(t.Context(), "/v1/"+award+action, nil, body, nil))
		suspended = !suspended
		_, series := scrape(t, i.ops).sum("tandem_status_publish_latency_seconds_count")
		return series > 0
	})
}

// countedSeries are the series of what is counted from time to time by who holds the lease
// of a relay, also of what is 0.
var countedSeries = map[string]int{
	"tandem_survey_campaigns": 4, "tandem_journeys": 10, "tandem_outbox_waiting": 4, "tandem_outbox_age_seconds": 4, "tandem_inbox_lag": 3,
	"tandem_dead_letters": 1, "tandem_submissions_waiting": 1, "tandem_schools": 1, "tandem_teams": 1,
}

// counted is what an instance exposes once everything is counted: on a slow machine a relay
// may lose its lease for a moment, and tells nothing then.
func counted(t *testing.T, i *instance) (e exposition) {
	t.Helper()
	await(t, "all that is counted", func() bool {
		e = scrape(t, i.ops)
		held, _ := e.sum("tandem_lease_held", `lease="outbox-relay"`)
		all := held > 0
		for name, want := range countedSeries {
			_, series := e.sum(name)
			all = all && series == want
		}
		return all
	})
	return e
}

// told requires what the year that was played must have left in the metrics.
func told(t *testing.T, e exposition) {
	t.Helper()
	for _, c := range []struct {
		name   string
		labels []string
	}{
		{"tandem_build_info", nil},
		{"tandem_ready", nil},
		{"tandem_tls_certificate_not_after_seconds", nil},
		{"tandem_check_ok", []string{`check="bus"`}},
		{"tandem_events_published_total", []string{`schema="badges"`}},
		{"tandem_inbox_applied_total", []string{`consumer="schools"`, `result="applied"`}},
		{"tandem_db_transaction_duration_seconds_count", []string{`schema="gateway"`}},
		{"tandem_survey_answers_total", []string{`result="accepted"`}},
		{"tandem_evidence_files_total", nil},
		{"tandem_evidence_bytes_total", nil},
		{"tandem_badges_awarded_total", nil},
	} {
		sum, _ := e.sum(c.name, c.labels...)
		require.Positive(t, sum, "%s %v", c.name, c.labels)
	}
	for name, series := range map[string]int{
		"tandem_rate_limited_total": 3, "tandem_mails_total": 5, "tandem_webhook_deliveries_total": 3,
		"tandem_db_connections": 10, "tandem_rpc_in_flight": 5, "tandem_read_only": 1,
	} {
		_, got := e.sum(name)
		require.Equal(t, series, got, "series of %s, also of what is 0", name)
	}
}

// bounded requires that no label tells of a district, a school, a badge or a person.
func bounded(t *testing.T, e exposition, r walkthrough.Result) {
	t.Helper()
	for series := range e.values {
		for _, word := range []string{walkthrough.DefaultDistrict, lastPart(r.School), lastPart(r.Award), lastPart(r.Credential), "walkthrough-", "127.0.0.1", "@"} {
			require.NotContains(t, series, word)
		}
	}
	_, requests := e.sum("http_server_request_duration_seconds_count")
	require.Less(t, requests, 300, "routes times methods times statuses")
}

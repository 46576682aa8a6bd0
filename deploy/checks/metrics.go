package checks

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Metric is one row of docs/metrics.md.
type Metric struct {
	Name, Type string
	Labels     []string
}

var (
	metricRow = regexp.MustCompile("(?m)^\\| `([a-zA-Z_:][a-zA-Z0-9_:]*)` \\| (counter|gauge|histogram|summary) \\| ([^|]*)\\|")
	inQuotes  = regexp.MustCompile("`([a-z_]+)`")
)

// ReadMetrics reads the list of metrics from the page that lists them.
func ReadMetrics(page []byte) (map[string]Metric, error) {
	found := map[string]Metric{}
	for _, row := range metricRow.FindAllSubmatch(page, -1) {
		m := Metric{Name: string(row[1]), Type: string(row[2])}
		for _, label := range inQuotes.FindAllSubmatch(row[3], -1) {
			m.Labels = append(m.Labels, string(label[1]))
		}
		if _, twice := found[m.Name]; twice {
			return nil, fmt.Errorf("%s is listed twice", m.Name)
		}
		found[m.Name] = m
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no row of a metric among %d lines", bytes.Count(page, []byte("\n")))
	}
	return found, nil
}

// targetLabels are put on every series by the scrape.
var targetLabels = []string{"job", "instance", "namespace", "pod"}

// foreign are series that Tandem does not make, with the labels that are read of them.
var foreign = map[string][]string{
	"up":     {},
	"ALERTS": {"alertname", "alertstate", "severity", "schema", "consumer", "lease", "check", "slo"},
	"kube_cronjob_status_last_successful_time": {"cronjob"},
	"kube_cronjob_created":                     {"cronjob"},
}

// Catalog knows which series exist: the program's, those that rules record, and the few foreign ones.
type Catalog struct {
	metrics  map[string]Metric
	recorded map[string][]string
}

// NewCatalog joins listed metrics and recorded series.
func NewCatalog(metrics map[string]Metric, recorded map[string][]string) *Catalog {
	return &Catalog{metrics: metrics, recorded: recorded}
}

// Labels returns the labels that a series of that name has.
func (c *Catalog) Labels(series string) ([]string, error) {
	if own, ok := c.recorded[series]; ok {
		return own, nil
	}
	if own, ok := foreign[series]; ok {
		return slices.Concat(own, targetLabels), nil
	}
	if m, ok := c.metrics[series]; ok && m.Type != "histogram" {
		return slices.Concat(m.Labels, targetLabels), nil
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		m, ok := c.metrics[strings.TrimSuffix(series, suffix)]
		if !ok || !strings.HasSuffix(series, suffix) || (m.Type != "histogram" && m.Type != "summary") {
			continue
		}
		own := slices.Concat(m.Labels, targetLabels)
		if suffix == "_bucket" {
			own = append(own, "le")
		}
		return own, nil
	}
	return nil, fmt.Errorf("there is no series %s", series)
}

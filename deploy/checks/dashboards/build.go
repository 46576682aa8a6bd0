package dashboards

const (
	source = "https://github.com/tandem-badges/tandem/blob/main/"
	width  = 24
)

var (
	prometheus = &Datasource{Type: "prometheus", UID: "${datasource}"}
	tempo      = &Datasource{Type: "tempo", UID: "${traces}"}
	loki       = &Datasource{Type: "loki", UID: "${logs}"}
)

// builder lays panels out from left to right and gives them ids.
type builder struct {
	dashboard *Dashboard
	row       *Panel // the collapsed row that takes panels now
	id, x, y  int
	height    int // of the line that is being filled
}

// start begins a dashboard with the variables that all have.
func start(name, title, description string) *builder {
	return &builder{dashboard: &Dashboard{
		UID: "tandem-" + name, Title: "Tandem / " + title, Description: description,
		Tags: []string{"tandem"}, Timezone: "browser", GraphTooltip: 1, Refresh: "1m", SchemaVersion: 39,
		Time: TimeRange{From: "now-6h", To: "now"},
		Links: []Link{
			{Title: "Tandem", Type: "dashboards", Tags: []string{"tandem"}, AsDropdown: true, IncludeVars: true, KeepTime: true},
			{Title: "Runbooks", Type: "link", URL: source + "docs/runbooks/README.md", TargetBlank: true},
			{Title: "What the metrics mean", Type: "link", URL: source + "docs/metrics.md", TargetBlank: true},
		},
		Templating: Templating{List: []Variable{
			{Name: "datasource", Label: "Metrics", Type: "datasource", Query: "prometheus"},
			chosen("namespace", "Namespace", "label_values(tandem_build_info, namespace)"),
		}},
	}}
}

// chosen is a variable whose values come from a label. All means also series without the label.
func chosen(name, label, query string) Variable {
	return Variable{
		Name: name, Label: label, Type: "query", Query: query, Datasource: prometheus,
		Refresh: 2, IncludeAll: true, AllValue: ".*", Multi: true, Sort: 1,
		Current: &Choice{Text: "All", Value: "$__all"},
	}
}

func (b *builder) variable(v Variable) *builder {
	b.dashboard.Templating.List = append(b.dashboard.Templating.List, v)
	return b
}

// section begins a row of panels with a heading.
func (b *builder) section(title string) *builder {
	b.wrap()
	b.row = nil
	b.add(&Panel{Type: "row", Title: title, Collapsed: new(bool)}, width, 1)
	return b
}

// folded begins a row that is closed at first: what not every install has.
func (b *builder) folded(title string) *builder {
	b.section(title)
	b.row = b.dashboard.Panels[len(b.dashboard.Panels)-1]
	*b.row.Collapsed = true
	return b
}

func (b *builder) wrap() {
	if b.x > 0 {
		b.x, b.y, b.height = 0, b.y+b.height, 0
	}
}

func (b *builder) add(p *Panel, w, h int) {
	if b.x+w > width {
		b.wrap()
	}
	b.id++
	p.ID, p.GridPos = b.id, GridPos{H: h, W: w, X: b.x, Y: b.y}
	b.x, b.height = b.x+w, max(b.height, h)
	if b.x == width {
		b.wrap()
	}
	if b.row != nil {
		b.row.Panels = append(b.row.Panels, p)
		return
	}
	b.dashboard.Panels = append(b.dashboard.Panels, p)
}

// query is one line, or family of lines, of a picture.
type query struct {
	expr, legend string
	exemplars    bool
}

func q(legend, expr string) query { return query{expr: expr, legend: legend} }

// traced is a query of a histogram whose buckets name traces.
func traced(legend, expr string) query { return query{expr: expr, legend: legend, exemplars: true} }

func targets(instant bool, queries []query) []Target {
	var all []Target
	for i, one := range queries {
		all = append(all, Target{
			RefID: string(rune('A' + i)), Datasource: prometheus, Expr: one.expr, LegendFormat: one.legend,
			Exemplar: one.exemplars, Instant: instant, Range: !instant,
		})
	}
	return all
}

// text is what stands over and behind a panel.
type text struct {
	title, description, unit string
	runbook                  string // name of the alert that looks at the same
}

func (t text) panel(kind string) *Panel {
	p := &Panel{
		Type: kind, Title: t.title, Description: t.description, Datasource: prometheus,
		FieldConfig: &FieldConfig{Defaults: FieldDefaults{Unit: t.unit}, Overrides: []any{}},
	}
	if t.runbook != "" {
		p.Links = []Link{{Title: "Runbook " + t.runbook, URL: source + "docs/runbooks/" + t.runbook + ".md", TargetBlank: true}}
	}
	return p
}

// lines draws values over time.
func (b *builder) lines(t text, queries ...query) *builder {
	p := t.panel("timeseries")
	p.Targets = targets(false, queries)
	p.FieldConfig.Defaults.Min = new(float64)
	p.FieldConfig.Defaults.Custom = map[string]any{"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": false}
	p.Options = map[string]any{
		"legend":  map[string]any{"displayMode": "table", "placement": "bottom", "calcs": []string{"lastNotNull", "max"}},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}
	b.add(p, 12, 9)
	return b
}

// number shows the last value, coloured by thresholds: from green on where no other colour is for the least.
func (b *builder) number(t text, q query, steps ...Step) *builder {
	p := t.panel("stat")
	p.Targets = targets(true, []query{q})
	if len(steps) == 0 || steps[0].Value != nil {
		steps = append([]Step{{Color: "green"}}, steps...)
	}
	p.FieldConfig.Defaults.Thresholds = &Thresholds{Mode: "absolute", Steps: steps}
	p.Options = map[string]any{
		"colorMode": "value", "graphMode": "none", "textMode": "auto", "justifyMode": "auto", "orientation": "auto",
		"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
	}
	b.add(p, 6, 5)
	return b
}

// at is a colour from a value on.
func at(value float64, color string) Step { return Step{Color: color, Value: &value} }

// table shows the last values with their labels.
func (b *builder) table(t text, expr string, hidden ...string) *builder {
	p := t.panel("table")
	p.Targets = []Target{{RefID: "A", Datasource: prometheus, Expr: expr, Instant: true, Format: "table"}}
	exclude := map[string]bool{"Time": true}
	for _, name := range hidden {
		exclude[name] = true
	}
	p.Transform = []Transform{{ID: "organize", Options: map[string]any{"excludeByName": exclude}}}
	p.Options = map[string]any{"showHeader": true, "cellHeight": "sm"}
	b.add(p, 12, 9)
	return b
}

// tracesAndLogs ends a dashboard with what leads from a number to single calls, where Tempo and Loki are there.
func (b *builder) tracesAndLogs(trace, log string) *builder {
	b.variable(Variable{Name: "traces", Label: "Traces", Type: "datasource", Query: "tempo"})
	b.variable(Variable{Name: "logs", Label: "Logs", Type: "datasource", Query: "loki"})
	b.folded("Traces and logs (needs Tempo and Loki)")
	t := text{"Traces", "Calls that were slow or failed. Each line opens the whole way of the call, through services, databases and events.", "ms", ""}.panel("table")
	t.Datasource = tempo
	t.Targets = []Target{{RefID: "A", Datasource: tempo, Query: trace, QueryType: "traceql"}}
	b.add(t, 12, 12)
	l := text{"Log", "Warnings and errors of all processes. trace_id of a line leads to its trace.", "none", ""}.panel("logs")
	l.Datasource = loki
	l.Targets = []Target{{RefID: "A", Datasource: loki, Expr: log, QueryType: "range"}}
	l.Options = map[string]any{"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "sortOrder": "Descending"}
	b.add(l, 12, 12)
	return b
}

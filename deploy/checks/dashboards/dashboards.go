// Package dashboards makes the dashboards in deploy/dashboards, for Grafana 11 and newer.
//
// JSON of this size is not written by hand without two panels drifting apart, so each dashboard is a function that
// names its panels, and the files are made of it:
//
//	cd deploy/checks && GOWORK=off go run ./dashboards/generate
//
// A test holds the committed files equal, and each expression to the series that exist. Every panel says what it shows;
// those about something that an alert watches lead to its runbook, and durations carry exemplars, which lead to traces.
//
// Neighbours: checks, which knows the series; the chart and deploy/compose, which give the files to Grafana.
package dashboards

// All returns every dashboard by the name of its file.
func All() map[string]*Dashboard {
	all := map[string]*Dashboard{}
	for _, b := range []*builder{overview(), services(), events(), databases(), program(), runtime()} {
		all[b.dashboard.UID+".json"] = b.dashboard
	}
	return all
}

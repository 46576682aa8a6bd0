package run

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/measure"
)

// Measure tells in the metrics of the process whether it is ready, and how each
// check does, probed when somebody asks for metrics. Call it for one registry of a
// process only.
func (r *Readiness) Measure() (stop func()) {
	ready := measure.Reading{Name: "tandem.ready", Description: "1 while the process is ready for requests."}
	check := measure.Reading{Name: "tandem.check.ok", Description: "1 when the last probe of a readiness check worked."}
	return measure.Read([]measure.Reading{ready, check}, func(ctx context.Context, tell measure.Tell) {
		report := r.Report(ctx)
		tell(ready, number(report.Ready))
		for _, c := range report.Checks {
			tell(check, number(c.Result == ResultOK), measure.Label("check", c.Name))
		}
	})
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

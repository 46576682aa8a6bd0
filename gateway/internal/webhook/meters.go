package webhook

import "github.com/tandem-badges/tandem/services/kit/measure"

// What came of a try, as metrics call it.
const (
	resultDelivered = "delivered"
	resultAgain     = "again" // it will be tried again
	resultFailed    = "failed"
)

// NewResults returns what counts tries.
func NewResults() *measure.Counter {
	return measure.NewCounter("tandem.webhook.deliveries", "Tries to send a webhook, by what came of them.",
		"result", []string{resultDelivered, resultAgain, resultFailed})
}

package inbox

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/measure"
)

// What came of a delivery, as metrics call it.
const (
	resultApplied = "applied"
	resultAgain   = "again" // it was applied before, and passed over
	resultFailed  = "failed"
	resultDead    = "dead"
	resultUnknown = "unknown" // only a newer program knows it, and it is kept for one
)

// meters are the metrics of a consumer.
type meters struct {
	results *measure.Counter
	time    *measure.Duration
}

func newMeters(consumer string) meters {
	label := measure.Label("consumer", consumer)
	return meters{
		results: measure.NewCounter("tandem.inbox.applied", "Deliveries of events, by what came of them.",
			"result", []string{resultApplied, resultAgain, resultFailed, resultDead, resultUnknown}, label),
		time: measure.NewDuration("tandem.inbox.apply.duration", "Time to apply one event, transaction included.", nil, label),
	}
}

// Gauges tell how far this consumer is behind and how many dead letters it has. The
// relay of the service counts them.
func (i *Inbox) Gauges() []counted.Gauge {
	consumer := []attribute.KeyValue{measure.Label("consumer", i.consumer)}
	sources := slices.Sorted(maps.Keys(i.filters))
	return []counted.Gauge{
		{
			Name: "tandem.inbox.lag", Description: "Events of a stream that a consumer has not handled yet.",
			Label: "source", Values: sources, Others: consumer, Every: counted.Often,
			Read: func(ctx context.Context) (map[string]float64, error) {
				behind := map[string]float64{}
				for _, source := range sources {
					n, err := i.bus.Lag(ctx, source, i.consumer)
					if err != nil {
						return nil, err
					}
					behind[source] = float64(n)
				}
				return behind, nil
			},
		},
		{
			Name: "tandem.dead.letters", Description: "Events that could not be applied and wait for somebody.",
			Others: consumer, Every: counted.Often, Read: i.countDead,
		},
	}
}

func (i *Inbox) countDead(ctx context.Context) (map[string]float64, error) {
	var n float64
	err := i.db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM dead_letters WHERE consumer = $1 AND NOT retry`, i.consumer).Scan(&n)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	return map[string]float64{"": n}, nil
}

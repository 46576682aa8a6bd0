package outbox

import (
	"context"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// backlogGauges tell what waits to be published. The age is counted from when an
// event was committed by the product's clock, which in development mode can be moved.
func backlogGauges(db *sqldb.DB) []counted.Gauge {
	schema := []attribute.KeyValue{measure.Label("schema", db.Schema())}
	return []counted.Gauge{
		{
			Name: "tandem.outbox.waiting", Description: "Committed events that are not on the bus yet.",
			Others: schema, Every: counted.Often, Read: func(ctx context.Context) (map[string]float64, error) {
				n, _, err := Backlog(ctx, db)
				return map[string]float64{"": float64(n)}, err
			},
		},
		{
			Name: "tandem.outbox.age", Description: "Since when the oldest event waits for the bus.",
			Others: schema, Every: counted.Often, Since: true, Read: func(ctx context.Context) (map[string]float64, error) {
				n, oldest, err := Backlog(ctx, db)
				if n == 0 {
					return map[string]float64{"": 0}, err
				}
				return map[string]float64{"": float64(oldest.UnixMicro()) / 1e6}, err
			},
		},
	}
}

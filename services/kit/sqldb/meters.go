package sqldb

import (
	"context"
	"database/sql"

	"github.com/tandem-badges/tandem/services/kit/measure"
)

// meters are the metrics of one database.
type meters struct {
	transactions *measure.Duration
	retries      *measure.Counter
	stop         func()
}

// measured begins to measure an open database.
func (db *DB) measured() {
	schema := measure.Label("schema", db.schema)
	db.meters = meters{
		transactions: measure.NewDuration("tandem.db.transaction.duration",
			"Time of write transactions from begin to end, attempts and pauses included.", nil, schema),
		retries: measure.NewCounter("tandem.db.transaction.retries",
			"Attempts of transactions that ran again: the database was busy or found no serial order.", "", nil, schema),
	}
	open := measure.Reading{Name: "tandem.db.connections", Description: "Open connections of this process to the database."}
	most := measure.Reading{Name: "tandem.db.connections.max", Description: "Most connections of this process to the database."}
	waits := measure.Reading{Name: "tandem.db.waits", Description: "How often somebody waited for a free connection.", Total: true}
	waited := measure.Reading{Name: "tandem.db.wait", Unit: "s", Description: "Time spent waiting for a free connection.", Total: true}
	db.meters.stop = measure.Read([]measure.Reading{open, most, waits, waited}, func(_ context.Context, tell measure.Tell) {
		s := db.stats()
		tell(open, float64(s.InUse), schema, measure.Label("state", "in_use"))
		tell(open, float64(s.Idle), schema, measure.Label("state", "idle"))
		tell(most, float64(s.MaxOpenConnections), schema)
		tell(waits, float64(s.WaitCount), schema)
		tell(waited, s.WaitDuration.Seconds(), schema)
	})
}

// stats adds up the pools.
func (db *DB) stats() sql.DBStats {
	s := db.read.Stats()
	if db.write == db.read {
		return s
	}
	w := db.write.Stats()
	s.InUse += w.InUse
	s.Idle += w.Idle
	s.MaxOpenConnections += w.MaxOpenConnections
	s.WaitCount += w.WaitCount
	s.WaitDuration += w.WaitDuration
	return s
}

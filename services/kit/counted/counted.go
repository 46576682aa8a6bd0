// Package counted tells as metrics how many rows there are of something: events
// that wait, journeys by phase, applications to review.
//
// Counting costs a query, and replicas that all told the same number would add up
// to several times as much. So one process counts: the relay of a service's outbox
// runs its gauges for as long as it holds its lease (package outbox). What the
// process does not hold any more it does not tell any more.
package counted

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	// Often is for what somebody is woken for, the usual minute for the rest.
	Often   = 15 * time.Second
	usually = time.Minute
	timeout = 10 * time.Second // of one query
)

// Gauge is one metric and the query behind it.
type Gauge struct {
	Name, Description string
	// Label divides the rows. Values are told as 0 where there are no rows; one
	// that the query answers and that is not among them is not told.
	Label  string
	Values []string
	Others []attribute.KeyValue // labels of each series
	// Since makes it a time: the query answers seconds since 1970, or 0 for none,
	// and what is told is how long ago that is.
	Since bool
	Every time.Duration // 0: once a minute
	// Read counts, by value of the label or for "" where there is none. Its context
	// is of all districts.
	Read func(ctx context.Context) (map[string]float64, error)
}

// Run counts until ctx ends. A query that fails is logged, and what was counted
// before is told on.
func Run(ctx context.Context, log *slog.Logger, gauges ...Gauge) {
	ctx = tenant.Everything(ctx, "operators are told how many rows there are, and nothing of them")
	var wg sync.WaitGroup
	for _, g := range gauges {
		wg.Go(func() { (&counting{Gauge: g, log: log}).run(ctx) })
	}
	wg.Wait()
}

// counting is a gauge at work.
type counting struct {
	Gauge
	log *slog.Logger

	mu   sync.Mutex
	last map[string]float64 // nil before the first answer
}

func (c *counting) run(ctx context.Context) {
	reading := measure.Reading{Name: c.Name, Description: c.Description}
	if c.Since {
		reading.Unit = "s"
	}
	stop := measure.Read([]measure.Reading{reading}, func(_ context.Context, tell measure.Tell) { c.tell(reading, tell) })
	defer stop()
	every := c.Every
	if every <= 0 {
		every = usually
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		c.look(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (c *counting) look(ctx context.Context) {
	asked, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	values, err := c.Read(asked)
	if err != nil {
		if ctx.Err() == nil {
			c.log.WarnContext(ctx, "rows not counted for a metric", "metric", c.Name, "error", err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = values
}

func (c *counting) tell(reading measure.Reading, tell measure.Tell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		return
	}
	if c.Label == "" {
		tell(reading, c.told(c.last[""]), c.Others...)
		return
	}
	for _, value := range c.Values {
		labels := append([]attribute.KeyValue{measure.Label(c.Label, value)}, c.Others...)
		tell(reading, c.told(c.last[value]), labels...)
	}
}

// told is how long ago a time is, or the number as it was counted.
func (c *counting) told(value float64) float64 {
	if !c.Since || value == 0 {
		return value
	}
	return max(0, float64(time.Now().UnixMicro())/1e6-value)
}

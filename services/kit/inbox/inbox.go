// Package inbox applies other services' events, each exactly once.
//
// A service registers a handler per event type with On and runs Run. For each
// service it listens to there is one durable consumer on that service's stream;
// a handler runs in the transaction that also records the event as applied, so a
// redelivered event, after a crash or a replay, is passed over. Events of one
// source are applied one after the other. A handler that fails is tried again
// with growing pauses, and in the end the event becomes a dead letter: a row that
// somebody looks at and replays, while the events behind it go on. One that only a
// newer version of the program knows is kept in the same way, for the next that does.
//
// Neighbours: package outbox publishes the events, bus carries them; answers
// that read projections say how far they are with Applied.
package inbox

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Handler applies an event inside the transaction its context carries. It may
// run again for the same event only when that transaction did not commit.
type Handler func(ctx context.Context, ev bus.Event) error

const defaultDeliveries = 10

// Inbox is the consumer of one service.
type Inbox struct {
	db         *sqldb.DB
	bus        *bus.Bus
	consumer   string
	clock      clock.Clock
	log        *slog.Logger
	deliveries int
	handlers   map[string]Handler  // by event type
	filters    map[string][]string // by source service
	meters     meters
	bad        error // of On, reported by Run
	strangers  strangers
}

// Option changes an Inbox.
type Option func(*Inbox)

// WithDeliveries sets how often an event is tried before it is a dead letter.
func WithDeliveries(n int) Option { return func(i *Inbox) { i.deliveries = n } }

// New returns the inbox of the named consumer, which is the service's name.
func New(db *sqldb.DB, b *bus.Bus, consumer string, c clock.Clock, log *slog.Logger, opts ...Option) *Inbox {
	i := &Inbox{
		db: db, bus: b, consumer: consumer, clock: c, log: log, deliveries: defaultDeliveries,
		handlers: map[string]Handler{}, filters: map[string][]string{}, meters: newMeters(consumer),
	}
	for _, o := range opts {
		o(i)
	}
	return i
}

// On sets the handler of an event type. Call it before Run; Run reports a
// message that is no event or has two handlers.
func (i *Inbox) On(msg proto.Message, h func(ctx context.Context, ev bus.Event) error) {
	t, err := bus.TopicOf(msg)
	if err == nil && i.handlers[t.Type] != nil {
		err = fmt.Errorf("event %s has two handlers", t.Type)
	}
	if err != nil {
		i.bad = err
		return
	}
	i.handlers[t.Type] = h
	i.filters[t.Service] = append(i.filters[t.Service], t.Filter())
}

// Run applies events until ctx ends. They wait on the bus while the database takes no
// changes.
func (i *Inbox) Run(ctx context.Context) error {
	if i.bad != nil {
		return fmt.Errorf("inbox of %s: %w", i.consumer, i.bad)
	}
	return i.db.WhileWritable(ctx, i.run)
}

func (i *Inbox) run(ctx context.Context) error {
	i.retryOnce(ctx) // what was kept for this program comes before what is new
	var wg sync.WaitGroup
	for source, filters := range i.filters {
		sort.Strings(filters)
		wg.Go(func() { i.follow(ctx, source, filters) })
	}
	wg.Go(func() { i.retry(ctx) })
	<-ctx.Done()
	wg.Wait()
	return nil
}

// Applied returns the time of the newest event applied from the named sources,
// or from all when none is named; the zero time when there was none.
func (i *Inbox) Applied(ctx context.Context, sources ...string) (time.Time, error) {
	return Applied(ctx, i.db, i.consumer, sources...)
}

// Applied is Inbox.Applied for code that answers reads and has no Inbox.
func Applied(ctx context.Context, db *sqldb.DB, consumer string, sources ...string) (newest time.Time, err error) {
	ctx = tenant.OrNone(ctx)
	rows, err := db.Conn(ctx).QueryContext(ctx, `SELECT source, event_time FROM inbox_state WHERE consumer = $1`, consumer)
	if err != nil {
		return newest, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var source string
		var micros int64
		if err := rows.Scan(&source, &micros); err != nil {
			return newest, err
		}
		if t := sqldb.Time(micros); wanted(source, sources) && t.After(newest) {
			newest = t
		}
	}
	return newest, rows.Err()
}

func wanted(source string, sources []string) bool {
	for _, s := range sources {
		if s == source {
			return true
		}
	}
	return len(sources) == 0
}

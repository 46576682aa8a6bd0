package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

const (
	batch      = 256
	pollEvery  = 500 * time.Millisecond
	breath     = 20 * time.Millisecond // between two batches: what is committed meanwhile leaves together
	maxBackoff = 10 * time.Second
	leaseTTL   = 5 * time.Second // how long events wait after this process dies
	purgeEvery = time.Hour
	keepSent   = 90 * 24 * time.Hour
)

// Relay publishes a service's outbox.
type Relay struct {
	db     *sqldb.DB
	bus    *bus.Bus
	clock  clock.Clock
	log    *slog.Logger
	gauges []counted.Gauge
	sent   *measure.Counter
	ensure map[string]bool // services whose stream is known to exist
}

// NewRelay returns the relay of a service's database; the clock is system time,
// since history is kept by the days of operators. Replicas may each run one:
// a lease keeps all but one waiting.
func NewRelay(db *sqldb.DB, b *bus.Bus, c clock.Clock, log *slog.Logger) *Relay {
	return &Relay{
		db: db, bus: b, clock: c, log: log, ensure: map[string]bool{},
		sent: measure.NewCounter("tandem.events.published", "Events that the bus has stored.", "", nil, measure.Label("schema", db.Schema())),
	}
}

// Counting has the relay also tell how many rows of the service there are of
// something, for as long as it holds its lease: one process counts for all.
func (r *Relay) Counting(gauges ...counted.Gauge) *Relay {
	r.gauges = append(r.gauges, gauges...)
	return r
}

// Run publishes until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	ctx = tenant.Everything(ctx, "the relay publishes every district's events")
	ctx = upkeep.With(ctx, "what is committed has happened, and others may know")
	err := lease.Run(ctx, r.db, "outbox-relay", r.db.Schema(), leaseTTL, r.work)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// work is what the holder of the lease does: it relays, and counts.
func (r *Relay) work(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var counting sync.WaitGroup
	counting.Go(func() { counted.Run(ctx, r.log, append(backlogGauges(r.db), r.gauges...)...) })
	defer counting.Wait()
	defer cancel()
	return r.relay(ctx)
}

// relay holds the lease. It wakes on a commit in this process at once, and looks
// every half second for commits of others.
func (r *Relay) relay(ctx context.Context) error {
	wait, purged := pollEvery, time.Time{}
	for ctx.Err() == nil {
		n, err := r.flush(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.WarnContext(ctx, "events wait: bus or database does not answer", "service", r.db.Schema(), "error", err)
			r.ensure = map[string]bool{} // a server set up anew has lost its streams
			wait = min(2*wait, maxBackoff)
		case n == batch:
			continue
		default:
			wait = pollEvery
		}
		if now := time.Now(); err == nil && now.Sub(purged) > purgeEvery {
			purged = now
			r.purge(ctx)
		}
		if n > 0 {
			pause(ctx, breath)
		}
		r.idle(ctx, wait, err != nil)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// idle waits for work. After a failure a commit is no reason to try earlier.
func (r *Relay) idle(ctx context.Context, wait time.Duration, failed bool) {
	wakes := r.db.Wakes(wakeTopic)
	if failed {
		wakes = nil
	}
	select {
	case <-ctx.Done():
	case <-wakes:
	case <-time.After(wait):
	}
}

// row is an event of the outbox.
type row struct {
	seq int64
	ev  bus.Event
}

// flush publishes one batch and returns how many rows it read. Rows are found by
// being unsent and never by a position: a transaction that commits late has a
// lower seq than rows already sent.
func (r *Relay) flush(ctx context.Context) (int, error) {
	rows, err := load(ctx, r.db, `sent_at IS NULL`)
	if err != nil {
		return 0, err
	}
	var stored []int64
	for rest := rows; err == nil && len(rest) > 0; {
		var now []row
		now, rest = wave(rest)
		var sent []int64
		sent, err = r.publish(ctx, now)
		stored = append(stored, sent...)
	}
	// Marked once per batch: the events of one busy resource leave one by one, and
	// a commit for each would keep the service's own writes waiting. A shutdown must
	// not make the bus see again what it has acknowledged.
	return len(rows), errors.Join(err, r.mark(context.WithoutCancel(ctx), stored))
}

// wave takes the first event of each resource: they may be under way together,
// whereas the next event of a resource waits until the one before is stored.
func wave(rows []row) (now, later []row) {
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		if seen[r.ev.Name] {
			later = append(later, r)
			continue
		}
		seen[r.ev.Name] = true
		now = append(now, r)
	}
	return now, later
}

// publish sends one wave and returns what the bus has stored of it.
func (r *Relay) publish(ctx context.Context, rows []row) (stored []int64, err error) {
	events := make([]bus.Event, len(rows))
	for i, row := range rows {
		events[i] = row.ev
		if err := r.ensureStream(ctx, row.ev.Service()); err != nil {
			return nil, err
		}
	}
	errs := r.bus.PublishAll(ctx, events)
	for i, err := range errs {
		if err == nil {
			stored = append(stored, rows[i].seq)
		}
	}
	r.sent.Add(ctx, "", int64(len(stored)))
	return stored, errors.Join(errs...)
}

func (r *Relay) ensureStream(ctx context.Context, service string) error {
	if r.ensure[service] {
		return nil
	}
	if err := r.bus.Ensure(ctx, service); err != nil {
		return err
	}
	r.ensure[service] = true
	return nil
}

// mark records what is sent. Read committed is enough: only the lease's holder
// changes these columns, and it must not conflict with those who add rows.
func (r *Relay) mark(ctx context.Context, seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	now := sqldb.Micros(r.clock.Now())
	if r.db.Dialect() == sqldb.Postgres { // one way there and back, and one text however many there are
		return r.db.Alone(ctx, `UPDATE outbox SET sent_at = $1 WHERE seq = ANY($2::bigint[])`, []any{now, seqs},
			func() {}, func(*sql.Rows) error { return nil })
	}
	args, places := []any{now}, make([]string, len(seqs))
	for i, seq := range seqs {
		args = append(args, seq)
		places[i] = fmt.Sprintf("$%d", i+2)
	}
	_, err := r.db.Exec(ctx, `UPDATE outbox SET sent_at = $1 WHERE seq IN (`+strings.Join(places, ", ")+`)`, args...)
	return err
}

// purge forgets events whose time as history is over.
func (r *Relay) purge(ctx context.Context) {
	if ctx = upkeep.Without(ctx); r.db.Frozen(ctx) != nil {
		return
	}
	before := sqldb.Micros(r.clock.Now().Add(-keepSent))
	if _, err := r.db.Exec(ctx, `DELETE FROM outbox WHERE sent_at < $1`, before); err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "old events not removed", "service", r.db.Schema(), "error", err)
	}
}

// load reads the first rows, in order, that a fixed condition selects.
func load(ctx context.Context, db *sqldb.DB, condition string, args ...any) (out []row, err error) {
	rows, err := db.Conn(ctx).QueryContext(ctx, `
		SELECT seq, id, subject, type, name, occurred_at, payload, traceparent FROM outbox
		WHERE `+condition+` ORDER BY seq LIMIT `+fmt.Sprint(batch), args...)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r row
		var at int64
		if err := rows.Scan(&r.seq, &r.ev.ID, &r.ev.Subject, &r.ev.Type, &r.ev.Name, &at, &r.ev.Data, &r.ev.TraceParent); err != nil {
			return nil, err
		}
		r.ev.Time = sqldb.Time(at)
		out = append(out, r)
	}
	return out, rows.Err()
}

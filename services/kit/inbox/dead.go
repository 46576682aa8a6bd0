package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const maxCause = 2000 // characters of an error kept with a dead letter

// DeadLetter is an event that could not be applied.
type DeadLetter struct {
	Event    bus.Event
	Consumer string
	Cause    string // the last failure, for operators
	Attempts int
	At       time.Time
}

// bury keeps the event as a dead letter, announces it on tandem.dead.<consumer>
// and has the bus go on to the next one.
func (i *Inbox) bury(ctx context.Context, m jetstream.Msg, ev bus.Event, attempts int, cause error) {
	if err := i.keepDead(ctx, ev, attempts, cause, false); err != nil {
		i.settle(ctx, errors.Join(err, m.NakWithDelay(maxDelay)))
		return
	}
	i.meters.results.Add(ctx, resultDead, 1)
	i.log.ErrorContext(ctx, "event is a dead letter: look at it and replay it",
		"consumer", i.consumer, "event", ev.ID, "type", ev.Type, "attempts", attempts, "error", cause)
	i.announce(ctx, ev)
	i.settle(ctx, m.TermWithReason("dead letter"))
}

// keepDead writes the letter down. With retry nobody needs to look at it: a program
// that can will apply it.
func (i *Inbox) keepDead(ctx context.Context, ev bus.Event, attempts int, cause error, retry bool) error {
	text := []rune(cause.Error())
	district := districtOf(ev)
	_, err := i.db.Exec(tenant.With(ctx, district), `
		INSERT INTO dead_letters (district_id, consumer, event_id, subject, type, name, event_time, payload, cause, attempts, dead_at,
			traceparent, retry)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (consumer, event_id) DO UPDATE
		SET cause = excluded.cause, attempts = dead_letters.attempts + excluded.attempts, dead_at = excluded.dead_at, retry = excluded.retry`,
		district, i.consumer, ev.ID, ev.Subject, ev.Type, ev.Name, sqldb.Micros(ev.Time), append([]byte{}, ev.Data...),
		string(text[:min(len(text), maxCause)]), attempts, sqldb.Micros(i.clock.Now()), telemetry.Carry(ev.Context(ctx)), retry)
	return err
}

// announce tells monitoring. The row is what counts, so a failure is only noted.
func (i *Inbox) announce(ctx context.Context, ev bus.Event) {
	err := i.bus.Ensure(ctx, "dead")
	if err == nil {
		dead := ev
		dead.Subject = "tandem.dead." + i.consumer
		if dead.Type == "" {
			dead.Type = "unreadable"
		}
		err = i.bus.Publish(ctx, dead)
	}
	if err != nil {
		i.log.WarnContext(ctx, "dead letter not announced", "consumer", i.consumer, "event", ev.ID, "error", err)
	}
}

// Dead lists the inbox's dead letters, oldest first.
func (i *Inbox) Dead(ctx context.Context) ([]DeadLetter, error) { return Dead(ctx, i.db, i.consumer) }

// Dead lists the dead letters of one consumer, or of all in the database when
// consumer is empty, oldest first.
func Dead(ctx context.Context, db *sqldb.DB, consumer string) (out []DeadLetter, err error) {
	ctx = tenant.Everything(ctx, "operators look at what no district sees")
	rows, err := db.Conn(ctx).QueryContext(ctx, `
		SELECT consumer, event_id, subject, type, name, event_time, payload, traceparent, cause, attempts, dead_at
		FROM dead_letters WHERE $1 = '' OR consumer = $1 ORDER BY dead_at, event_id`, consumer)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d DeadLetter
		var happened, at int64
		err := rows.Scan(&d.Consumer, &d.Event.ID, &d.Event.Subject, &d.Event.Type, &d.Event.Name,
			&happened, &d.Event.Data, &d.Event.TraceParent, &d.Cause, &d.Attempts, &at)
		if err != nil {
			return nil, err
		}
		d.Event.Time, d.At = sqldb.Time(happened), sqldb.Time(at)
		out = append(out, d)
	}
	return out, rows.Err()
}

// ReplayDead applies the dead letters with the given event ids, or all when none
// is given, and returns how many succeeded. One that fails again stays, with its
// new cause. Each is applied in the trace that led to its event.
func (i *Inbox) ReplayDead(ctx context.Context, eventIDs ...string) (int, error) {
	dead, err := i.Dead(ctx)
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	var failures []error
	n := 0
	for _, d := range dead {
		known[d.Event.ID] = true
		if !wanted(d.Event.ID, eventIDs) {
			continue
		}
		if err := i.revive(ctx, d); err != nil {
			failures = append(failures, fmt.Errorf("event %s: %w", d.Event.ID, err))
			continue
		}
		n++
	}
	for _, id := range eventIDs {
		if !known[id] {
			failures = append(failures, problem.NotFound("dead letter "+id))
		}
	}
	return n, errors.Join(failures...)
}

func (i *Inbox) revive(ctx context.Context, d DeadLetter) error {
	if i.handlers[d.Event.Type] == nil {
		return fmt.Errorf("no handler for %q", d.Event.Type)
	}
	result, err := i.apply(ctx, d.Event.Service(), d.Event)
	if err == nil || ctx.Err() == nil {
		i.meters.results.Add(ctx, result, 1)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return errors.Join(err, i.keepDead(ctx, d.Event, 1, err, false))
}

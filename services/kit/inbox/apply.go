package inbox

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// apply runs the event's handler unless the event was applied before, and says
// which. The trace of the request that caused the event goes on here.
func (i *Inbox) apply(ctx context.Context, source string, ev bus.Event) (result string, err error) {
	h, ok := i.handlers[ev.Type]
	if !ok {
		return resultAgain, nil // receive has passed it on before
	}
	ctx, span := ev.Consume(ctx, "apply", i.consumer)
	defer span.End()
	defer i.meters.time.Since(ctx, time.Now())
	ctx = audit.Work(ctx, "events."+string(ev.Type), ev.ID)
	ctx = tenant.With(ctx, districtOf(ev))
	err = i.db.Tx(ctx, func(ctx context.Context) error {
		fresh, err := i.once(ctx, source, ev, h)
		if result = resultAgain; fresh {
			result = resultApplied
		}
		return err
	})
	if err != nil {
		span.SetStatus(codes.Error, "not applied")
		return resultFailed, err
	}
	return result, nil
}

// districtOf is the district an event is about; its handler touches rows of that
// one only.
func districtOf(ev bus.Event) string {
	id, err := bus.DistrictOf(ev.Name)
	if err != nil {
		return tenant.State // unreadable
	}
	return id
}

// once is the transaction: the effect and the record that it happened. An event
// that is not fresh was applied before.
func (i *Inbox) once(ctx context.Context, source string, ev bus.Event, h Handler) (fresh bool, err error) {
	q, now := i.db.Conn(ctx), sqldb.Micros(i.clock.Now())
	res, err := q.ExecContext(ctx,
		`INSERT INTO inbox (consumer, event_id, applied_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, i.consumer, ev.ID, now)
	if err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, err
	}
	if fresh = n > 0; fresh {
		if err := guard(ctx, ev, h); err != nil {
			return true, err
		}
	}
	// Also of what was applied before: an older program may have kept it when it came again.
	if _, err := q.ExecContext(ctx, `DELETE FROM dead_letters WHERE consumer = $1 AND event_id = $2`, i.consumer, ev.ID); err != nil || !fresh {
		return fresh, err
	}
	_, err = q.ExecContext(ctx, `
		INSERT INTO inbox_state (consumer, source, event_time, applied_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (consumer, source) DO UPDATE SET applied_at = excluded.applied_at, event_time =
			CASE WHEN excluded.event_time > inbox_state.event_time THEN excluded.event_time ELSE inbox_state.event_time END`,
		i.consumer, source, sqldb.Micros(ev.Time), now)
	if err != nil {
		return true, fmt.Errorf("inbox: %w", err)
	}
	return true, nil
}

// guard turns a handler's panic into a failure, so that one bad event becomes a
// dead letter instead of ending the process again and again.
func guard(ctx context.Context, ev bus.Event, h Handler) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("handler of %s panicked: %v", ev.Type, r)
		}
	}()
	return h(ctx, ev)
}

package outbox

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// ReplayOptions selects the history to publish again; the zero value is all.
type ReplayOptions struct {
	Since    time.Time        // events that happened from then on
	Subject  string           // NATS subject with wildcards, e.g. tandem.badges.*.*.v1.d1
	Progress func(events int) // called after each batch
}

// Replay publishes events of the outbox's history again, in their order and with
// their ids, and returns how many. A stream that lost them gets them back;
// consumers that have applied an event pass over it. Events not sent yet are left
// to the relay.
func Replay(ctx context.Context, db *sqldb.DB, b *bus.Bus, o ReplayOptions) (int, error) {
	ctx = tenant.Everything(ctx, "an operator rebuilds the streams of every district")
	r := NewRelay(db, b, nil, nil)
	n, after := 0, int64(0)
	for {
		rows, err := load(ctx, db, `sent_at IS NOT NULL AND seq > $1 AND occurred_at >= $2`, after, sqldb.Micros(o.Since))
		if err != nil || len(rows) == 0 {
			return n, err
		}
		after = rows[len(rows)-1].seq
		for rest := selected(rows, o.Subject); len(rest) > 0; {
			var now []row
			now, rest = wave(rest)
			if err := r.again(ctx, now); err != nil {
				return n, err
			}
			n += len(now)
		}
		if o.Progress != nil {
			o.Progress(n)
		}
	}
}

// again publishes without marking.
func (r *Relay) again(ctx context.Context, rows []row) error {
	events := make([]bus.Event, len(rows))
	for i, row := range rows {
		if err := r.ensureStream(ctx, row.ev.Service()); err != nil {
			return err
		}
		events[i] = row.ev
	}
	return errors.Join(r.bus.PublishAll(ctx, events)...)
}

func selected(rows []row, filter string) []row {
	if filter == "" {
		return rows
	}
	var out []row
	for _, r := range rows {
		if matches(filter, r.ev.Subject) {
			out = append(out, r)
		}
	}
	return out
}

// matches tells whether a subject fits a filter as NATS understands it.
func matches(filter, subject string) bool {
	f, s := strings.Split(filter, "."), strings.Split(subject, ".")
	for i, w := range f {
		switch {
		case w == ">":
			return len(s) > i
		case i >= len(s) || w != "*" && w != s[i]:
			return false
		}
	}
	return len(f) == len(s)
}

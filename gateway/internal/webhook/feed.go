package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/sight"
)

const (
	batch      = 200 // events taken in one transaction
	maxBody    = 20_000
	again      = time.Second
	noteEvery  = 10 * time.Second // how often to keep a position that brought nothing
	pruneEvery = time.Hour
)

// Watcher follows the bus.
type Watcher interface {
	Watch(ctx context.Context, o bus.WatchOptions, fn func(bus.Event)) error
}

// Feeder turns events into deliveries. One replica at a time runs it; should two
// for a moment, each delivery is still kept once.
type Feeder struct {
	Store Store
	Bus   Watcher
	Kinds sight.Kinds
	Clock clock.Clock // real time
	Log   *slog.Logger
}

// Run follows the bus from where the last Run stopped until ctx ends.
func (f *Feeder) Run(ctx context.Context) error {
	ctx = audit.Work(tenant.Everything(ctx, "the events of all districts are followed"), "webhooks.feed", "")
	for {
		if err := f.follow(ctx); err != nil && ctx.Err() == nil {
			f.Log.WarnContext(ctx, "events do not become webhooks for the moment", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
	}
}

// follow watches the bus until something fails.
func (f *Feeder) follow(ctx context.Context) error {
	at, err := f.begin(ctx)
	if err != nil {
		return err
	}
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	events := make(chan bus.Event, batch) // what comes during one transaction waits here for the next
	watched := make(chan error, 1)
	go func() {
		o := bus.WatchOptions{Subjects: f.subjects(), After: at.Cursor, Since: at.Begun}
		err := f.Bus.Watch(watching, o, func(ev bus.Event) {
			select {
			case events <- ev:
			case <-watching.Done():
			}
		})
		cancel(err)
		watched <- err
	}()
	err = f.take(watching, at, events)
	cancel(err)
	if failed := <-watched; errors.Is(failed, bus.ErrCursor) {
		// Of another bus: its events are read again, and those known are not kept twice.
		return errors.Join(failed, f.Store.SavePosition(ctx, Position{Begun: at.Begun}))
	}
	return err
}

// begin is where to go on. The first time, that is here and now.
func (f *Feeder) begin(ctx context.Context) (Position, error) {
	at, err := f.Store.Position(ctx)
	if err != nil || !at.Begun.IsZero() {
		return at, err
	}
	at.Begun = f.Clock.Now()
	return at, f.Store.SavePosition(ctx, at)
}

func (f *Feeder) subjects() []string {
	var all []string
	for _, service := range f.Kinds.Services() {
		all = append(all, fmt.Sprintf("tandem.%s.*.*.v1.*", service))
	}
	return all
}

// take keeps the deliveries of events, several events at a time when they come
// fast, and removes old deliveries now and then.
func (f *Feeder) take(ctx context.Context, at Position, events <-chan bus.Event) error {
	noted, unnoted := at.Cursor, at.Cursor
	note, prune := time.NewTicker(noteEvery), time.NewTicker(pruneEvery)
	defer note.Stop()
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case ev := <-events:
			all := gather(ev, events)
			kept, err := f.keep(ctx, at, all)
			if err != nil {
				return err
			}
			unnoted = all[len(all)-1].Cursor
			if kept {
				noted = unnoted
			}
		case <-note.C:
			if unnoted == noted {
				continue
			}
			if err := f.Store.SavePosition(ctx, Position{Cursor: unnoted, Begun: at.Begun}); err != nil {
				return err
			}
			noted = unnoted
		case <-prune.C:
			if _, err := f.Store.Prune(ctx, f.Clock.Now().Add(-Keep)); err != nil {
				return err
			}
		}
	}
}

// gather adds what has come meanwhile.
func gather(first bus.Event, events <-chan bus.Event) []bus.Event {
	all := []bus.Event{first}
	for len(all) < batch {
		select {
		case ev := <-events:
			all = append(all, ev)
		default:
			return all
		}
	}
	return all
}

// keep writes the deliveries of events with the position behind them. When there
// are none it writes nothing: reading such events again does no harm.
func (f *Feeder) keep(ctx context.Context, at Position, events []bus.Event) (kept bool, err error) {
	ctx, end := consume(ctx, events)
	defer end()
	err = f.Store.Tx(ctx, func(ctx context.Context) error {
		var all []Delivery
		listening := map[string][]Endpoint{}
		for _, ev := range events {
			found, err := f.deliveries(ctx, ev, listening)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		if kept = len(all) > 0; !kept {
			return nil
		}
		if err := f.Store.AddDeliveries(ctx, all); err != nil {
			return err
		}
		return f.Store.SavePosition(ctx, Position{Cursor: events[len(events)-1].Cursor, Begun: at.Begun})
	})
	return kept, err
}

// deliveries are those of one event. The endpoints that were looked up for the
// same district are remembered.
func (f *Feeder) deliveries(ctx context.Context, ev bus.Event, listening map[string][]Endpoint) ([]Delivery, error) {
	district, err := bus.DistrictOf(ev.Name)
	if err != nil {
		return nil, nil //nolint:nilerr // a name no resource has: nobody may see it
	}
	if district == bus.State {
		district = ""
	}
	endpoints, known := listening[district]
	if !known {
		if endpoints, err = f.Store.Listening(ctx, district); err != nil {
			return nil, err
		}
		listening[district] = endpoints
	}
	endpoints = slices.DeleteFunc(slices.Clone(endpoints), func(e Endpoint) bool { return !f.fits(e, ev) })
	if len(endpoints) == 0 {
		return nil, nil
	}
	body, err := f.body(ev)
	if err != nil {
		f.Log.WarnContext(ctx, "event cannot be sent", "event", ev.ID, "type", ev.Type, "error", err)
		return nil, nil
	}
	now := f.Clock.Now()
	found := make([]Delivery, len(endpoints))
	for i, e := range endpoints {
		found[i] = Delivery{
			Endpoint: e.Name, Event: ev.ID, EventType: sight.ShortName(ev.Type), Happened: ev.Time, Body: body,
			State: Pending, Due: now, Created: now, Updated: now, TraceParent: telemetry.Carry(ev.Context(ctx)),
		}
	}
	return found, nil
}

// fits tells whether the endpoint gets the event: it asks for the type, was
// enabled when it happened, and a coordinator of its district may see it.
func (f *Feeder) fits(e Endpoint, ev bus.Event) bool {
	if len(e.EventTypes) > 0 && !slices.Contains(e.EventTypes, sight.ShortName(ev.Type)) {
		return false
	}
	if made, ok := ids.Time(ev.ID); ok && made.Before(e.Since.Truncate(time.Millisecond)) {
		return false
	}
	coordinator := access.Identity{
		Subject: e.Name,
		Grants:  []access.Grant{{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: DistrictOf(e.Name)}},
	}
	return f.Kinds.Of(coordinator).Sees(ev)
}

// body is what is sent. Events are thin; should one not be, its name is enough to
// ask for the rest.
func (f *Feeder) body(ev bus.Event) ([]byte, error) {
	data, err := f.Kinds.Data(ev)
	if err != nil {
		return nil, err
	}
	m := message{Type: sight.ShortName(ev.Type), Timestamp: ev.Time, Data: data}
	body, err := json.Marshal(m)
	if err != nil || len(body) < maxBody {
		return body, err
	}
	if m.Data, err = json.Marshal(map[string]string{"name": ev.Name}); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

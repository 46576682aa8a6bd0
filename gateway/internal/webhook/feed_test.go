package webhook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

// kept are the events that wait for an endpoint, in no order.
func (r *rig) kept(e webhook.Endpoint) []string {
	r.t.Helper()
	found, err := r.store.Deliveries(r.ctx, e.Name, 0, webhook.Range{Limit: 1000})
	require.NoError(r.t, err)
	var all []string
	for _, d := range found {
		all = append(all, d.Event)
	}
	slices.Sort(all)
	return all
}

func (r *rig) keeps(e webhook.Endpoint, events ...string) {
	r.t.Helper()
	slices.Sort(events)
	kittest.Eventually(r.t, func() bool { return slices.Equal(events, r.kept(e)) }, "%d deliveries of %s", len(events), e.Name)
}

func (r *rig) begun() {
	r.t.Helper()
	kittest.Eventually(r.t, func() bool {
		p, err := r.store.Position(r.ctx)
		return err == nil && !p.Begun.IsZero()
	}, "the bus is followed")
}

func TestEventsReachTheEndpointsThatMayHaveThem(t *testing.T) {
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		b := kittest.NATS(t)
		r.clock.Advance(-2 * time.Hour)
		// The same id in two districts: they are two endpoints.
		all, _ := r.register(aspen, "hook", "https://hooks.example.org/1")
		some, _ := r.register(aspen, "some", "https://hooks.example.org/2", "TeamFormed")
		other, _ := r.register(birch, "hook", "https://hooks.example.org/3")
		kittest.Go(t, r.feeder(b).Run)
		r.begun()

		msg, name := awarded(aspen)
		mine := publish(t, b, msg, name)
		msg, name = formed(aspen)
		team := publish(t, b, msg, name)
		msg, name = awarded(birch)
		theirs := publish(t, b, msg, name)
		state := publish(t, b, &badgesv1.BadgeDefined{Name: "badgeDefinitions/b"}, "badgeDefinitions/b")
		hidden := publish(t, b, &badgesv1.ReviewFinalized{Name: aspen + "/schools/oak/reviews/r"}, aspen+"/schools/oak/reviews/r")

		r.keeps(all, mine, team, state)
		r.keeps(some, team)
		r.keeps(other, theirs, state)
		require.NotContains(t, r.kept(all), hidden, "only the state and panel chairs may see it")
		d := r.delivery(all, mine)
		require.Equal(t, "BadgeAwarded", d.EventType)
		require.Equal(t, kittest.Start(), d.Happened)
	})
}

func TestTheBodyIsThatOfTheStandard(t *testing.T) {
	r := sqlite(t)
	b := kittest.NATS(t)
	to := receive(t, status(200))
	r.clock.Advance(-2 * time.Hour)
	_, secret := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.feeder(b).Run)
	kittest.Go(t, r.sender(nil).Run)
	r.begun()
	msg, name := awarded(aspen)
	id := publish(t, b, msg, name)
	long := aspen + "/schools/oak/teams/" + strings.Repeat("t", 25_000)
	publish(t, b, &schoolsv1.TeamFormed{Name: long}, long)
	kittest.Eventually(t, func() bool { return len(to.all()) == 2 }, "both arrive")
	for _, got := range to.all() {
		require.NoError(t, got.verify(secret))
		typ, data := got.read(t)
		if got.id() == id {
			require.Equal(t, "BadgeAwarded", typ)
			require.Equal(t, name, data["name"])
			require.Contains(t, string(got.body), `"timestamp":"2026-09-01T15:00:00Z"`)
			continue
		}
		require.Equal(t, "TeamFormed", typ)
		require.Equal(t, map[string]any{"name": long}, data, "what is too long is named only")
	}
}

func TestNothingIsLostBetweenTwoRuns(t *testing.T) {
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		b := kittest.NATS(t)
		r.clock.Advance(-2 * time.Hour)
		e, _ := r.register(aspen, "hook", "https://hooks.example.org/")
		var want []string
		send := func() {
			msg, name := awarded(aspen)
			want = append(want, publish(t, b, msg, name))
		}
		stop := kittest.Go(t, r.feeder(b).Run)
		r.begun()
		stop() // before the first event
		send()
		stop = kittest.Go(t, r.feeder(b).Run)
		r.keeps(e, want...)
		stop()
		for range 5 {
			send()
		}
		stop = kittest.Go(t, r.feeder(b).Run)
		kittest.Go(t, r.feeder(b).Run) // two for a moment, as when a lease moves
		send()
		r.keeps(e, want...)
		stop()
		// The bus sends all again, as after a rebuild.
		require.NoError(t, r.store.SavePosition(r.ctx, webhook.Position{Begun: time.UnixMicro(1)}))
		kittest.Go(t, r.feeder(b).Run)
		send()
		r.keeps(e, want...)
	})
}

// broken is a store whose transactions fail until it is mended.
type broken struct {
	webhook.Store
	mu    sync.Mutex
	fails int
}

func (b *broken) SavePosition(ctx context.Context, p webhook.Position) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Cursor != "" && b.fails > 0 {
		b.fails--
		return errors.New("the database went away between the deliveries and the commit")
	}
	return b.Store.SavePosition(ctx, p)
}

func TestADatabaseThatGoesAwayLosesNothing(t *testing.T) {
	r := sqlite(t)
	b := kittest.NATS(t)
	r.clock.Advance(-2 * time.Hour)
	e, _ := r.register(aspen, "hook", "https://hooks.example.org/")
	f := r.feeder(b)
	f.Store = &broken{Store: r.store, fails: 1}
	kittest.Go(t, f.Run)
	r.begun()
	msg, name := awarded(aspen)
	id := publish(t, b, msg, name)
	r.keeps(e, id)
	require.Contains(t, r.log.String(), "events do not become webhooks for the moment")
}

// fakeBus fails as it is told to, and then sends events.
type fakeBus struct {
	mu     sync.Mutex
	fail   []error
	events []bus.Event
}

func (f *fakeBus) Watch(ctx context.Context, o bus.WatchOptions, fn func(bus.Event)) error {
	f.mu.Lock()
	var err error
	if len(f.fail) > 0 {
		err, f.fail = f.fail[0], f.fail[1:]
	}
	events := f.events
	f.mu.Unlock()
	if err != nil {
		return err
	}
	if o.After != "" {
		return errors.New("the position is not of this bus, and was kept")
	}
	for _, ev := range events {
		fn(ev)
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestABusThatWasMadeAnewIsReadFromItsBeginning(t *testing.T) {
	r := sqlite(t)
	r.clock.Advance(-2 * time.Hour)
	e, _ := r.register(aspen, "hook", "https://hooks.example.org/")
	require.NoError(t, r.store.SavePosition(r.ctx, webhook.Position{Cursor: "of another bus", Begun: r.clock.Now()}))
	msg, name := awarded(aspen)
	good := eventOf(t, msg, name)
	unreadable, strange := good, good
	unreadable.ID, unreadable.Data = "bad", []byte{0xff}
	strange.ID, strange.Type = "unknown", "tandem.other.v1.X"
	kittest.Go(t, r.feeder(&fakeBus{fail: []error{bus.ErrCursor}, events: []bus.Event{unreadable, strange, good}}).Run)
	r.keeps(e, good.ID)
}

func TestAnEndpointGetsNothingFromBeforeItWasEnabled(t *testing.T) {
	r := sqlite(t)
	msg, name := awarded(aspen)
	before := eventOf(t, msg, name)
	e, _, err := r.hooks.Create(r.ctx, aspen, "hook", webhook.Fields{URL: "https://hooks.example.org/"}) // an hour later
	require.NoError(t, err)
	heard, _ := r.register(aspen, "earlier", "https://hooks.example.org/")
	kittest.Go(t, r.feeder(&fakeBus{events: []bus.Event{before}}).Run)
	r.keeps(heard, before.ID)
	require.Empty(t, r.kept(e))
}

package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/internal/sample"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func made(t *testing.T, thing, note string) proto.Message {
	t.Helper()
	s, err := sample.New("schools")
	require.NoError(t, err)
	return s.Message("ThingMade", "name", "districts/d1/things/"+thing, "note", note)
}

func add(t *testing.T, db *sqldb.DB, msgs ...proto.Message) {
	t.Helper()
	require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error {
		for _, m := range msgs {
			if err := outbox.Add(ctx, db, kittest.Start(), m); err != nil {
				return err
			}
		}
		return nil
	}))
}

// stream collects what the bus has stored, from its beginning.
type stream struct {
	mu     sync.Mutex
	events []bus.Event
}

func (s *stream) notes(t *testing.T) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ev := range s.events {
		m := made(t, "", "").ProtoReflect().New().Interface()
		require.NoError(t, ev.Unmarshal(m))
		out = append(out, sample.Text(m, "note"))
	}
	return out
}

func (s *stream) at(i int) bus.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[i]
}

func follow(t *testing.T, b *bus.Bus) *stream {
	t.Helper()
	s := &stream{}
	kittest.Go(t, func(ctx context.Context) error {
		o := bus.WatchOptions{Subjects: []string{"tandem.schools.>"}, Since: time.Now().Add(-time.Hour)}
		if err := b.Watch(ctx, o, func(ev bus.Event) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, ev)
		}); ctx.Err() == nil {
			return err
		}
		return nil
	})
	return s
}

func relay(t *testing.T, db *sqldb.DB, b *bus.Bus) (stop func()) {
	return kittest.Go(t, outbox.NewRelay(db, b, clock.NewFake(kittest.Start()), kittest.Log(t)).Run)
}

func drained(t *testing.T, db *sqldb.DB) {
	t.Helper()
	kittest.Eventually(t, func() bool {
		n, _, err := outbox.Backlog(kittest.All(t), db)
		return err == nil && n == 0
	}, "the outbox is published")
}

func TestEventsAreRecordedWithTheirTransaction(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		undo := errors.New("undo")
		err := db.Tx(kittest.All(t), func(ctx context.Context) error {
			require.NoError(t, outbox.Add(ctx, db, kittest.Start(), made(t, "a", "1")))
			return undo
		})
		require.ErrorIs(t, err, undo)
		n, _, err := outbox.Backlog(kittest.All(t), db)
		require.NoError(t, err)
		require.Zero(t, n, "what did not happen is not told")
		add(t, db, made(t, "a", "1"))
		n, oldest, err := outbox.Backlog(kittest.All(t), db)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, kittest.Start(), oldest)
	})
}

func TestManyEventsKeepTheirOrder(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		msgs := []proto.Message{}
		for i := range 40 {
			msgs = append(msgs, made(t, "a", fmt.Sprintf("%02d", i)))
		}
		require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error {
			return outbox.AddAll(ctx, db, kittest.Start(), msgs)
		}))
		b := kittest.NATS(t)
		s := follow(t, b)
		relay(t, db, b)
		kittest.Eventually(t, func() bool { return len(s.notes(t)) >= 40 }, "all arrive")
		notes := s.notes(t)
		require.Len(t, notes, 40)
		require.IsIncreasing(t, notes)
		require.ErrorIs(t, outbox.AddAll(kittest.All(t), db, kittest.Start(), msgs), sqldb.ErrNoTx)
	})
}

func TestAddRefusesWhatCannotBePublished(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	s, err := sample.New("schools")
	require.NoError(t, err)
	require.ErrorIs(t, outbox.Add(kittest.All(t), db, kittest.Start(), made(t, "a", "1")), sqldb.ErrNoTx)
	for want, msg := range map[string]proto.Message{
		"no event option":         s.Message("Request"),
		"field name is empty":     s.Message("ThingMade"),
		"no string field name":    s.Message("Nameless"),
		"cannot stand in a subje": s.Message("ThingMade", "name", "districts/a.>/x"),
		"more than":               s.Message("ThingMade", "name", "x/y", "note", strings.Repeat("x", 600<<10)),
	} {
		err := db.Tx(kittest.All(t), func(ctx context.Context) error { return outbox.Add(ctx, db, kittest.Start(), msg) })
		require.ErrorContains(t, err, want)
	}
}

func TestTheRelayPublishesInOrderPerResource(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		b := kittest.NATS(t)
		want := map[string][]string{}
		for i := range 60 { // several waves, several transactions
			thing := fmt.Sprint("t", i%3)
			add(t, db, made(t, thing, fmt.Sprint(i)), made(t, thing, fmt.Sprint(i, "b")))
			want[thing] = append(want[thing], fmt.Sprint(i), fmt.Sprint(i, "b"))
		}
		s := follow(t, b)
		relay(t, db, b)
		kittest.Eventually(t, func() bool { return len(s.notes(t)) >= 120 }, "all arrive")
		got := map[string][]string{}
		for i, note := range s.notes(t) {
			thing := strings.TrimPrefix(s.at(i).Name, "districts/d1/things/")
			got[thing] = append(got[thing], note)
		}
		require.Equal(t, want, got)
		drained(t, db)
	})
}

func TestTheTraceOfTheRequestTravelsWithTheEvent(t *testing.T) {
	db, b := kittest.SQLite(t, "schools", nil), kittest.NATS(t)
	ctx := trace.ContextWithSpanContext(kittest.All(t), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	}))
	require.NoError(t, db.Tx(ctx, func(ctx context.Context) error { return outbox.Add(ctx, db, kittest.Start(), made(t, "a", "1")) }))
	s := follow(t, b)
	relay(t, db, b)
	kittest.Eventually(t, func() bool { return len(s.notes(t)) == 1 }, "it arrives")
	require.Equal(t, "00-01000000000000000000000000000000-0200000000000000-01", s.at(0).TraceParent)
}

func TestATransactionThatCommitsLateIsNotSkipped(t *testing.T) {
	owner := kittest.Postgres(t)
	db, other := kittest.OpenPostgres(t, owner, "schools", nil), kittest.OpenPostgres(t, owner, "schools", nil)
	b := kittest.NATS(t)
	s := follow(t, b)
	relay(t, db, b)
	// The late transaction takes its place in the sequence first.
	require.NoError(t, other.Tx(kittest.All(t), func(ctx context.Context) error {
		if err := outbox.Add(ctx, other, kittest.Start(), made(t, "late", "late")); err != nil {
			return err
		}
		add(t, db, made(t, "early", "early"))
		kittest.Eventually(t, func() bool { return len(s.notes(t)) == 1 }, "the early one is sent meanwhile")
		drained(t, db)
		return nil
	}))
	kittest.Eventually(t, func() bool { return len(s.notes(t)) == 2 }, "the late one follows")
	require.Equal(t, []string{"early", "late"}, s.notes(t))
	var late, early int64
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `
		SELECT min(CASE WHEN name LIKE '%late' THEN seq END), min(CASE WHEN name LIKE '%early' THEN seq END) FROM outbox`).Scan(&late, &early))
	require.Less(t, late, early, "or this test proves nothing")
}

func TestACrashBetweenPublishAndMarkPublishesOnce(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		b := kittest.NATS(t)
		add(t, db, made(t, "a", "1"), made(t, "b", "2"))
		stop := relay(t, db, b)
		drained(t, db)
		stop()
		_, err := db.Exec(kittest.All(t), `UPDATE outbox SET sent_at = NULL`) // as the crash left it
		require.NoError(t, err)
		relay(t, db, b)
		drained(t, db)
		add(t, db, made(t, "c", "3"))
		s := follow(t, b)
		kittest.Eventually(t, func() bool { return len(s.notes(t)) >= 3 }, "all arrive")
		require.Equal(t, []string{"1", "2", "3"}, s.notes(t))
	})
}

func TestEventsWaitForABusThatIsAway(t *testing.T) {
	db, dir := kittest.SQLite(t, "schools", nil), t.TempDir()
	server, err := bus.StartEmbedded(dir, nil, bus.Listen("127.0.0.1:0"))
	require.NoError(t, err)
	url := server.ClientURL()
	b, err := bus.Connect(kittest.All(t), bus.Options{URL: url})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	relay(t, db, b)
	add(t, db, made(t, "a", "1"))
	drained(t, db)
	server.Shutdown()
	server.WaitForShutdown()
	add(t, db, made(t, "a", "2"), made(t, "a", "3"))
	server, err = bus.StartEmbedded(dir, nil, bus.Listen(strings.TrimPrefix(url, "nats://")))
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	drained(t, db)
	s := follow(t, b)
	kittest.Eventually(t, func() bool { return len(s.notes(t)) >= 3 }, "all arrive")
	require.Equal(t, []string{"1", "2", "3"}, s.notes(t))
}

func TestOfThreeReplicasRelaysEachEventIsStoredOnce(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		b := kittest.NATS(t)
		stops := []func(){relay(t, db, b), relay(t, db, b), relay(t, db, b)}
		var want []string
		for i := range 30 {
			if i == 5 { // all three are alive
				drained(t, db)
				var holders int
				require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM leases`).Scan(&holders))
				require.Equal(t, 1, holders)
			}
			if i%10 == 9 {
				stops[i/10]() // each dies in turn; the others take over
			}
			if i < 29 {
				add(t, db, made(t, "a", fmt.Sprint(i)))
				want = append(want, fmt.Sprint(i))
			}
		}
		relay(t, db, b)
		drained(t, db)
		s := follow(t, b)
		kittest.Eventually(t, func() bool { return len(s.notes(t)) >= len(want) }, "all arrive")
		require.Equal(t, want, s.notes(t))
	})
}

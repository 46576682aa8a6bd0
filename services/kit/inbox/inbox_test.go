package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/inbox"
	"github.com/tandem-badges/tandem/services/kit/internal/sample"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// rig is a consumer "badges" of the events of "schools".
type rig struct {
	db   *sqldb.DB
	bus  *bus.Bus
	made proto.Message

	mu    sync.Mutex
	calls []string // event ids in the order the handler saw them
}

func newRig(t testing.TB, db *sqldb.DB) *rig {
	s, err := sample.New("schools")
	require.NoError(t, err)
	return &rig{db: db, bus: kittest.NATS(t), made: s.Message("ThingMade")}
}

// event returns the i-th event, published at that second.
func (r *rig) event(i int) bus.Event {
	return bus.Event{
		ID: fmt.Sprintf("e%03d", i), Type: "sample.schools.ThingMade", Subject: "tandem.schools.thing.made.v1.d1",
		Name: "districts/d1/things/1", Time: kittest.Start().Add(time.Duration(i) * time.Second),
	}
}

func (r *rig) publish(t testing.TB, is ...int) {
	t.Helper()
	require.NoError(t, r.bus.Ensure(kittest.All(t), "schools"))
	for _, i := range is {
		require.NoError(t, r.bus.Publish(kittest.All(t), r.event(i)))
	}
}

// inbox returns a consumer whose handler notes the call, writes a row as its
// effect, and then does what the test wants.
func (r *rig) inbox(t testing.TB, then func(ctx context.Context, ev bus.Event) error, opts ...inbox.Option) *inbox.Inbox {
	in := inbox.New(r.db, r.bus, "badges", clock.NewFake(kittest.Start()), kittest.Log(t), opts...)
	in.On(r.made, func(ctx context.Context, ev bus.Event) error {
		r.mu.Lock()
		r.calls = append(r.calls, ev.ID)
		r.mu.Unlock()
		_, err := r.db.Conn(ctx).ExecContext(ctx, `INSERT INTO leases (name, holder, expires_at) VALUES ($1, 'effect', 0)`, ids.New())
		if err != nil || then == nil {
			return err
		}
		return then(ctx, ev)
	})
	return in
}

func (r *rig) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.calls...)
}

func (r *rig) count(t testing.TB, what string) (n int) {
	t.Helper()
	require.NoError(t, r.db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM `+what).Scan(&n))
	return n
}

func (r *rig) effects(t *testing.T) int { return r.count(t, `leases WHERE holder = 'effect'`) }

// settled waits until the bus has no event left for the consumer.
func (r *rig) settled(t testing.TB, applied int) {
	t.Helper()
	kittest.Eventually(t, func() bool { return r.count(t, "inbox") == applied }, "%d events are applied", applied)
}

func TestEventsAreAppliedInOrderAndOnce(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		in := r.inbox(t, nil)
		before, err := in.Applied(kittest.All(t))
		require.NoError(t, err)
		require.True(t, before.IsZero())
		r.publish(t, 1, 2)
		kittest.Go(t, in.Run)
		r.publish(t, 3, 3, 4)
		r.settled(t, 4)
		require.Equal(t, []string{"e001", "e002", "e003", "e004"}, r.seen())
		require.Equal(t, 4, r.effects(t))
		for _, sources := range [][]string{nil, {"schools"}} {
			applied, err := in.Applied(kittest.All(t), sources...)
			require.NoError(t, err)
			require.Equal(t, r.event(4).Time, applied)
		}
		applied, err := in.Applied(kittest.All(t), "evidence")
		require.NoError(t, err)
		require.True(t, applied.IsZero(), "nothing came from there")
	})
}

func TestADuplicateAfterTheBusForgotItIsPassedOver(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		r.publish(t, 1, 2)
		kittest.Go(t, r.inbox(t, nil).Run)
		r.settled(t, 2)
		// A replay on a new bus: the same ids, with nothing known of them.
		r.bus = kittest.NATS(t)
		r.publish(t, 2, 1, 3)
		kittest.Go(t, r.inbox(t, nil).Run)
		r.settled(t, 3)
		require.Equal(t, []string{"e001", "e002", "e003"}, r.seen())
		applied, err := r.inbox(t, nil).Applied(kittest.All(t))
		require.NoError(t, err)
		require.Equal(t, r.event(3).Time, applied)
	})
}

func TestACrashBetweenCommitAndAckAppliesOnce(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		r.publish(t, 1, 2)
		// The bus has not heard of a commit that happened: what a crash leaves.
		_, err := db.Exec(kittest.All(t), `INSERT INTO inbox (consumer, event_id, applied_at) VALUES ('badges', 'e001', 0)`)
		require.NoError(t, err)
		kittest.Go(t, r.inbox(t, nil).Run)
		r.settled(t, 2)
		require.Equal(t, []string{"e002"}, r.seen())
		require.Equal(t, 1, r.effects(t))
	})
}

func TestAConsumerThatDiesWithAnEventHandsItToAnotherReplica(t *testing.T) {
	db := kittest.SQLite(t, "badges", nil)
	r := newRig(t, db)
	r.publish(t, 1, 2)
	began := make(chan struct{})
	stop := kittest.Go(t, r.inbox(t, func(ctx context.Context, _ bus.Event) error {
		close(began)
		<-ctx.Done() // as long as the process lives
		return ctx.Err()
	}).Run)
	<-began
	stop()
	require.Zero(t, r.effects(t), "what was not finished left nothing")
	kittest.Go(t, r.inbox(t, nil).Run)
	r.settled(t, 2)
	require.Equal(t, []string{"e001", "e001", "e002"}, r.seen())
	require.Equal(t, 2, r.effects(t))
}

func TestThreeReplicasApplyEachEventOnceInOrder(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		var want []string
		for range 3 {
			kittest.Go(t, r.inbox(t, nil).Run)
		}
		for i := range 40 {
			r.publish(t, i)
			want = append(want, r.event(i).ID)
		}
		r.settled(t, 40)
		require.Equal(t, want, r.seen())
		require.Equal(t, 40, r.effects(t))
	})
}

func TestAFailureIsTriedAgainBeforeWhatFollows(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		r.publish(t, 1, 2, 3)
		var failures atomic.Int32
		kittest.Go(t, r.inbox(t, func(_ context.Context, ev bus.Event) error {
			if ev.ID == "e001" && failures.Add(1) <= 2 {
				return errors.New("not yet")
			}
			return nil
		}).Run)
		r.settled(t, 3)
		require.Equal(t, []string{"e001", "e001", "e001", "e002", "e003"}, r.seen())
		require.Equal(t, 3, r.effects(t), "the failed attempts left nothing")
	})
}

func TestRunReportsWhatOnCouldNotTake(t *testing.T) {
	db := kittest.SQLite(t, "badges", nil)
	r := newRig(t, db)
	in := r.inbox(t, nil)
	in.On(r.made, func(context.Context, bus.Event) error { return nil })
	require.ErrorContains(t, in.Run(kittest.All(t)), "two handlers")
}

func TestAnInboxGoesOnAfterTheBusWasAway(t *testing.T) {
	db, dir := kittest.SQLite(t, "badges", nil), t.TempDir()
	r := newRig(t, db)
	server, err := bus.StartEmbedded(dir, nil, bus.Listen("127.0.0.1:0"))
	require.NoError(t, err)
	addr := server.Addr().String()
	r.bus, err = bus.Connect(kittest.All(t), bus.Options{URL: server.ClientURL()})
	require.NoError(t, err)
	t.Cleanup(r.bus.Close)
	r.publish(t, 1)
	kittest.Go(t, r.inbox(t, nil).Run)
	r.settled(t, 1)
	server.Shutdown()
	server.WaitForShutdown()
	server, err = bus.StartEmbedded(dir, nil, bus.Listen(addr))
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	kittest.EventuallyNoError(t, func() error { return r.bus.Publish(kittest.All(t), r.event(2)) })
	r.settled(t, 2)
	require.Equal(t, []string{"e001", "e002"}, r.seen())
}

// During an upgrade an older replica and a newer one share what the bus delivers.
func TestAnEventThatAnOlderReplicaDoesNotKnowIsAppliedByTheNewerOne(t *testing.T) {
	r := newRig(t, kittest.SQLite(t, "badges", nil))
	s, err := sample.New("schools")
	require.NoError(t, err)
	older := inbox.New(r.db, r.bus, "badges", clock.NewFake(kittest.Start()), kittest.Log(t))
	older.On(s.Message("ThingChanged"), func(context.Context, bus.Event) error { return nil })
	kittest.Go(t, r.inbox(t, nil).Run)
	r.publish(t, 1)
	kittest.Eventually(t, func() bool { return len(r.seen()) == 1 }, "the newer one has begun")
	// the older one starts again, beside the newer one
	kittest.Go(t, older.Run)
	r.publish(t, 2, 3, 4, 5, 6, 7, 8)
	kittest.Eventually(t, func() bool { return len(r.seen()) == 8 }, "the newer one has them all")
	require.Equal(t, []string{"e001", "e002", "e003", "e004", "e005", "e006", "e007", "e008"}, r.seen())
	require.Zero(t, r.count(t, "dead_letters"))
}

// Each asks for its own events in addition to those that the others asked for.
func TestReplicasOfTwoVersionsThatStartTogetherAskForTheEventsOfBoth(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		s, err := sample.New("schools")
		require.NoError(t, err)
		published := 0
		for round := range 10 {
			var stops []func()
			var made, changed atomic.Int32
			for event, seen := range map[string]*atomic.Int32{"ThingMade": &made, "ThingChanged": &changed} {
				in := inbox.New(r.db, r.bus, fmt.Sprint("badges", round), clock.NewFake(kittest.Start()), kittest.Log(t))
				in.On(s.Message(event), func(context.Context, bus.Event) error { seen.Add(1); return nil })
				stops = append(stops, kittest.Go(t, in.Run))
			}
			kittest.Eventually(t, func() bool {
				for _, kind := range []string{"made", "changed"} {
					published++
					ev := r.event(published)
					if kind == "changed" {
						ev.Type, ev.Subject = "sample.schools.ThingChanged", "tandem.schools.thing.changed.v1.d1"
					}
					require.NoError(t, r.bus.Ensure(kittest.All(t), "schools"))
					require.NoError(t, r.bus.Publish(kittest.All(t), ev))
				}
				return made.Load() > 0 && changed.Load() > 0
			}, "round %d: one of them took away what the other asked for", round)
			for _, stop := range stops {
				stop()
			}
		}
	})
}

func TestAnEventThatNobodyKnowsIsKeptForTheNextThatDoes(t *testing.T) {
	metrics := kittest.Metrics(t)
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		before := metrics()
		r := newRig(t, db)
		newer := r.inbox(t, func(context.Context, bus.Event) error { return problem.Unavailable("x") })
		r.publish(t, 1)
		stop := kittest.Go(t, newer.Run)
		kittest.Eventually(t, func() bool { return len(r.seen()) > 0 }, "a newer program asked for it")
		stop()
		s, err := sample.New("schools")
		require.NoError(t, err)
		older := inbox.New(r.db, r.bus, "badges", clock.NewFake(kittest.Start()), kittest.Log(t))
		known := make(chan string, 10)
		older.On(s.Message("ThingChanged"), func(_ context.Context, ev bus.Event) error { known <- ev.ID; return nil })
		stop = kittest.Go(t, older.Run)
		gone := r.event(2)
		gone.Type, gone.Subject = "sample.schools.ThingChanged", "tandem.schools.thing.changed.v1.d1"
		require.NoError(t, r.bus.Publish(kittest.All(t), gone))
		require.Equal(t, "e002", <-known, "what comes behind it goes on")
		stop()
		require.InDelta(t, before[series("unknown")]+1, metrics()[series("unknown")], 0, "somebody can learn of it")
		require.Zero(t, read(t, older.Gauges())["tandem.dead.letters"][""], "nobody is woken for it")
		require.Equal(t, 1, r.count(t, "dead_letters WHERE retry"))

		kittest.Go(t, r.inbox(t, nil).Run) // the upgrade is made again
		kittest.Eventually(t, func() bool { return r.effects(t) == 1 && r.count(t, "dead_letters") == 0 }, "it is applied")
	})
}

func TestAnEventThatWasAppliedBeforeIsNotKeptForEver(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		in := r.inbox(t, nil)
		r.publish(t, 1)
		stop := kittest.Go(t, in.Run)
		r.settled(t, 1)
		stop()
		_, err := db.Exec(kittest.All(t), `
			INSERT INTO dead_letters (district_id, consumer, event_id, subject, type, name, event_time, payload, cause, attempts, dead_at, retry)
			VALUES ('d1', 'badges', 'e001', 'tandem.schools.thing.made.v1.d1', 'sample.schools.ThingMade', 'districts/d1/things/1', 0, $1, 'x', 0, 0, TRUE)`, []byte{})
		require.NoError(t, err)
		kittest.Go(t, in.Run)
		kittest.Eventually(t, func() bool { return r.count(t, "dead_letters") == 0 }, "it is seen to be applied")
		require.Equal(t, 1, r.effects(t))
	})
}

package inbox_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/inbox"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

func TestAnEventThatKeepsFailingIsADeadLetterUntilReplayed(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		r.publish(t, 1, 2)
		var broken atomic.Bool
		broken.Store(true)
		in := r.inbox(t, func(_ context.Context, ev bus.Event) error {
			if ev.ID == "e001" && broken.Load() {
				panic("cannot read it") //nolint:forbidigo // the inbox must survive it
			}
			return nil
		}, inbox.WithDeliveries(2))
		kittest.Go(t, in.Run)
		r.settled(t, 1)
		require.Equal(t, []string{"e001", "e001", "e002"}, r.seen(), "the next event goes on")

		dead, err := in.Dead(kittest.All(t))
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, r.event(1), withoutData(dead[0].Event))
		require.Contains(t, dead[0].Cause, "cannot read it")
		require.Equal(t, 2, dead[0].Attempts)

		n, err := in.ReplayDead(kittest.All(t), "e001")
		require.ErrorContains(t, err, "cannot read it")
		require.Zero(t, n)
		_, err = in.ReplayDead(kittest.All(t), "e999")
		require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
		broken.Store(false)
		n, err = in.ReplayDead(kittest.All(t))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		dead, err = inbox.Dead(kittest.All(t), db, "")
		require.NoError(t, err)
		require.Empty(t, dead)
		require.Equal(t, 2, r.effects(t))
	})
}

func withoutData(ev bus.Event) bus.Event {
	ev.Data = nil
	return ev
}

func TestAnEventDoesNotDieOfAPartThatIsAway(t *testing.T) {
	db := kittest.SQLite(t, "badges", nil)
	r := newRig(t, db)
	r.publish(t, 1)
	var attempts atomic.Int32
	in := r.inbox(t, func(context.Context, bus.Event) error {
		if attempts.Add(1) <= 3 {
			return problem.Unavailable("schools")
		}
		return nil
	}, inbox.WithDeliveries(2))
	kittest.Go(t, in.Run)
	r.settled(t, 1)
	require.Zero(t, r.count(t, "dead_letters"))
}

func TestUnreadableEventsAreDeadLetters(t *testing.T) {
	db := kittest.SQLite(t, "badges", nil)
	r := newRig(t, db)
	bad := r.event(1)
	bad.Type = ""
	require.NoError(t, r.bus.Ensure(kittest.All(t), "schools"))
	require.NoError(t, r.bus.Publish(kittest.All(t), bad))
	r.publish(t, 2)
	in := r.inbox(t, nil)
	kittest.Go(t, in.Run)
	r.settled(t, 1)
	dead, err := in.Dead(kittest.All(t))
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, "TANDEM_SCHOOLS/1", dead[0].Event.ID)
}

func TestDeadLettersAreAnnounced(t *testing.T) {
	db := kittest.SQLite(t, "badges", nil)
	r := newRig(t, db)
	r.publish(t, 1)
	heard, started := make(chan bus.Event, 1), make(chan struct{})
	kittest.Go(t, func(ctx context.Context) error {
		o := bus.WatchOptions{Subjects: []string{"tandem.dead.badges"}, Started: func() { close(started) }}
		_ = r.bus.Watch(ctx, o, func(ev bus.Event) { heard <- ev })
		return nil
	})
	<-started
	kittest.Go(t, r.inbox(t, func(context.Context, bus.Event) error { return errors.New("no") }, inbox.WithDeliveries(1)).Run)
	require.Equal(t, "e001", (<-heard).ID)
}

func TestARunningServiceAppliesTheDeadLettersThatAnOperatorAsksFor(t *testing.T) {
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		r.publish(t, 1, 2)
		var broken atomic.Bool
		broken.Store(true)
		in := r.inbox(t, func(context.Context, bus.Event) error {
			if broken.Load() {
				return errors.New("not yet")
			}
			return nil
		}, inbox.WithDeliveries(1))
		kittest.Go(t, in.Run)
		left := func(n int) {
			kittest.Eventually(t, func() bool {
				dead, err := in.Dead(kittest.All(t))
				return err == nil && len(dead) == n
			}, "%d dead letters", n)
		}
		left(2)
		broken.Store(false)

		n, err := inbox.RequestReplay(kittest.All(t), db, "badges", "e001", "e999")
		require.NoError(t, err)
		require.EqualValues(t, 1, n, "only what is there counts")
		left(1)
		n, err = inbox.RequestReplay(kittest.All(t), db, "badges")
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		left(0)
		require.Equal(t, 2, r.effects(t))
	})
}

func TestADeadLetterIsAppliedAgainInTheTraceOfItsEvent(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		recorder.Reset()
		r := newRig(t, db)
		call, span := otel.Tracer("test").Start(kittest.All(t), "call")
		span.End()
		ev := r.event(1)
		ev.TraceParent = telemetry.Carry(call)
		require.NoError(t, r.bus.Ensure(kittest.All(t), "schools"))
		require.NoError(t, r.bus.Publish(kittest.All(t), ev))
		var tries atomic.Int32
		in := r.inbox(t, func(context.Context, bus.Event) error {
			if tries.Add(1) <= 2 {
				return errors.New("not yet")
			}
			return nil
		}, inbox.WithDeliveries(1))
		stop := kittest.Go(t, in.Run)
		kittest.Eventually(t, func() bool { return r.count(t, "dead_letters") == 1 }, "it is a dead letter")
		stop()

		_, err := in.ReplayDead(kittest.All(t))
		require.Error(t, err, "it stays, with its trace")
		_, err = in.ReplayDead(kittest.All(t))
		require.NoError(t, err)
		var applied int
		for _, s := range recorder.Ended() {
			if s.Name() == "apply "+ev.Type {
				applied++
				require.Equal(t, span.SpanContext().TraceID(), s.SpanContext().TraceID())
			}
		}
		require.Equal(t, 3, applied, "each try is a span of the trace")
	})
}

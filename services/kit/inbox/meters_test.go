package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/inbox"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

func TestDeliveriesAreCountedByWhatCameOfThem(t *testing.T) {
	metrics := kittest.Metrics(t)
	kittest.Databases(t, "badges", nil, func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		in := r.inbox(t, func(_ context.Context, ev bus.Event) error {
			if ev.ID == "e002" {
				return errors.New("it will never work")
			}
			return nil
		}, inbox.WithDeliveries(2))
		before := metrics()
		for _, result := range []string{"applied", "again", "failed", "dead"} {
			require.Contains(t, before, series(result), "told from the start")
		}
		r.publish(t, 1, 2, 3)
		kittest.Go(t, in.Run)
		r.settled(t, 2)
		kittest.Eventually(t, func() bool { return metrics()[series("applied")] == before[series("applied")]+2 }, "both are counted")
		after := metrics()
		require.InDelta(t, before[series("failed")]+1, after[series("failed")], 0)
		require.InDelta(t, before[series("dead")]+1, after[series("dead")], 0)
		const times = `tandem_inbox_apply_duration_seconds_count{consumer="badges"}`
		require.InDelta(t, before[times]+4, after[times], 0, "two that worked, and two tries of the one that did not")

		gauges := read(t, in.Gauges())
		require.InDelta(t, 1, gauges["tandem.dead.letters"][""], 0)
		require.InDelta(t, 0, gauges["tandem.inbox.lag"]["schools"], 0)
	})
}

func series(result string) string {
	return `tandem_inbox_applied_total{consumer="badges",result="` + result + `"}`
}

func read(t *testing.T, gauges []counted.Gauge) map[string]map[string]float64 {
	t.Helper()
	values := map[string]map[string]float64{}
	for _, g := range gauges {
		v, err := g.Read(kittest.All(t))
		require.NoError(t, err)
		values[g.Name] = v
	}
	return values
}

func TestAConsumerThatIsAwayFallsBehind(t *testing.T) {
	r := newRig(t, kittest.SQLite(t, "badges", nil))
	in := r.inbox(t, nil)
	lag := func() float64 { return read(t, in.Gauges())["tandem.inbox.lag"]["schools"] }
	require.Zero(t, lag(), "there is no consumer yet, nor a stream")
	r.publish(t, 1)
	stop := kittest.Go(t, in.Run)
	r.settled(t, 1)
	stop()
	r.publish(t, 2, 3, 4)
	require.InDelta(t, 3, lag(), 0)
	kittest.Go(t, in.Run)
	kittest.Eventually(t, func() bool { return lag() == 0 }, "it catches up")
}

func TestTheTraceOfAnEventGoesOnWhereItIsAppliedAndInTheLog(t *testing.T) {
	recorder := kittest.Spans(t)
	db := kittest.SQLite(t, "badges", nil)
	r := newRig(t, db)
	out := &lines{}
	in := inbox.New(r.db, r.bus, "badges", clock.NewFake(kittest.Start()), telemetry.NewLogger(out, nil), inbox.WithDeliveries(1))
	in.On(r.made, func(context.Context, bus.Event) error { return errors.New("no") })

	ctx, call := otel.Tracer("test").Start(kittest.All(t), "call")
	require.NoError(t, r.bus.Ensure(ctx, "schools"))
	ev := r.event(1)
	ev.TraceParent = telemetry.Carry(ctx)
	call.End()
	require.NoError(t, r.bus.Publish(kittest.All(t), ev))
	kittest.Go(t, in.Run)
	kittest.Eventually(t, func() bool {
		return spanOf(recorder.Ended(), "apply "+ev.Type) != nil && out.with("event is a dead letter") != nil
	}, "it is applied")

	publish, apply := spanOf(recorder.Ended(), "publish "+ev.Type), spanOf(recorder.Ended(), "apply "+ev.Type)
	require.Equal(t, call.SpanContext().SpanID(), publish.Parent().SpanID())
	require.Equal(t, publish.SpanContext().SpanID(), apply.Parent().SpanID())
	statement := spanOf(recorder.Ended(), "INSERT inbox")
	require.NotNil(t, statement, "its SQL is in the trace")
	require.Equal(t, call.SpanContext().TraceID(), statement.SpanContext().TraceID())
	require.Equal(t, call.SpanContext().TraceID().String(), out.with("event is a dead letter")["trace_id"])
}

func TestAnEventThatIsNotSampledTravelsAsItIs(t *testing.T) {
	recorder := kittest.Spans(t)
	r := newRig(t, kittest.SQLite(t, "badges", nil))
	ev := r.event(1)
	ev.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	got := make(chan string, 1)
	in := inbox.New(r.db, r.bus, "badges", clock.NewFake(kittest.Start()), kittest.Log(t))
	in.On(r.made, func(_ context.Context, ev bus.Event) error {
		got <- ev.TraceParent
		return nil
	})
	require.NoError(t, r.bus.Ensure(kittest.All(t), "schools"))
	require.NoError(t, r.bus.Publish(kittest.All(t), ev))
	kittest.Go(t, in.Run)
	require.Equal(t, ev.TraceParent, <-got)
	require.Empty(t, recorder.Ended())
}

func spanOf(spans []sdktrace.ReadOnlySpan, name string) sdktrace.ReadOnlySpan {
	for _, s := range spans {
		if s.Name() == name {
			return s
		}
	}
	return nil
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// with is the first line whose message begins so.
func (l *lines) with(message string) map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, raw := range bytes.Split(l.text.Bytes(), []byte("\n")) {
		var line map[string]any
		if json.Unmarshal(raw, &line) == nil {
			if text, ok := line["msg"].(string); ok && len(text) >= len(message) && text[:len(message)] == message {
				return line
			}
		}
	}
	return nil
}

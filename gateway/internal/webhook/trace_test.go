package webhook_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"

	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

// sent waits for the spans of so many tries, in the order in which they began.
func sent(t *testing.T, recorder *tracetest.SpanRecorder, name string, n int) (tries []sdktrace.ReadOnlySpan) {
	t.Helper()
	kittest.Eventually(t, func() bool {
		tries = nil
		for _, span := range recorder.Ended() {
			if span.Name() == name {
				tries = append(tries, span)
			}
		}
		return len(tries) == n
	}, "%d spans %s", n, name)
	slices.SortFunc(tries, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	return tries
}

// untold requires that receivers learn nothing of traces.
func untold(t *testing.T, all []received, id trace.TraceID) {
	t.Helper()
	for _, got := range all {
		for header, values := range got.header {
			for _, value := range values {
				require.NotContains(t, value, id.String(), header)
			}
		}
		require.NotContains(t, string(got.body), id.String())
	}
}

func TestEveryTryIsInTheTraceOfItsEventAndTheReceiverIsNotTold(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		recorder.Reset()
		r := newRig(t, db)
		r.clock.Advance(-2 * time.Hour)
		to := receive(t, status(500))
		e, _ := r.register(aspen, "hook", to.URL)
		b := kittest.NATS(t)
		kittest.Go(t, r.feeder(b).Run)
		r.begun()

		call, span := otel.Tracer("test").Start(r.ctx, "call")
		span.End()
		msg, name := awarded(aspen)
		ev := eventOf(t, msg, name)
		ev.TraceParent = telemetry.Carry(call)
		require.NoError(t, b.Ensure(r.ctx, ev.Service()))
		require.NoError(t, b.Publish(r.ctx, ev))
		r.keeps(e, ev.ID)
		kittest.Go(t, r.sender(nil).Run)
		require.Equal(t, webhook.Pending, r.tried(e, ev.ID, 1).State)
		to.answer(status(204))
		r.clock.Advance(10 * time.Second)
		require.Equal(t, webhook.Delivered, r.tried(e, ev.ID, 2).State)

		tries := sent(t, recorder, "send BadgeAwarded", 2)
		for i, code := range []int{500, 204} {
			require.Equal(t, span.SpanContext().TraceID(), tries[i].SpanContext().TraceID())
			require.Contains(t, tries[i].Attributes(), attribute.Int("http.response.status_code", code))
			require.Contains(t, tries[i].Attributes(), attribute.Int("tandem.attempt", i+1))
			for _, a := range tries[i].Attributes() {
				require.NotContains(t, a.Value.String(), to.URL, "addresses are not for collectors")
			}
		}
		require.Equal(t, []codes.Code{codes.Error, codes.Unset}, []codes.Code{tries[0].Status().Code, tries[1].Status().Code})
		require.Len(t, to.all(), 2)
		untold(t, to.all(), span.SpanContext().TraceID())
	})
}

func TestATestMessageIsInTheTraceOfTheCallThatAskedForIt(t *testing.T) {
	recorder := kittest.Spans(t)
	r := sqlite(t)
	to := receive(t, status(204))
	e, _ := r.register(aspen, "hook", to.URL)
	call, span := otel.Tracer("test").Start(r.ctx, "call")
	_, err := r.hooks.Ping(call, e.Name, false)
	require.NoError(t, err)
	_, err = r.hooks.Ping(call, e.Name, true)
	require.NoError(t, err)
	span.End()
	kittest.Go(t, r.sender(nil).Run)
	for _, try := range sent(t, recorder, "send Ping", 2) {
		require.Equal(t, span.SpanContext().TraceID(), try.SpanContext().TraceID())
	}
	untold(t, to.all(), span.SpanContext().TraceID())
}

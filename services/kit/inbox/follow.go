package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	// ackWait is how long the bus waits for a consumer that died with an event in
	// its hands; one that lives says so in time.
	ackWait    = 3 * time.Second
	firstDelay = 100 * time.Millisecond
	maxDelay   = 30 * time.Second
	restart    = time.Second
	// strangerTries take about six seconds in all.
	strangerTries = 7
)

// follow consumes one source, and starts over when the bus was away.
func (i *Inbox) follow(ctx context.Context, source string, filters []string) {
	for ctx.Err() == nil {
		err := i.consume(ctx, source, filters)
		if ctx.Err() != nil {
			return
		}
		i.log.WarnContext(ctx, "events are not received for the moment", "consumer", i.consumer, "source", source, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(restart):
		}
	}
}

// consume applies events one at a time: with a single event unacknowledged the
// bus keeps their order, also across replicas and redeliveries.
func (i *Inbox) consume(ctx context.Context, source string, filters []string) error {
	c, err := i.subscribe(ctx, source, filters)
	if err != nil {
		return err
	}
	it, err := c.Messages()
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if !i.receive(ctx, source, m) {
			// Not back to this consumer, which asked for more events and goes away.
			it.Stop()
			i.settle(ctx, m.Nak())
			return ctx.Err()
		}
	}
}

// subscribe has the bus deliver what the filters say, and what replicas of other
// versions asked for. These take turns: one that read what there is before another
// wrote, and wrote after it, would take away what that one asked for.
func (i *Inbox) subscribe(ctx context.Context, source string, filters []string) (c jetstream.Consumer, err error) {
	if err := i.bus.Ping(ctx); err != nil { // nobody waits for a turn of which nothing comes
		return nil, err
	}
	err = i.db.InTurn(tenant.With(ctx), "subscriptions", func(context.Context) error {
		c, err = i.bus.Consumer(ctx, source, jetstream.ConsumerConfig{
			Durable: i.consumer, FilterSubjects: filters, DeliverPolicy: jetstream.DeliverAllPolicy,
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: 1,
		})
		return err
	})
	return c, err
}

// receive applies one delivery and answers the bus, unless ctx ended before: then
// it returns false, and another replica is to have the event.
func (i *Inbox) receive(ctx context.Context, source string, m jetstream.Msg) bool {
	stop := alive(m)
	defer stop()
	meta, err := m.Metadata()
	if err != nil {
		return ctx.Err() == nil // the bus delivers again when it hears nothing
	}
	ev, err := bus.FromMessage(m.Subject(), m.Headers(), m.Data())
	if err != nil { // it will never be readable
		ev.ID = fmt.Sprintf("%s/%d", meta.Stream, meta.Sequence.Stream)
		i.bury(ctx, m, ev, 1, err)
		return true
	}
	ctx = ev.Context(ctx)             // what is logged from here on belongs to its trace
	attempt := int(meta.NumDelivered) //nolint:gosec // a small count
	if i.handlers[ev.Type] == nil {
		i.passOn(ctx, m, ev, attempt)
		return true
	}
	switch result, err := i.apply(ctx, source, ev); {
	case err == nil:
		i.meters.results.Add(ctx, result, 1)
		i.settle(ctx, m.Ack())
	case ctx.Err() != nil:
		return false
	case attempt >= i.deliveries && !transient(err):
		i.bury(ctx, m, ev, attempt, err)
	default:
		i.meters.results.Add(ctx, resultFailed, 1)
		i.log.WarnContext(ctx, "event not applied, will be tried again",
			"consumer", i.consumer, "event", ev.ID, "type", ev.Type, "attempt", attempt, "error", err)
		i.settle(ctx, m.NakWithDelay(delay(attempt)))
	}
	return true
}

// passOn leaves an event that this program does not know to a replica of a newer one,
// which asked for it: both run during an upgrade and share what the bus delivers. When
// nobody takes it after some tries, as after a rollback, it is kept for the next program
// that knows it, as is for a while what else comes of its type.
func (i *Inbox) passOn(ctx context.Context, m jetstream.Msg, ev bus.Event, attempt int) {
	if attempt < strangerTries && !i.strangers.passed(ev.Type) {
		i.settle(ctx, m.NakWithDelay(delay(attempt)))
		return
	}
	if err := i.keepDead(ctx, ev, 0, errUnknown, true); err != nil {
		i.settle(ctx, errors.Join(err, m.NakWithDelay(maxDelay)))
		return
	}
	i.strangers.pass(ev.Type)
	i.log.WarnContext(ctx, "event kept: this version of the program does not know it, and no newer one took it",
		"consumer", i.consumer, "event", ev.ID, "type", ev.Type)
	i.meters.results.Add(ctx, resultUnknown, 1)
	i.settle(ctx, m.Ack())
}

// alive tells the bus, until stopped, that the event is being worked on.
func alive(m jetstream.Msg) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(ackWait / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				_ = m.InProgress() // the bus delivers again, which is harmless
			}
		}
	}()
	return func() { close(done) }
}

// settle notes that the bus did not hear the answer; it will deliver again.
func (i *Inbox) settle(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		i.log.WarnContext(ctx, "bus did not hear that an event was handled", "consumer", i.consumer, "error", err)
	}
}

// delay grows from 100 ms to half a minute.
func delay(attempt int) time.Duration {
	d := firstDelay
	for ; attempt > 1 && d < maxDelay; attempt-- {
		d *= 2
	}
	return min(d, maxDelay)
}

// transient tells whether waiting will cure the failure: an event does not die
// because another part was away for an hour.
func transient(err error) bool {
	return problem.Is(err, problem.KindUnavailable) || status.Code(err) == codes.Unavailable ||
		errors.Is(err, context.DeadlineExceeded)
}

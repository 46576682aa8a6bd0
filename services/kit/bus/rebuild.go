package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// rebuildWindow is the shortest in which a server knows a message again by its id. A stream may
	// hold one twice that was replayed long after it was first sent.
	rebuildWindow = 100 * time.Millisecond
	// forgotten is when it surely does not any more: it looks from time to time what is over.
	forgotten    = 10 * rebuildWindow
	rebuildBatch = 256
)

// Rebuild makes the stream of a service anew, message by message, with the sequence
// numbers it had: whoever remembers one goes on where they were. Where messages were
// deleted their numbers stay empty.
type Rebuild struct {
	bus    *Bus
	stream jetstream.Stream
	config jetstream.StreamConfig
	next   uint64 // sequence number of the message that is added next
	acks   []jetstream.PubAckFuture
	fill   []uint64 // numbers given to fillers, to be deleted

	// Ids that the server may still know: those since the last turn and those before it.
	recent, older map[string]bool
	turned        time.Time
}

// Rebuild begins a stream whose first message has that number. There must be none yet.
func (b *Bus) Rebuild(ctx context.Context, service string, first uint64) (*Rebuild, error) {
	r := &Rebuild{bus: b, config: b.streamConfig(service), next: max(first, 1)}
	r.config.FirstSeq = r.next
	working := r.config
	working.Duplicates, working.MaxAge = rebuildWindow, 0 // nothing ages while it is made
	var err error
	if r.stream, err = b.js.CreateStream(ctx, working); err != nil {
		return nil, fmt.Errorf("create the stream of %s: %w", service, err)
	}
	return r, nil
}

// Add publishes a message with the number it had.
func (r *Rebuild) Add(ctx context.Context, m Stored) error {
	if m.Sequence < r.next {
		return fmt.Errorf("message %d comes after %d: not the order of a stream", m.Sequence, r.next-1)
	}
	if err := r.fillUpTo(ctx, m.Sequence-1); err != nil {
		return err
	}
	if err := r.awaitWindow(ctx, nats.Header(m.Header).Get(jetstream.MsgIDHeader)); err != nil {
		return err
	}
	return r.publish(ctx, &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data})
}

// awaitWindow has the server forget an id that was published a moment ago.
func (r *Rebuild) awaitWindow(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	if now := time.Now(); now.Sub(r.turned) > forgotten {
		r.recent, r.older, r.turned = map[string]bool{}, r.recent, now
	}
	again := r.recent[id] || r.older[id]
	r.recent[id] = true
	if !again {
		return nil
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(forgotten):
		return nil
	}
}

// fillUpTo gives numbers to nothing.
func (r *Rebuild) fillUpTo(ctx context.Context, last uint64) error {
	for r.next <= last {
		r.fill = append(r.fill, r.next)
		filler := &nats.Msg{Subject: "tandem." + word(r.config.Subjects[0], 1) + ".filler.filler.v1." + State}
		if err := r.publish(ctx, filler); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rebuild) publish(ctx context.Context, m *nats.Msg) error {
	ack, err := r.bus.js.PublishMsgAsync(m, jetstream.WithStallWait(ackTimeout))
	if err != nil {
		return fmt.Errorf("publish into %s: %w", r.config.Name, err)
	}
	r.acks = append(r.acks, ack)
	r.next++
	if len(r.acks) < rebuildBatch {
		return nil
	}
	return r.flush(ctx)
}

// flush waits until the server has stored what was published, each under its number, and
// takes out the fillers.
func (r *Rebuild) flush(ctx context.Context) error {
	want := r.next - uint64(len(r.acks))
	for _, ack := range r.acks {
		select {
		case stored := <-ack.Ok():
			if stored.Sequence != want || stored.Duplicate {
				return fmt.Errorf("%s stored message %d as %d: somebody else publishes into it; stop all services", r.config.Name, want, stored.Sequence)
			}
		case err := <-ack.Err():
			return fmt.Errorf("publish into %s: %w", r.config.Name, err)
		case <-ctx.Done():
			return ctx.Err()
		}
		want++
	}
	r.acks = r.acks[:0]
	for _, seq := range r.fill {
		if err := r.stream.DeleteMsg(ctx, seq); err != nil {
			return fmt.Errorf("%s: %w", r.config.Name, err)
		}
	}
	r.fill = r.fill[:0]
	return nil
}

// Close ends the stream at the number that was given last, and sets it up as a new one.
func (r *Rebuild) Close(ctx context.Context, last uint64) error {
	if err := errors.Join(r.fillUpTo(ctx, last), r.flush(ctx)); err != nil {
		return err
	}
	if _, err := r.bus.js.UpdateStream(ctx, r.config); err != nil {
		return fmt.Errorf("%s: %w", r.config.Name, err)
	}
	return nil
}

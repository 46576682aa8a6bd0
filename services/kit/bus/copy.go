package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// answerTime bounds how long the next message of a stream may take.
const answerTime = 30 * time.Second

// Stored is a message as a stream keeps it.
type Stored struct {
	Sequence uint64
	Subject  string
	Header   map[string][]string
	Data     []byte
}

// StreamState says how far the stream of a service is. All is zero where there is none.
type StreamState struct {
	Messages uint64
	First    uint64 // sequence number of the oldest message; Last+1 where there is none
	Last     uint64 // sequence number that was given last
}

// StreamState reads how far the stream of a service is, and makes none.
func (b *Bus) StreamState(ctx context.Context, service string) (StreamState, error) {
	s, err := b.js.Stream(ctx, StreamName(service))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return StreamState{}, nil
	}
	if err != nil {
		return StreamState{}, fmt.Errorf("stream of %s: %w", service, err)
	}
	state := s.CachedInfo().State
	return StreamState{Messages: state.Msgs, First: state.FirstSeq, Last: state.LastSeq}, nil
}

// ReadStream calls fn with the messages of a service's stream in their order, from the
// oldest up to a sequence number. It leaves no consumer behind.
func (b *Bus) ReadStream(ctx context.Context, service string, upTo uint64, fn func(Stored) error) error {
	s, err := b.js.Stream(ctx, StreamName(service))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stream of %s: %w", service, err)
	}
	if state := s.CachedInfo().State; state.Msgs == 0 || state.FirstSeq > upTo {
		return nil
	}
	c, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return fmt.Errorf("read the stream of %s: %w", service, err)
	}
	messages, err := c.Messages()
	if err != nil {
		return fmt.Errorf("read the stream of %s: %w", service, err)
	}
	defer messages.Stop()
	for more := true; more; {
		if more, err = readNext(ctx, messages, upTo, fn); err != nil {
			return fmt.Errorf("read the stream of %s: %w", service, err)
		}
	}
	return nil
}

// readNext hands on one message and tells whether there are more to read.
func readNext(ctx context.Context, messages jetstream.MessagesContext, upTo uint64, fn func(Stored) error) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	m, err := messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		return false, err
	}
	at, err := m.Metadata()
	if err != nil || at.Sequence.Stream > upTo {
		return false, err
	}
	err = fn(Stored{Sequence: at.Sequence.Stream, Subject: m.Subject(), Header: m.Headers(), Data: m.Data()})
	return at.Sequence.Stream < upTo && at.NumPending > 0, err
}

// Settings returns all settings by their keys, which are sorted.
func (b *Bus) Settings(ctx context.Context) (keys []string, values map[string][]byte, err error) {
	bucket, err := b.settings(ctx)
	if err != nil {
		return nil, nil, err
	}
	keys, err = bucket.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil, fmt.Errorf("settings: %w", err)
	}
	slices.Sort(keys)
	values = map[string][]byte{}
	for _, key := range keys {
		if values[key], err = b.Setting(ctx, key); err != nil {
			return nil, nil, err
		}
	}
	return keys, values, nil
}

// DropSettings deletes all settings.
func (b *Bus) DropSettings(ctx context.Context) error {
	err := b.js.DeleteKeyValue(ctx, settingsBucket)
	if err != nil && !errors.Is(err, jetstream.ErrBucketNotFound) {
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}

// DropStream deletes the stream of a service with all its messages and consumers.
func (b *Bus) DropStream(ctx context.Context, service string) error {
	err := b.js.DeleteStream(ctx, StreamName(service))
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("delete the stream of %s: %w", service, err)
	}
	return nil
}

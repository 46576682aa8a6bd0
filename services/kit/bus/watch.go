package bus

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// WatchOptions says which events to follow and from where.
type WatchOptions struct {
	Subjects []string  // with NATS wildcards after the service, e.g. tandem.badges.*.*.v1.d1
	After    string    // the Cursor of the last event seen; wins over Since
	Since    time.Time // else events stored from then on; zero means only new ones
	Started  func()    // called once everything published from now on will be seen
}

// cursor holds the last seen sequence number of each stream.
type cursor map[string]uint64

// Watch calls fn with each event on the subjects until ctx ends, one at a time,
// in order within a service. It keeps no state on the server: the caller resumes
// with the Cursor of the last event it has handled. fn must be quick, or hand
// over to somebody who may be slow.
func (b *Bus) Watch(ctx context.Context, o WatchOptions, fn func(Event)) error {
	at, err := parseCursor(o.After)
	if err != nil {
		return err
	}
	filters, err := byService(o.Subjects)
	if err != nil {
		return err
	}
	msgs := make(chan jetstream.Msg)
	for service, subjects := range filters {
		stop, err := b.follow(ctx, service, subjects, at, o, msgs)
		if err != nil {
			return err
		}
		defer stop()
	}
	if o.Started != nil {
		o.Started()
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m := <-msgs:
			b.deliver(m, at, fn)
		}
	}
}

// follow sends the messages of one stream to msgs.
func (b *Bus) follow(ctx context.Context, service string, subjects []string, at cursor, o WatchOptions, msgs chan<- jetstream.Msg) (func(), error) {
	s, err := b.ensure(ctx, service)
	if err != nil {
		return nil, err
	}
	info := s.CachedInfo()
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: subjects}
	seq, resumed := at[service]
	switch {
	case resumed && seq <= info.State.LastSeq:
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, seq+1
	case resumed: // the stream was made anew since: all it has is unseen
		cfg.DeliverPolicy = jetstream.DeliverAllPolicy
	case !o.Since.IsZero():
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &o.Since
	default: // what is stored from this moment, also if the consumer is made again later
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, info.State.LastSeq+1
	}
	if !resumed {
		at[service] = startBefore(cfg, info.State.LastSeq)
	}
	c, err := s.OrderedConsumer(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("watch events of %s: %w", service, err)
	}
	cc, err := c.Consume(func(m jetstream.Msg) {
		select {
		case msgs <- m:
		case <-ctx.Done():
		}
	})
	if err != nil {
		return nil, fmt.Errorf("watch events of %s: %w", service, err)
	}
	return cc.Stop, nil
}

// startBefore is the sequence number a cursor names for a stream none of whose
// events has been seen yet. Replay by time cannot be named: it starts over.
func startBefore(cfg jetstream.OrderedConsumerConfig, last uint64) uint64 {
	if cfg.DeliverPolicy == jetstream.DeliverByStartTimePolicy {
		return 0
	}
	return last
}

func (b *Bus) deliver(m jetstream.Msg, at cursor, fn func(Event)) {
	ev, err := FromMessage(m.Subject(), m.Headers(), m.Data())
	if err != nil {
		b.log.Warn("event on the bus is not readable", "subject", m.Subject(), "error", err)
		return
	}
	if meta, err := m.Metadata(); err == nil {
		at[ev.Service()] = meta.Sequence.Stream
	}
	ev.Cursor = at.String()
	fn(ev)
}

// byService groups subjects by stream.
func byService(subjects []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, s := range subjects {
		service := word(s, 1)
		if word(s, 0) != "tandem" || !subjectWord.MatchString(service) {
			return nil, fmt.Errorf("subject %q: want tandem.<service>. and then words or wildcards", s)
		}
		out[service] = append(out[service], s)
	}
	if len(out) == 0 {
		return nil, errors.New("watch needs at least one subject")
	}
	return out, nil
}

// String writes the cursor as one URL-safe word.
func (c cursor) String() string {
	text, err := json.Marshal(c) // map keys are sorted
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ErrCursor says that WatchOptions.After is no cursor.
var ErrCursor = errors.New("not the cursor of an event")

func parseCursor(s string) (cursor, error) {
	c := cursor{}
	if s == "" {
		return c, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil {
		return nil, ErrCursor
	}
	if json.Unmarshal(text, &c) != nil || c == nil {
		return nil, ErrCursor
	}
	return c, nil
}

// Package bus carries events between services over NATS JetStream.
//
// An event is a protobuf message about one resource. It travels as a CloudEvent
// in binary mode on the subject tandem.<service>.<resource>.<event>.v1.<district>
// and is kept in the stream of the service that published it, TANDEM_<SERVICE>.
// Subject and type come from the event option of the message (TopicOf).
//
// Services do not publish here themselves: they write to package outbox in their
// transaction, whose relay publishes, and receive through package inbox. The
// gateway follows events with Watch. Where no NATS server is given, StartEmbedded
// runs one in the process.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"
)

const (
	streamAge     = 30 * 24 * time.Hour
	dedupeWindow  = 10 * time.Minute
	ackTimeout    = 5 * time.Second
	connectRetry  = 250 * time.Millisecond
	reconnectWait = 250 * time.Millisecond
	defaultWait   = 30 * time.Second
)

// Event is one fact, as it travels.
type Event struct {
	ID          string    // UUIDv7; the same event keeps it through retries and replays
	Type        string    // full name of the protobuf message
	Subject     string    // where it is published
	Name        string    // resource it is about
	Time        time.Time // when it happened
	TraceParent string    // W3C trace context of the request that caused it, or empty
	Data        []byte    // the protobuf message
	Cursor      string    // of watched events: resume after this one with WatchOptions.After
}

// Unmarshal reads the event's message.
func (e Event) Unmarshal(m proto.Message) error {
	if want := string(m.ProtoReflect().Descriptor().FullName()); want != e.Type {
		return fmt.Errorf("event %s is a %s, not a %s", e.ID, e.Type, want)
	}
	return proto.Unmarshal(e.Data, m)
}

// Service is the publishing service, the second word of the subject.
func (e Event) Service() string { return word(e.Subject, 1) }

// District is the id of the district concerned, or "_state".
func (e Event) District() string { return e.Subject[strings.LastIndexByte(e.Subject, '.')+1:] }

// Options says how to reach the server.
type Options struct {
	URL       string         // of a NATS server, e.g. nats://127.0.0.1:4222
	InProcess *server.Server // instead of URL: the embedded server
	Name      string         // of this client, seen in the server's monitoring
	Replicas  int            // copies of new streams in a NATS cluster; 0 means 1
	CA        string         // PEM file with the authority of the server's certificate; empty: the system's
	Wait      time.Duration  // how long Connect waits for the server; 0 means 30 s
	Log       *slog.Logger   // nil means silence
}

// Bus is a connection to the server. It is safe for concurrent use and comes
// back by itself when the server was away.
type Bus struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	replicas int
	log      *slog.Logger
}

// Connect connects, and waits for a server that is still starting.
func Connect(ctx context.Context, o Options) (*Bus, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	nc, err := dial(ctx, o)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncTimeout(ackTimeout))
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	return &Bus{nc: nc, js: js, replicas: max(1, o.Replicas), log: o.Log}, nil
}

func dial(ctx context.Context, o Options) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name(o.Name), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				o.Log.Warn("bus connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { o.Log.Info("bus connection is back") }),
	}
	if o.InProcess != nil {
		opts = append(opts, nats.InProcessServer(o.InProcess))
	}
	if o.CA != "" {
		opts = append(opts, nats.RootCAs(o.CA))
	}
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	for told := false; ; {
		nc, err := nats.Connect(o.URL, opts...)
		if err == nil {
			return nc, nil
		}
		if !told {
			told = true
			o.Log.Info("waiting for the bus", "at_most", o.Wait, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to the bus: %w", err)
		case <-time.After(connectRetry):
		}
	}
}

// Close ends the connection after what is being sent.
func (b *Bus) Close() {
	if err := b.nc.Drain(); err != nil {
		b.nc.Close()
	}
}

// Ping proves that the server answers and keeps streams.
func (b *Bus) Ping(ctx context.Context) error {
	if _, err := b.js.AccountInfo(ctx); err != nil {
		return fmt.Errorf("bus does not answer: %w", err)
	}
	return nil
}

// StreamName is the stream that keeps a service's events.
func StreamName(service string) string { return "TANDEM_" + strings.ToUpper(service) }

// Ensure creates the stream of a service where it is missing. A stream that
// exists stays as its operator tuned it.
func (b *Bus) Ensure(ctx context.Context, service string) error {
	_, err := b.ensure(ctx, service)
	return err
}

func (b *Bus) ensure(ctx context.Context, service string) (jetstream.Stream, error) {
	s, err := b.js.Stream(ctx, StreamName(service))
	if err == nil {
		return s, nil
	}
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("stream of %s: %w", service, err)
	}
	s, err = b.js.CreateStream(ctx, b.streamConfig(service))
	if err != nil {
		return nil, fmt.Errorf("create stream of %s: %w", service, err)
	}
	return s, nil
}

// streamConfig is how the stream of a service is set up when it is made.
func (b *Bus) streamConfig(service string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: StreamName(service), Description: "Events of the " + service + " service",
		Subjects: []string{"tandem." + service + ".>"},
		Storage:  jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: streamAge, Duplicates: dedupeWindow, Replicas: b.replicas,
	}
}

// Consumer creates or updates the named durable consumer on a service's stream,
// creating the stream first where the service has not started yet. Filters that it has
// already stay: a newer version of the program, which runs beside this one during an
// upgrade, wants them. The server adds none by itself, so let callers of one consumer
// take turns.
func (b *Bus) Consumer(ctx context.Context, service string, cfg jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	s, err := b.ensure(ctx, service)
	if err != nil {
		return nil, err
	}
	had, err := s.Consumer(ctx, cfg.Durable)
	switch {
	case err == nil:
		for _, filter := range had.CachedInfo().Config.FilterSubjects {
			if !slices.Contains(cfg.FilterSubjects, filter) {
				cfg.FilterSubjects = append(slices.Clone(cfg.FilterSubjects), filter)
			}
		}
	case !errors.Is(err, jetstream.ErrConsumerNotFound): // not to write over what could not be read
		return nil, fmt.Errorf("consumer %s on the events of %s: %w", cfg.Durable, service, err)
	}
	c, err := s.CreateOrUpdateConsumer(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("consumer %s on the events of %s: %w", cfg.Durable, service, err)
	}
	return c, nil
}

// Lag is how many events of a service's stream a durable consumer has not handled
// yet; none before it has begun.
func (b *Bus) Lag(ctx context.Context, service, durable string) (uint64, error) {
	c, err := b.js.Consumer(ctx, StreamName(service), durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("consumer %s on the events of %s: %w", durable, service, err)
	}
	info := c.CachedInfo() // asked for a moment ago, by Consumer
	return info.NumPending + uint64(max(0, info.NumAckPending)), nil
}

// Publish publishes one event and returns when the server has stored it. An
// event id that the server has seen within ten minutes is stored once.
func (b *Bus) Publish(ctx context.Context, ev Event) error {
	return b.PublishAll(ctx, []Event{ev})[0]
}

// PublishAll publishes events together and returns an error, or nil, for each
// once the server has answered for all. Events published together may be stored
// in another order when one of them is sent again: give it one per resource.
func (b *Bus) PublishAll(ctx context.Context, events []Event) []error {
	errs := make([]error, len(events))
	acks := make([]jetstream.PubAckFuture, len(events))
	spans := make([]trace.Span, len(events))
	defer func() { endAll(spans, errs) }()
	for i, ev := range events {
		ev, spans[i] = ev.produce(ctx)
		acks[i], errs[i] = b.js.PublishMsgAsync(toMessage(ev), jetstream.WithMsgID(ev.ID), jetstream.WithStallWait(ackTimeout))
	}
	for i, ack := range acks {
		if ack == nil {
			continue
		}
		select {
		case <-ack.Ok():
		case errs[i] = <-ack.Err():
		case <-ctx.Done():
			errs[i] = ctx.Err()
		}
	}
	return errs
}

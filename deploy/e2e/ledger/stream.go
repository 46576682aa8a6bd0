package ledger

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// event is a message of a stream.
type event struct {
	id, kind, name string
	data           []byte
}

type streamed []event

// of are the events of one kind about resources whose name begins so.
func (s streamed) of(kind, prefix string) (found []event) {
	for _, e := range s {
		if strings.HasSuffix(e.kind, "."+kind) && strings.HasPrefix(e.name, prefix) {
			found = append(found, e)
		}
	}
	return found
}

func upper(s string) string { return strings.ToUpper(s) }

// natsName is what the certificate of the chart's NATS says, in a release named tandem.
const natsName = "tandem-nats"

// readStreams reads all messages of the named streams.
func readStreams(ctx context.Context, o Options, names ...string) (map[string]streamed, error) {
	options := []nats.Option{nats.Name("e2e"), nats.Timeout(10 * time.Second)}
	if o.Authority != "" {
		// By the server's name, since its address may be a number.
		options = append(options, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS13, ServerName: natsName}), nats.RootCAs(o.Authority))
	}
	nc, err := nats.Connect(o.NATS, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	all := map[string]streamed{}
	for _, name := range names {
		if all[name], err = readPatiently(ctx, js, name, o.Wait); err != nil {
			return nil, fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return all, nil
}

// readPatiently begins anew where servers of a cluster do not know each other's consumers yet, as in
// the moment after one was made.
func readPatiently(ctx context.Context, js jetstream.JetStream, name string, wait time.Duration) (streamed, error) {
	for deadline := time.Now().Add(wait); ; {
		all, err := readStream(ctx, js, name)
		if err == nil || time.Now().After(deadline) {
			return all, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func readStream(ctx context.Context, js jetstream.JetStream, name string) (streamed, error) {
	consumer, err := js.OrderedConsumer(ctx, name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return nil, err
	}
	var all streamed
	for {
		batch, err := consumer.FetchNoWait(500)
		if err != nil {
			return nil, err
		}
		got := 0
		for msg := range batch.Messages() {
			got++
			h := msg.Headers()
			all = append(all, event{id: h.Get("ce-id"), kind: h.Get("ce-type"), name: h.Get("ce-subject"), data: msg.Data()})
		}
		if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
			return nil, err
		}
		if got == 0 {
			return all, nil
		}
	}
}

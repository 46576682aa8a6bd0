package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Facts are what an operator should know of the bus.
type Facts struct {
	Server    string        // version
	Encrypted bool          // this connection
	RTT       time.Duration // of a ping
	Used      uint64        // bytes that streams take on the disk
	Limit     uint64        // bytes that they may take; 0: no limit is known
	Streams   []StreamFacts // of the services asked for
}

// StreamFacts are those of one service's stream.
type StreamFacts struct {
	Service   string
	Missing   bool
	Replicas  int
	Absent    []string // servers that should have a copy and do not answer, or lag
	Messages  uint64
	Ahead     time.Duration // how far the server's clock is ahead of this machine's
	Consumers []ConsumerFacts
}

// ConsumerFacts are those of one follower of a stream.
type ConsumerFacts struct {
	Name    string
	Pending uint64 // events that it was not given yet
}

// Facts asks the server about itself and the streams of services. It creates nothing.
func (b *Bus) Facts(ctx context.Context, services ...string) (Facts, error) {
	f := Facts{Server: b.nc.ConnectedServerVersion()}
	_, tlsErr := b.nc.TLSConnectionState()
	f.Encrypted = tlsErr == nil
	var err error
	if f.RTT, err = b.nc.RTT(); err != nil {
		return f, fmt.Errorf("bus does not answer: %w", err)
	}
	account, err := b.js.AccountInfo(ctx)
	if err != nil {
		return f, fmt.Errorf("bus keeps no streams: %w", err)
	}
	f.Used = account.Store
	if account.Limits.MaxStore > 0 {
		f.Limit = uint64(account.Limits.MaxStore)
	}
	for _, service := range services {
		one, err := b.streamFacts(ctx, service)
		if err != nil {
			return f, fmt.Errorf("stream of %s: %w", service, err)
		}
		f.Streams = append(f.Streams, one)
	}
	return f, nil
}

func (b *Bus) streamFacts(ctx context.Context, service string) (StreamFacts, error) {
	f := StreamFacts{Service: service}
	before := time.Now()
	stream, err := b.js.Stream(ctx, StreamName(service))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, err
	}
	info := stream.CachedInfo()
	f.Ahead = info.TimeStamp.Sub(before.Add(time.Since(before) / 2))
	f.Replicas, f.Messages = info.Config.Replicas, info.State.Msgs
	if info.Cluster != nil {
		for _, peer := range info.Cluster.Replicas {
			if peer.Offline || !peer.Current {
				f.Absent = append(f.Absent, peer.Name)
			}
		}
	}
	list := stream.ListConsumers(ctx)
	for one := range list.Info() {
		f.Consumers = append(f.Consumers, ConsumerFacts{Name: one.Name, Pending: one.NumPending})
	}
	return f, list.Err()
}

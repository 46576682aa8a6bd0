package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/tandem-badges/tandem/services/kit/bus"
)

// OpenBus connects to the bus of the settings and makes sure that the stream of
// every service exists. The embedded server belongs to one process: a lock on
// its folder keeps a second one out, which would damage the streams. A server that
// does not answer is waited for; 0 is the bus's own patience.
func OpenBus(ctx context.Context, storage StorageSettings, s BusSettings, wait time.Duration, log *slog.Logger) (*bus.Bus, func(), error) {
	b, closeAll, err := connectBus(ctx, storage, s, wait, log)
	if err != nil {
		return nil, nil, err
	}
	for _, service := range serviceNames {
		if err := b.Ensure(ctx, service); err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("stream of %s: %w", service, err)
		}
	}
	return b, closeAll, nil
}

func connectBus(ctx context.Context, storage StorageSettings, s BusSettings, wait time.Duration, log *slog.Logger) (*bus.Bus, func(), error) {
	var closers []func()
	closeAll := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	options := bus.Options{URL: s.NATS, CA: s.NATSCA, Replicas: s.NATSReplicas, Wait: wait, Name: "tandem", Log: log}
	if s.NATS == "" {
		unlock, err := lockFolder(filepath.Join(storage.Data, "nats"))
		if err != nil {
			return nil, nil, err
		}
		closers = append(closers, unlock)
		server, err := bus.StartEmbedded(filepath.Join(storage.Data, "nats"), log)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("embedded bus: %w", err)
		}
		closers = append(closers, func() { server.Shutdown(); server.WaitForShutdown() })
		options.InProcess = server
	}
	b, err := bus.Connect(ctx, options)
	if err != nil {
		closeAll()
		return nil, nil, fmt.Errorf("--nats: %w", err)
	}
	closers = append(closers, b.Close)
	return b, closeAll, nil
}

func lockFolder(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !locked {
		return nil, ErrTaken
	}
	return func() { _ = lock.Unlock() }, nil
}

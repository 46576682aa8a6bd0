package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// settingsBucket keeps what all processes share.
const settingsBucket = "tandem-settings"

// Setting reads one small value that processes share, or nil where it was never
// stored. Settings live in a key-value bucket of the same server.
func (b *Bus) Setting(ctx context.Context, key string) ([]byte, error) {
	bucket, err := b.settings(ctx)
	if err != nil {
		return nil, err
	}
	entry, err := bucket.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read setting %s: %w", key, err)
	}
	return entry.Value(), nil
}

// StoreSetting keeps one small value for all processes.
func (b *Bus) StoreSetting(ctx context.Context, key string, value []byte) error {
	bucket, err := b.settings(ctx)
	if err != nil {
		return err
	}
	if _, err := bucket.Put(ctx, key, value); err != nil {
		return fmt.Errorf("store setting %s: %w", key, err)
	}
	return nil
}

// WatchSettings calls fn with every setting whose key begins with prefix and a dot,
// first as they stand, then as they change, until ctx ends. It calls caughtUp once,
// when fn has seen all there were. A setting that is gone has no value.
func (b *Bus) WatchSettings(ctx context.Context, prefix string, fn func(key string, value []byte), caughtUp func()) error {
	bucket, err := b.settings(ctx)
	if err != nil {
		return err
	}
	watcher, err := bucket.Watch(ctx, prefix+".>")
	if err != nil {
		return fmt.Errorf("watch settings %s: %w", prefix, err)
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return fmt.Errorf("watch settings %s: the server ended it", prefix)
			case entry == nil: // the server says so once
				caughtUp()
			case entry.Operation() == jetstream.KeyValuePut:
				fn(entry.Key(), entry.Value())
			default:
				fn(entry.Key(), nil)
			}
		}
	}
}

func (b *Bus) settings(ctx context.Context) (jetstream.KeyValue, error) {
	bucket, err := b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: settingsBucket, Replicas: max(1, b.replicas), Storage: jetstream.FileStorage,
	})
	if err != nil {
		return nil, fmt.Errorf("settings bucket: %w", err)
	}
	return bucket, nil
}

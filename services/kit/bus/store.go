package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

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

func (b *Bus) settings(ctx context.Context) (jetstream.KeyValue, error) {
	bucket, err := b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: "tandem-settings", Replicas: max(1, b.replicas), Storage: jetstream.FileStorage,
	})
	if err != nil {
		return nil, fmt.Errorf("settings bucket: %w", err)
	}
	return bucket, nil
}

package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Forget removes the events of a district from the stream of a service. Consumers
// that have not read them yet never will.
func (b *Bus) Forget(ctx context.Context, service, district string) error {
	stream, err := b.ensure(ctx, service)
	if err != nil {
		return err
	}
	subject := fmt.Sprintf("tandem.%s.*.*.*.%s", service, district)
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
		return fmt.Errorf("forget events of %s: %w", service, err)
	}
	return nil
}

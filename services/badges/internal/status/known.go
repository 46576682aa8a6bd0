package status

import "context"

// Known tells whether a credential has places.
func (b *Book) Known(ctx context.Context, credential string) (bool, error) {
	have, err := b.store.StatusEntries(ctx, credential)
	return len(have) > 0, err
}

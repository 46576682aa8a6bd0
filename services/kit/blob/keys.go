package blob

import (
	"context"
	"errors"
	"io"

	"gocloud.dev/blob"
)

// Keys lists the files whose key begins with the prefix.
func (s *Store) Keys(ctx context.Context, prefix string) (keys []string, err error) {
	list := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, away(err)
		}
		keys = append(keys, object.Key)
	}
}

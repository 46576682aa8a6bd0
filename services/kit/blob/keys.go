package blob

import "context"

// Keys lists the files whose key begins with the prefix.
func (s *Store) Keys(ctx context.Context, prefix string) (keys []string, err error) {
	err = s.List(ctx, prefix, func(o Object) error {
		keys = append(keys, o.Key)
		return nil
	})
	return keys, err
}

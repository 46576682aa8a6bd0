package audit

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Added does a write that makes the resource, and records it. The digest is of
// what is read back, so that the next change finds the same before it.
func Added[T any](ctx context.Context, db *sqldb.DB, resource string, read func(context.Context) (T, error), write func(context.Context) error) error {
	return recorded(ctx, db, resource, nil, write, read)
}

// Changed does a write that changes the resource, or makes it where there was
// none, and records it.
func Changed[T any](ctx context.Context, db *sqldb.DB, resource string, read func(context.Context) (T, error), write func(context.Context) error) error {
	return recorded(ctx, db, resource, read, write, read)
}

// Removed does a write that removes the resource, and records it.
func Removed[T any](ctx context.Context, db *sqldb.DB, resource string, read func(context.Context) (T, error), write func(context.Context) error) error {
	return recorded(ctx, db, resource, read, write, nil)
}

func recorded[T any](ctx context.Context, db *sqldb.DB, resource string,
	before func(context.Context) (T, error), write func(context.Context) error, after func(context.Context) (T, error),
) error {
	return db.Tx(ctx, func(ctx context.Context) (err error) {
		change := Change{Resource: resource}
		if change.Before, err = value(ctx, before); err != nil {
			return err
		}
		if err := write(ctx); err != nil {
			return err
		}
		if change.After, err = value(ctx, after); err != nil {
			return err
		}
		return Record(ctx, db, change)
	})
}

// value reads a resource; nil where there is none or nobody asks.
func value[T any](ctx context.Context, read func(context.Context) (T, error)) (any, error) {
	if read == nil {
		return nil, nil
	}
	v, err := read(ctx)
	if problem.Is(err, problem.KindNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

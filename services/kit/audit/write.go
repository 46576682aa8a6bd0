package audit

import (
	"context"
	"errors"

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

// Row reads a row for Added, Changed and Removed where the store has no reader of
// its own: the columns by name. The condition selects one row at most.
func Row(db *sqldb.DB, table, condition string, args ...any) func(context.Context) (map[string]any, error) {
	return func(ctx context.Context) (map[string]any, error) {
		rows, err := db.Conn(ctx).QueryContext(ctx, `SELECT * FROM `+table+` WHERE `+condition, args...)
		if err != nil {
			return nil, sqldb.MapError(err, table)
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		if !rows.Next() {
			return nil, errors.Join(rows.Err(), problem.NotFound(table))
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make(map[string]any, len(columns))
		for i, c := range columns {
			row[c] = values[i]
		}
		return row, rows.Err()
	}
}

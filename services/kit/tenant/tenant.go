// Package tenant says which districts' rows a piece of work may touch.
//
// It is the second wall: package access decides from grants, and what it lets
// through by mistake still meets a database that shows rows of these districts
// only (row-level security, package sqldb). An identity brings its districts
// along (access.WithIdentity). Work without a caller says for itself: a consumer
// With the district of its event, a relay or a public lookup with Everything and
// the reason. A context that says nothing sees no tenant's rows.
package tenant

import (
	"context"
	"slices"
)

const (
	// All stands for every district, for callers of the state.
	All = "*"
	// State is the district id of rows that belong to no district. Everybody's
	// work may read them.
	State = "_state"
)

type key struct{}

// With returns a context whose work touches rows of these districts, and of the
// state. It replaces what the context said before.
func With(ctx context.Context, districts ...string) context.Context {
	ids := append([]string{State}, districts...)
	slices.Sort(ids)
	return context.WithValue(ctx, key{}, slices.Compact(ids))
}

// Everything returns a context whose work touches rows of all districts. The
// reason is for the reader: each use is a hole in the wall that must be right.
func Everything(ctx context.Context, _ string) context.Context {
	return context.WithValue(ctx, key{}, []string{All})
}

// From returns the district ids the context's work may touch, sorted, [All] for
// all, and nil when nothing was said. Callers must not change it.
func From(ctx context.Context) []string {
	ids, _ := ctx.Value(key{}).([]string)
	if slices.Contains(ids, All) {
		return []string{All}
	}
	return ids
}

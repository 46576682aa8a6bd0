// Package tenant says which districts' rows a piece of work may touch.
//
// It is the second wall: package access decides from grants, and what it lets
// through by mistake still meets a database that shows rows of these districts
// only (row-level security, package sqldb). An identity brings its districts
// along (access.WithIdentity). Work without a caller says for itself: a consumer
// With the district of its event, a relay or a public lookup with Everything and
// the reason. A statement whose context says nothing is refused.
package tenant

import (
	"context"
	"slices"
)

const (
	// All stands for every district, for callers of the state.
	All = "*"
	// State is the district id of rows that belong to no district. Work that said
	// anything at all may read them; to change them it must be With State or All.
	State = "_state"
)

type key struct{}

// With returns a context whose work touches rows of these districts, and reads
// those of the state. Without districts it reads those of the state alone. It
// replaces what the context said before.
func With(ctx context.Context, districts ...string) context.Context {
	ids := append([]string{}, districts...)
	slices.Sort(ids)
	return context.WithValue(ctx, key{}, slices.Compact(ids))
}

// Everything returns a context whose work touches rows of all districts. The
// reason is for the reader: each use is a hole in the wall that must be right.
func Everything(ctx context.Context, _ string) context.Context {
	return context.WithValue(ctx, key{}, []string{All})
}

// OrNone returns ctx when it says something, and else a context that may read
// the state's rows alone: for tables that belong to no district.
func OrNone(ctx context.Context) context.Context {
	if From(ctx) != nil {
		return ctx
	}
	return With(ctx)
}

// From returns the district ids the context's work may touch, sorted; [All] for
// all; empty for the state's readers; and nil when nothing was said. Callers
// must not change it.
func From(ctx context.Context) []string {
	ids, _ := ctx.Value(key{}).([]string)
	if slices.Contains(ids, All) {
		return []string{All}
	}
	return ids
}

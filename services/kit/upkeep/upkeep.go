// Package upkeep marks the work that goes on while the platform is in read-only mode.
//
// In that mode a database takes no change (sqldb, freeze.go) but from work that its
// context marks: what keeps the running system alive and changes nothing that people
// have made. That is who holds a lease, who signed in, who was shown records of
// people, and what is committed and has yet to leave (events, the audit chain). Each
// mark says why, for who reads the code; docs/operators.md lists the tables.
//
// Neighbours: package readonly turns the mode on and off and refuses calls; package
// sqldb heeds the mark.
package upkeep

import "context"

type key struct{}

// With marks the work of the context as upkeep, for a reason.
func With(ctx context.Context, _ string) context.Context {
	return context.WithValue(ctx, key{}, true)
}

// Without takes the mark away, for the part of such work that can wait.
func Without(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, false) }

// Is tells whether the work is upkeep.
func Is(ctx context.Context) bool {
	marked, _ := ctx.Value(key{}).(bool)
	return marked
}

// Package caller tells the domain who asks, in its own words: package api derives it from
// identity and grants, so that the rules need to know nothing of roles and tokens.
package caller

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/scope"
)

// Caller is who asks about one resource.
type Caller struct {
	// Person is the name of who asks, "people/p" or "districts/d/people/p".
	Person string
	// Reader holds a role other than reviewer over the resource and sees it by that.
	Reader bool
	// Staff holds a role of the state office over the resource: administrator or chair.
	Staff bool
}

// Scope is what a list may show to one person.
type Scope struct {
	Person string
	// Parent is the name under which to list; "-" stands for any id.
	Parent string
	// Readable is where the person sees everything by a role other than reviewer.
	Readable scope.Scope
	// Staff is where the person holds a role of the state office.
	Staff scope.Scope
	// Reviewing is where the person sees what was assigned to them.
	Reviewing scope.Scope
}

// Reads tells whether the person sees everything of a name by a role other than reviewer.
func (s Scope) Reads(name string) bool {
	return s.Readable.Covers(name) || s.Staff.Covers(name)
}

// MustExist refuses a list that found nothing when exists says that its parent is not there.
// A parent with "-" stands for any, and is not asked for.
func (s Scope) MustExist(ctx context.Context, listed int, exists func(ctx context.Context, parent string) error) error {
	if listed > 0 || slices.Contains(strings.Split(s.Parent, "/"), "-") {
		return nil
	}
	return exists(ctx, s.Parent)
}

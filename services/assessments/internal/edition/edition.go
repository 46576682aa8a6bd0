// Package edition is what frameworks and instruments have in common: a family
// whose versions are drafted, changed, and published once for ever.
//
// A draft may be incomplete. Publishing checks the whole document with the rules
// of its owner (packages framework and instrument), freezes it and says so in an
// event. Everything else in the product is bound to a published version, which
// is why none ever changes.
package edition

import (
	"context"
	"time"

	"go.einride.tech/aip/resourcename"
)

// State tells whether a version may still change.
type State int

// States of a version.
const (
	Draft State = iota + 1
	Published
)

// Kind is the vocabulary of one sort of family, as the API spells it.
type Kind struct {
	Collection string // "frameworks"
	Field      string // "framework", the request field of a family
	VersionOf  string // "framework_version", the request field of a version
}

// FamilyName is the resource name of a family.
func (k Kind) FamilyName(family string) string { return k.Collection + "/" + family }

// VersionName is the resource name of a version.
func (k Kind) VersionName(family, id string) string {
	return k.FamilyName(family) + "/versions/" + id
}

// Family groups the versions of one document.
type Family struct {
	ID          string
	Title       string
	Description string
	CreateTime  time.Time
	UpdateTime  time.Time
	Version     int64 // counts changes: the source of the etag
}

// Edition is one version of a document.
type Edition[B any] struct {
	Family      string
	ID          string
	Title       string
	Body        B
	State       State
	PublishTime time.Time
	CreateTime  time.Time
	UpdateTime  time.Time
	Version     int64 // counts changes: the source of the etag
}

// Store keeps families and versions. Names in its errors are resource names.
type Store[B any] interface {
	// Tx runs fn in one transaction.
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// AddFamily fails with "already exists" when the id is taken.
	AddFamily(ctx context.Context, f Family) error
	// Family fails with "not found".
	Family(ctx context.Context, id string) (Family, error)
	// Families come in the order of their ids.
	Families(ctx context.Context, after string, limit int) ([]Family, error)
	// AddEdition fails with "already exists" when the id is taken.
	AddEdition(ctx context.Context, e Edition[B]) error
	// Edition fails with "not found".
	Edition(ctx context.Context, family, id string) (Edition[B], error)
	// Editions come in the order of their ids.
	Editions(ctx context.Context, family, after string, limit int) ([]Edition[B], error)
	// SaveEdition replaces the row of version e.Version-1, or fails as stale.
	SaveEdition(ctx context.Context, e Edition[B]) error
	// Announce records the event that e was published.
	Announce(ctx context.Context, e Edition[B]) error
}

// ParseName reads family and version from the resource name of a version.
func ParseName(k Kind, name string) (family, id string, ok bool) {
	err := resourcename.Sscan(name, k.Collection+"/{family}/versions/{version}", &family, &id)
	return family, id, err == nil
}

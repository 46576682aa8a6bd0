// Package audit keeps the record of who changed what.
//
// A store calls Record in the transaction of each change: the entry exists when
// the change does, and not otherwise. It names ids and digests only, so that it
// may be kept when what it tells about is erased. Who, why and for which request
// come from the context: the interceptors of this package put the action and the
// reason there, package access the caller, package requestid the request; work
// without a caller says its name with Work.
//
// Entries wait in a table of their own until the Chainer, one per service and
// held by a lease, gives each the next place in the hash chain of its district.
// Writers therefore never wait for each other, and a transaction that commits
// late gets a later place instead of being missed. Linked entries can only be
// added to: triggers refuse everything else, and Verify finds what was done in
// spite of them.
//
// Neighbours: package ledger records what was read; package records shows both
// to the gateway; sqldb migrates the tables.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	wakeTopic = "audit"
	anonymous = "anonymous"
	unnamed   = "work"
	gateway   = "gateway"
)

// Change is one change of one resource. Before is nil for what is new, After for
// what is gone. Both are values of the domain; only their digests are kept.
type Change struct {
	Resource      string
	Before, After any
}

// Record enters a change as part of the transaction in ctx.
func Record(ctx context.Context, db *sqldb.DB, c Change) error {
	if !db.InTx(ctx) {
		return sqldb.ErrNoTx
	}
	before, err := Digest(c.Before)
	if err != nil {
		return fmt.Errorf("audit of %s: %w", c.Resource, err)
	}
	after, err := Digest(c.After)
	if err != nil {
		return fmt.Errorf("audit of %s: %w", c.Resource, err)
	}
	actor, onBehalfOf := who(ctx, db.Schema())
	why := from(ctx)
	_, err = db.Conn(ctx).ExecContext(ctx, `
		INSERT INTO audit_pending (district_id, id, event_time, actor, on_behalf_of, action, resource,
			before_digest, after_digest, reason_digest, request_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		DistrictOf(c.Resource), ids.New(), sqldb.Micros(time.Now()), actor, onBehalfOf, why.action, c.Resource,
		before, after, why.reason, why.cause(ctx))
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	db.AfterCommit(ctx, func() { db.Wake(wakeTopic) })
	return nil
}

// Digest is the SHA-256, in hexadecimal, of the JSON of a value of the domain:
// fields in the order of their declaration, maps sorted by key. It is empty for
// nil.
func Digest(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return sum(text), nil
}

func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}

// DistrictOf is the district whose chain a resource's changes are in, or the
// state's.
func DistrictOf(resource string) string {
	rest, ok := strings.CutPrefix(resource, "districts/")
	id, _, _ := strings.Cut(rest, "/")
	if !ok || id == "" {
		return tenant.State
	}
	return id
}

// who is the actor, and for whom it acted when that is somebody else. A call that
// another service makes for a person is the service's doing.
func who(ctx context.Context, service string) (actor, onBehalfOf string) {
	id, known := access.FromContext(ctx)
	switch {
	case id.Service != "" && id.Service != gateway:
		return "services/" + id.Service, id.Subject
	case id.Subject != "":
		return id.Subject, ""
	case id.Service != "":
		return "services/" + id.Service, ""
	case known || from(ctx).call:
		return anonymous, ""
	default:
		return "services/" + service, ""
	}
}

// reasons is what the context says about why something is done.
type reasons struct {
	call   bool // a call of the API, not work of the service's own
	action string
	reason string // digest
	event  string
}

type reasonsKey struct{}

func from(ctx context.Context) reasons {
	if r, ok := ctx.Value(reasonsKey{}).(reasons); ok {
		return r
	}
	return reasons{action: unnamed}
}

// cause is the id of what began the change: a request, or an event.
func (r reasons) cause(ctx context.Context) string {
	if r.event != "" {
		return r.event
	}
	return requestid.From(ctx)
}

// Work returns the context of work that nobody called for, under a name such as
// "calendar.announce". The event that caused it may be empty.
func Work(ctx context.Context, name, event string) context.Context {
	return context.WithValue(ctx, reasonsKey{}, reasons{action: name, event: event})
}

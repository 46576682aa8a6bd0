package sqldb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	noDistrict    = "-" // stands for "said, but none": the state's rows can be read
	quotedLen     = 60  // characters of a statement shown in an error
	districtsJoin = ","
)

// ErrNoTenant is returned by every statement whose context does not say which
// districts' rows it may touch. The remedy is in package tenant, or a call that
// carries an identity; it is never an answer to a client.
var ErrNoTenant = errors.New("statement runs for no tenant: its context needs tenant.With or an identity")

// district is what may stand in the setting that policies read.
var district = regexp.MustCompile(`^(\*|[A-Za-z0-9_.~-]{1,128})$`)

// guard stands before every statement of a database, on both dialects, so that
// work which forgot its tenant fails everywhere and not on PostgreSQL alone.
type guard struct {
	tracer
	observer atomic.Pointer[func(ctx context.Context, statement string)]
}

// allow returns the districts of the context as the policies read them.
func (g *guard) allow(ctx context.Context, statement string) (string, error) {
	ids := tenant.From(ctx)
	if ids == nil {
		return "", fmt.Errorf("%w: %.*s", ErrNoTenant, quotedLen, strings.Join(strings.Fields(statement), " "))
	}
	for _, id := range ids {
		if !district.MatchString(id) {
			return "", fmt.Errorf("tenant %q is no id of a district", id)
		}
	}
	if f := g.observer.Load(); f != nil {
		(*f)(ctx, statement)
	}
	if len(ids) == 0 {
		return noDistrict, nil
	}
	return strings.Join(ids, districtsJoin), nil
}

// Observe has f told every statement, with its context, until stop is called: tests
// prove with it that two requests run the same statements. f must be safe for
// concurrent use.
func (db *DB) Observe(f func(ctx context.Context, statement string)) (stop func()) {
	db.guard.observer.Store(&f)
	return func() { db.guard.observer.Store(nil) }
}

// Package caller finds out who makes a request, and with which rights.
//
// A request proves itself with a bearer token or key in its Authorization
// header, or else with what a Source finds: the cookie of a session. None of
// these says what a person may. That is asked of the schools service on every
// request, so that a grant that was ended is gone at once. What a machine may
// is said by Machines; the two root identities, which are no registered people,
// bring their grants in their token.
//
// What comes out is a context with the caller and the internal token that the
// services behind the gateway believe. Nothing else of the request, no header
// and no metadata, says who calls.
//
// Neighbours: kit/identity makes and checks tokens, packages signin and machine
// implement Source and Machines, packages rest and stream ask here.
package caller

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/tandem-badges/tandem/services/kit/access"
)

// Caller is who makes a request, as far as a proof tells.
type Caller struct {
	// Subject is a person or a machine.
	Subject string
	// Session is the id of the session or credential behind the request, for records.
	Session string
	// Grants of a machine or a root identity. Those of a person are asked for.
	Grants []access.Grant
	// Scopes bound what a machine may do.
	Scopes []string
}

// Source finds the caller in something other than the Authorization header. It
// says false when the request has nothing of its kind, and an error when it has
// and that is no good.
type Source interface {
	Identify(r *http.Request) (c Caller, found bool, err error)
}

// Machines knows the clients of the API that are no people.
type Machines interface {
	// Token returns the machine behind a verified access token, if the secret that
	// the token was given for is still good and the address may use it.
	Token(ctx context.Context, subject string, scopes []string, secretID string, from netip.Addr) (Caller, error)
	// Key returns the machine that an API key belongs to.
	Key(ctx context.Context, key string, from netip.Addr) (Caller, error)
}

type watchingKey struct{}

// Watching tells that nobody has just done something: the gateway looks again at
// who follows an open event stream. It must not keep a session alive.
func Watching(ctx context.Context) bool {
	watching, _ := ctx.Value(watchingKey{}).(bool)
	return watching
}

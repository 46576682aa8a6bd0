// Package requestid carries the id by which one call is found in all logs.
//
// The gateway or the first server gives a call its id; the client chain sends
// it on, so that one id names the whole tree of internal calls. It appears in
// log lines, in every error's RequestInfo and in the response header.
package requestid

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

// MetadataKey is the gRPC metadata key, and lower-cased HTTP header, of the id.
const MetadataKey = "x-request-id"

// ClientKey is the gRPC metadata key of what stands for the address that a call of
// the public came from: a digest with a key that the gateway alone has and forgets.
// By it a service counts how much comes from one place.
const ClientKey = "x-tandem-client"

const maxLength = 128

type contextKey struct{}

// New returns a fresh request id.
func New() string {
	return ids.New()
}

// Valid tells whether an id from outside may be taken over: 1 to 128 visible
// ASCII characters, so that it can do no harm in a log line or a header.
func Valid(id string) bool {
	if len(id) == 0 || len(id) > maxLength {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// With returns a context that carries the id.
func With(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// From returns the id the context carries, or "".
func From(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(string)
	return id
}

// Package etag turns a row's version into the opaque tag of AIP-154 and back.
//
// A client reads a resource, keeps its etag and sends it with the change; when
// somebody else was faster the change is refused instead of lost.
package etag

import (
	"strconv"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Of returns the etag of a version, quoted as RFC 9110 wants it.
func Of(version int64) string {
	return `"` + strconv.FormatInt(version, 36) + `"`
}

// Check compares what a client sent with the current version of the named
// resource. An empty etag asks for no check; any other difference is stale,
// also one that this server never gave out.
func Check(got string, version int64, name string) error {
	if got == "" || got == Of(version) {
		return nil
	}
	return problem.Stale(name)
}

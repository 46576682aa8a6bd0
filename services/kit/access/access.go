// Package access decides, in one place, who may call an RPC.
//
// Every RPC carries a rule in its proto (tandem.access.v1.rule): an action, and
// the request field that names the resource acted on. Roles are granted on nodes
// of the organization tree: the whole state, a district or a school. Which role
// may do which action, and how far it reaches, say the policies (Cedar files
// beside the protos, read by package policy); a district may forbid more by
// Restrictions and can never permit anything. The interceptor of this package
// asks them; handlers decide nothing about roles. Lists ask for the part of the
// tree that they may show (ScopeOf).
//
// A caller who may not learn that a resource exists gets the answer of one
// that never existed; only who sees it is told that a role is missing. Who may
// read without seeing people (analysts, evaluators, most machines) gets answers
// whose personal fields are emptied here, before they leave the service.
//
// Before this package runs, package identity has put the caller into the
// context; after it, requests are validated, so that a foreign resource with
// bad fields is still answered as unknown. Package grpcserver builds the chain.
package access

import (
	"context"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/scope"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// State is the node of the whole state, the root of the organization tree.
const State = ""

// Grant is a role on a node: State, "districts/d" or "districts/d/schools/s".
// It holds from Start until End of the product's clock; a zero time is no bound.
type Grant struct {
	Role       accessv1.Role
	Node       string
	Start, End time.Time
}

// Holds tells whether the grant counts at a time of the product's clock.
func (g Grant) Holds(now time.Time) bool {
	return (g.Start.IsZero() || !now.Before(g.Start)) && (g.End.IsZero() || now.Before(g.End))
}

// Identity is who calls: the name of a person or machine and the roles they hold.
type Identity struct {
	Subject string
	Grants  []Grant
	// Scopes bound what a machine may do; people have none.
	Scopes []string
	// Session is the id of the session or credential behind the call, for records.
	Session string
	// Service is which service of the platform made this call for the subject, by
	// its own proven identity: "gateway", "badges". Empty when nobody proved it.
	Service string
}

type identityKey struct{}

// WithIdentity returns a context that carries the caller.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(tenant.With(ctx, districts(id)...), identityKey{}, id)
}

// districts are the tenants whose rows the caller may be shown at all; the
// grants decide which of them.
func districts(id Identity) []string {
	var all []string
	for _, node := range nodes(id) {
		if node == State {
			return []string{tenant.All}
		}
		all = append(all, scope.District(node))
	}
	return all
}

// nodes are where the caller has something to do: the nodes of the grants, and
// for a machine its district.
func nodes(id Identity) []string {
	if district, machine := machineOf(id.Subject); machine {
		return []string{district}
	}
	all := make([]string, len(id.Grants))
	for i, g := range id.Grants {
		all[i] = g.Node
	}
	return all
}

// machineOf returns the district of a machine, districts/d/apiClients/c.
func machineOf(subject string) (district string, machine bool) {
	parts := strings.Split(subject, "/")
	if len(parts) != 4 || parts[0] != "districts" || parts[2] != "apiClients" {
		return "", false
	}
	return parts[0] + "/" + parts[1], true
}

// FromContext returns the caller, and false for an anonymous call.
func FromContext(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(Identity)
	return id, ok
}

// NodeOf returns the organization node a resource name lies in: its school,
// else its district, else the whole state. A wildcard "-" or an empty segment
// ends the node, so that a name never reaches deeper than it says.
func NodeOf(resourceName string) string {
	segments := strings.Split(resourceName, "/")
	node := State
	for i, collection := range []string{"districts", "schools"} {
		at := 2 * i
		if len(segments) < at+2 || segments[at] != collection || !concrete(segments[at+1]) {
			return node
		}
		node = strings.Join(segments[:at+2], "/")
	}
	return node
}

func concrete(segment string) bool {
	return segment != "" && segment != "-"
}

// Covers tells whether node lies at or below ancestor in the tree.
func Covers(ancestor, node string) bool {
	return ancestor == State || ancestor == node || strings.HasPrefix(node, ancestor+"/")
}

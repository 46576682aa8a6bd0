// Package access decides, in one place, who may call an RPC.
//
// Every RPC carries a rule in its proto (tandem.access.v1.rule): an action, the
// roles, how far a role reaches, and the request field that names the resource
// acted on. Roles are granted on nodes of the organization tree: the whole
// state, a district or a school. The interceptor of this package reads the
// rule from the descriptors and compares; handlers decide nothing about roles.
//
// A caller who may not learn that a resource exists gets the answer of one
// that never existed; only who sees it is told that a role is missing.
//
// Before this package runs, package identity has put the caller into the
// context; after it, requests are validated, so that a foreign resource with
// bad fields is still answered as unknown. Package grpcserver builds the chain.
package access

import (
	"context"
	"slices"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
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
	for _, g := range id.Grants {
		if g.Node == State {
			return []string{tenant.All}
		}
		if parts := strings.Split(g.Node, "/"); len(parts) > 1 {
			all = append(all, parts[1])
		}
	}
	return all
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

// Check decides whether the caller may do what the rule says to the named
// resource. It returns nil; problem.NotFound when the caller sees nothing
// there; or problem.Denied when they see it but may not.
func Check(id Identity, rule *accessv1.Rule, resourceName string) error {
	if rule.GetScope() == accessv1.Scope_SCOPE_PUBLIC {
		return nil
	}
	if id.Subject == "" {
		return problem.Unauthenticated(problem.ReasonIdentityMissing)
	}
	node := NodeOf(resourceName)
	if allowed(id, rule, node) {
		return nil
	}
	if sees(id, node) {
		return problem.Denied(rule.GetAction())
	}
	return problem.NotFound(resourceName)
}

func allowed(id Identity, rule *accessv1.Rule, node string) bool {
	switch rule.GetScope() {
	case accessv1.Scope_SCOPE_SIGNED_IN:
		return len(rule.GetRoles()) == 0 || holds(id, rule.GetRoles(), anywhere)
	case accessv1.Scope_SCOPE_ASSIGNED:
		return holds(id, rule.GetRoles(), anywhere)
	case accessv1.Scope_SCOPE_COVERS:
		return holds(id, rule.GetRoles(), func(granted string) bool { return Covers(granted, node) })
	case accessv1.Scope_SCOPE_WITHIN:
		return holds(id, rule.GetRoles(), func(granted string) bool {
			return Covers(granted, node) || Covers(node, granted)
		})
	default:
		return false
	}
}

// sees tells whether the caller may know that the node exists: it lies in what
// they hold a role on, or it is above that. That there is a state is no secret.
func sees(id Identity, node string) bool {
	return node == State || slices.ContainsFunc(id.Grants, func(g Grant) bool {
		return Covers(g.Node, node) || Covers(node, g.Node)
	})
}

func anywhere(string) bool { return true }

// holds tells whether one grant has one of the roles (none given: any role) on
// a node that suits.
func holds(id Identity, roles []accessv1.Role, suits func(node string) bool) bool {
	return slices.ContainsFunc(id.Grants, func(g Grant) bool {
		return (len(roles) == 0 || slices.Contains(roles, g.Role)) && suits(g.Node)
	})
}

// Nodes returns the nodes on which the caller holds one of the roles (none
// given: any role), sorted and without those that another one covers: the
// filter of a list. A list that holds State sees everything.
func Nodes(ctx context.Context, roles ...accessv1.Role) []string {
	id, _ := FromContext(ctx)
	var nodes []string
	for _, g := range id.Grants {
		if len(roles) == 0 || slices.Contains(roles, g.Role) {
			nodes = append(nodes, g.Node)
		}
	}
	slices.Sort(nodes)
	var top []string
	for _, node := range nodes { // ancestors sort before their descendants
		if !slices.ContainsFunc(top, func(t string) bool { return Covers(t, node) }) {
			top = append(top, node)
		}
	}
	return top
}

// HasRole tells whether the caller holds one of the roles (none given: any
// role) on the node or above it.
func HasRole(ctx context.Context, node string, roles ...accessv1.Role) bool {
	id, _ := FromContext(ctx)
	return holds(id, roles, func(granted string) bool { return Covers(granted, node) })
}

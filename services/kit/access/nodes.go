package access

import (
	"context"
	"slices"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
)

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

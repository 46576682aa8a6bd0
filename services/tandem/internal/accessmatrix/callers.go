package accessmatrix

import (
	"strings"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// Place is a node of the tree, as the callers stand to it.
type Place struct {
	Name string
	Node string
}

// The tree of the matrix: two districts that call their schools the same.
const (
	State         = ""
	District      = "districts/matrix-a"
	School        = District + "/schools/one"
	SchoolBeside  = District + "/schools/two"
	OtherDistrict = "districts/matrix-b"
	SchoolThere   = OtherDistrict + "/schools/one"
)

// Places are what every RPC is tried on.
func Places() []Place {
	return []Place{
		{"state", State},
		{"district", District},
		{"school", School},
		{"school beside", SchoolBeside},
		{"other district", OtherDistrict},
		{"school there", SchoolThere},
	}
}

// Caller is somebody or something that calls.
type Caller struct {
	// Name says who, e.g. "team lead@school" or "machine:schools.read".
	Name     string
	Identity access.Identity
	// Granted is the node of the caller's role, or the machine's district.
	Granted string
	// Nobody calls without any token.
	Nobody bool
}

// Callers are all kinds of callers, those with roles first. People and machines come
// without a service: an RPC between services has no route by which the gateway
// would call it for them.
func Callers() []Caller {
	var all []Caller
	for _, role := range policy.Roles() {
		if role == accessv1.Role_ROLE_INTEGRATION {
			continue // a machine is known by its name, and does by its scopes
		}
		for _, at := range Places()[:3] {
			all = append(all, Caller{
				Name: policy.RoleName(role) + "@" + at.Name, Granted: at.Node,
				Identity: access.Identity{Subject: "people/caller", Grants: []access.Grant{{Role: role, Node: at.Node}}},
			})
		}
	}
	all = append(all, machine("none"))
	for _, scope := range access.Scopes() {
		all = append(all, machine(scope.Name, scope.Name))
	}
	return append(
		all,
		Caller{Name: "without a role", Identity: access.Identity{Subject: "people/caller"}},
		Caller{Name: "service:gateway", Identity: access.Identity{Service: "gateway"}},
		Caller{Name: "service:badges", Identity: access.Identity{Service: "badges"}},
		Caller{Name: "nobody", Nobody: true},
	)
}

func machine(name string, scopes ...string) Caller {
	return Caller{
		Name: "machine:" + name, Granted: District,
		Identity: access.Identity{Subject: District + "/apiClients/caller", Scopes: scopes},
	}
}

// Relation says in a word how a place lies to where the caller's role was granted.
func Relation(caller Caller, place Place) string {
	district := func(node string) string {
		return strings.Join(strings.SplitN(node, "/", 3)[:min(2, strings.Count(node, "/")+1)], "/")
	}
	switch {
	case caller.Granted == "" && len(caller.Identity.Grants) == 0:
		return "none"
	case caller.Granted == place.Node:
		return "own"
	case access.Covers(caller.Granted, place.Node):
		return "below"
	case access.Covers(place.Node, caller.Granted):
		return "above"
	case district(caller.Granted) == district(place.Node):
		return "sibling school"
	default:
		return "other district"
	}
}

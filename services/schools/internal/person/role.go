package person

import (
	"slices"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// Role is what a person is on a node of the organization tree.
type Role string

// The roles.
const (
	StateAdmin          Role = "state_admin"
	StateAnalyst        Role = "state_analyst"
	DistrictCoordinator Role = "district_coordinator"
	Principal           Role = "principal"
	TeamLead            Role = "team_lead"
	TeamMember          Role = "team_member"
	FamilyLiaison       Role = "family_liaison"
	Reviewer            Role = "reviewer"
	PanelChair          Role = "panel_chair"
)

// Grant is a role on a node: empty for the state, a district or a school.
type Grant struct {
	Role Role   `json:"role"`
	Node string `json:"node"`
}

// Actor is who does something, with the roles they hold.
type Actor struct {
	Subject string
	Grants  []Grant
}

// Holds tells whether the actor holds one of the roles on the node or above it.
func (a Actor) Holds(node string, roles ...Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return slices.Contains(roles, g.Role) && record.Within(node, g.Node)
	})
}

// coordinatorGrants are the roles that a coordinator may grant in their district.
func coordinatorGrants() []Role {
	return []Role{DistrictCoordinator, Principal, TeamLead, TeamMember, FamilyLiaison}
}

// MayGrant tells whether the actor may give or take the grant: nobody grants
// more than they hold.
func (a Actor) MayGrant(g Grant) bool {
	if a.Holds("", StateAdmin) {
		return true
	}
	return g.Node != "" && slices.Contains(coordinatorGrants(), g.Role) && a.Holds(g.Node, DistrictCoordinator)
}

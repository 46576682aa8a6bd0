package grant

import (
	"slices"
	"time"

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
	OutsideEvaluator    Role = "outside_evaluator"
	Integration         Role = "integration"
)

// coordinatorGives are the roles that a coordinator may give in their district:
// each reads or does there at most what the coordinator does.
func coordinatorGives() []Role {
	return []Role{DistrictCoordinator, Principal, TeamLead, TeamMember, FamilyLiaison, OutsideEvaluator}
}

// dangerous tells whether a role on a node reaches so far that one person alone
// must not give it.
func dangerous(r Role, node string) bool {
	return node == "" || slices.Contains([]Role{StateAdmin, StateAnalyst, PanelChair, OutsideEvaluator}, r)
}

// Held is a role that somebody holds on a node (empty for the state) for a time;
// a zero time is no bound.
type Held struct {
	Role       Role
	Node       string
	Start, End time.Time
}

// At tells whether it is held at a time.
func (h Held) At(t time.Time) bool {
	return !t.Before(h.Start) && (h.End.IsZero() || t.Before(h.End))
}

// reaches tells whether who holds it may give and take a role on a node.
func (h Held) reaches(r Role, node string) bool {
	switch h.Role {
	case StateAdmin:
		return h.Node == ""
	case DistrictCoordinator:
		return node != "" && slices.Contains(coordinatorGives(), r) && record.Within(node, h.Node)
	default:
		return false
	}
}

// gives tells whether who holds it may give what is asked at a time: it is held
// then, reaches that far, and lasts as long.
func (h Held) gives(asked Held, at time.Time) bool {
	outlasted := !h.End.IsZero() && (asked.End.IsZero() || asked.End.After(h.End))
	return h.At(at) && h.reaches(asked.Role, asked.Node) && !outlasted && !asked.Start.Before(h.Start)
}

// Actor is who does something, with what their token says they hold.
type Actor struct {
	Subject string
	Grants  []Held
}

// Holds tells whether the actor holds one of the roles on the node or above it
// at a time.
func (a Actor) Holds(at time.Time, node string, roles ...Role) bool {
	return slices.ContainsFunc(a.Grants, func(h Held) bool {
		return h.At(at) && slices.Contains(roles, h.Role) && record.Within(node, h.Node)
	})
}

// The roots: identities that no roster knows. Their tokens are made by whoever
// holds the signing key, and say themselves what they hold.
const (
	rootDevelopment = "people/dev-admin"
	rootOperator    = "people/operator"
)

// Root tells whether a subject is one of the roots.
func Root(subject string) bool {
	return subject == rootDevelopment || subject == rootOperator
}

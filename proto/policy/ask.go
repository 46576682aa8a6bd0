package policy

import (
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
)

// Principal is who the policies are asked about.
type Principal struct{ entity types.Entity }

// Person is somebody signed in, apart from any role.
func Person(subject string) Principal {
	return Principal{types.Entity{UID: types.NewEntityUID(typePerson, types.String(subject))}}
}

// Holder is a person in one role, on the node it was granted on.
func (s *Set) Holder(role accessv1.Role, node string) Principal {
	return Principal{types.Entity{
		UID:     types.NewEntityUID(typeHolder, types.String(node)),
		Parents: s.words.roles[role], Attributes: on(node),
	}}
}

// Machine is a machine of the district, with its scopes.
func Machine(node string, scopes []string) Principal {
	parents := make([]types.EntityUID, len(scopes))
	for i, scope := range scopes {
		parents[i] = types.NewEntityUID(typeScope, types.String(scope))
	}
	return Principal{types.Entity{
		UID:     types.NewEntityUID(typeMachine, types.String(node)),
		Parents: types.NewEntityUIDSet(parents...), Attributes: on(node),
	}}
}

func on(node string) types.Record { return types.NewRecord(types.RecordMap{"node": nodeUID(node)}) }

// Answer is what the policies say to one principal.
type Answer struct {
	Allowed bool
	// Permits and Forbids are the policies that applied, by id. Any forbid wins.
	Permits, Forbids []*Policy
}

// Deidentified tells whether the answer lets somebody read, but no personal data.
func (a Answer) Deidentified() bool {
	return a.Allowed && !slices.ContainsFunc(a.Permits, func(p *Policy) bool { return !p.Deidentified })
}

// Ask answers whether the principal may do the action on the node: the state as
// "", "districts/d" or "districts/d/schools/s". An action that is in no policy is
// for nobody.
func (s *Set) Ask(who Principal, action, node string) Answer {
	return s.ask(s.byAction[action], who, action, node)
}

// AskAll is Ask without the index: the same answer, slower.
func (s *Set) AskAll(who Principal, action, node string) Answer {
	all := make(cedar.PolicyMap, len(s.policies))
	for _, p := range s.policies {
		all[types.PolicyID(p.ID)] = p.compiled
	}
	return s.ask(all, who, action, node)
}

func (s *Set) ask(policies cedar.PolicyMap, who Principal, action, node string) Answer {
	if len(policies) == 0 {
		return Answer{}
	}
	resource := types.Entity{UID: nodeUID(node)}
	resource.Parents = above(string(resource.UID.ID))
	decision, diagnostic := cedar.Authorize(policies, &world{s.words.entities, who.entity, resource}, cedar.Request{
		Principal: who.entity.UID, Action: types.NewEntityUID(typeAction, types.String(action)), Resource: resource.UID,
	})
	answer := Answer{Allowed: decision == cedar.Allow && len(diagnostic.Errors) == 0}
	for _, reason := range diagnostic.Reasons {
		p := s.byID[reason.PolicyID]
		if p.Forbids {
			answer.Forbids = append(answer.Forbids, p)
		} else {
			answer.Permits = append(answer.Permits, p)
		}
	}
	byID := func(a, b *Policy) int { return strings.Compare(a.ID, b.ID) }
	slices.SortFunc(answer.Permits, byID)
	slices.SortFunc(answer.Forbids, byID)
	return answer
}

// world is the entities of one request: the fixed ones, the principal, and the
// nodes, which are told by their names.
type world struct {
	fixed     types.EntityMap
	principal types.Entity
	resource  types.Entity
}

// Get finds an entity.
func (w *world) Get(uid types.EntityUID) (types.Entity, bool) {
	switch uid.Type {
	case typeNode:
		if uid == w.resource.UID {
			return w.resource, true
		}
		return types.Entity{UID: uid, Parents: above(string(uid.ID))}, true
	case w.principal.UID.Type:
		return w.principal, uid == w.principal.UID
	default:
		entity, ok := w.fixed[uid]
		return entity, ok
	}
}

// stateID is the id of the node above all others.
const stateID = "state"

func nodeUID(node string) types.EntityUID {
	if node == "" {
		node = stateID
	}
	return types.NewEntityUID(typeNode, types.String(node))
}

// state is the node above all others, and underState what a district is in.
var (
	state      = types.NewEntityUID(typeNode, stateID)
	underState = types.NewEntityUIDSet(state)
)

// above are the nodes over one: a school's district, and the state.
func above(node string) types.EntityUIDSet {
	if node == stateID {
		return types.EntityUIDSet{}
	}
	if district, _, isSchool := strings.Cut(node, "/schools/"); isSchool {
		return types.NewEntityUIDSet(types.NewEntityUID(typeNode, types.String(district)), state)
	}
	return underState
}

package policy

import (
	"slices"

	"github.com/cedar-policy/cedar-go/x/exp/ast"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
)

// Scope is something a machine may be allowed, for which it needs no role.
type Scope struct {
	Name string // e.g. "schools.read"
	Doc  string // what it lets a machine do, in one plain line
	// Identified: the machine reads people by name. Such a machine needs the
	// approval of a second person.
	Identified bool
}

// About lists the actions that a policy can say anything about.
func (s *Set) About(p *Policy) []string {
	var names []string
	for _, action := range s.words.actions {
		if s.words.applies(p, action.Name) {
			names = append(names, action.Name)
		}
	}
	return names
}

// Scopes lists what machines can be allowed, in the order of the policies.
func (s *Set) Scopes() []Scope {
	var scopes []Scope
	for _, p := range s.policies {
		if name, ok := scopeOf(p); ok {
			scopes = append(scopes, Scope{Name: name, Doc: p.Doc, Identified: p.Identified})
		}
	}
	return scopes
}

// scopeOf is the scope that a policy is for.
func scopeOf(p *Policy) (string, bool) {
	in, ok := p.compiled.AST().Principal.(ast.ScopeTypeIn)
	if !ok || in.Entity.Type != typeScope {
		return "", false
	}
	return string(in.Entity.ID), true
}

// The nodes by which a policy is tried out: it knows them by their place only.
const (
	anyDistrict = "districts/d"
	anySchool   = anyDistrict + "/schools/s"
)

// Anybody answers whether everybody who is signed in may do an action.
func (s *Set) Anybody(action string) Answer { return s.Ask(Person("people/p"), action, "") }

// Role answers whether a role may do an action where it was granted.
func (s *Set) Role(role accessv1.Role, action string) Answer {
	return s.Ask(s.Holder(role, anySchool), action, anySchool)
}

// Machine answers whether a scope lets a machine do an action in its district.
func (s *Set) Machine(scope, action string) Answer {
	return s.Ask(Machine(anyDistrict, []string{scope}), action, anyDistrict)
}

// RolesOf lists the roles that may do an action where they were granted.
func (s *Set) RolesOf(action string) []accessv1.Role {
	return slices.DeleteFunc(Roles(), func(r accessv1.Role) bool { return !s.Role(r, action).Allowed })
}

// ScopesOf lists the scopes by which a machine may do an action.
func (s *Set) ScopesOf(action string) []string {
	var names []string
	for _, scope := range s.Scopes() {
		if s.Machine(scope.Name, action).Allowed {
			names = append(names, scope.Name)
		}
	}
	return names
}

// Reach says how far the roles of an action reach: the widest of all of them.
func (s *Set) Reach(action string) accessv1.Scope {
	if s.Anybody(action).Allowed {
		return accessv1.Scope_SCOPE_SIGNED_IN
	}
	reach := accessv1.Scope_SCOPE_UNSPECIFIED
	for _, role := range Roles() {
		reach = wider(reach, s.ReachOf(role, action))
	}
	return reach
}

// ReachOf is how far one role reaches.
func (s *Set) ReachOf(role accessv1.Role, action string) accessv1.Scope {
	who := s.Holder(role, anySchool)
	allowed := func(node string) bool { return s.Ask(who, action, node).Allowed }
	switch {
	case allowed("districts/another"):
		return accessv1.Scope_SCOPE_SIGNED_IN
	case allowed(anyDistrict):
		return accessv1.Scope_SCOPE_WITHIN
	case allowed(anySchool):
		return accessv1.Scope_SCOPE_COVERS
	default:
		return accessv1.Scope_SCOPE_UNSPECIFIED
	}
}

// wider is the scope that reaches further.
func wider(a, b accessv1.Scope) accessv1.Scope {
	order := []accessv1.Scope{
		accessv1.Scope_SCOPE_UNSPECIFIED, accessv1.Scope_SCOPE_COVERS, accessv1.Scope_SCOPE_WITHIN, accessv1.Scope_SCOPE_SIGNED_IN,
	}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

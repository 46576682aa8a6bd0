package access

import (
	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
)

// Scopes lists what machines can be allowed. Each is one policy of machines.cedar.
func Scopes() []policy.Scope {
	set, err := policy.Load()
	if err != nil {
		return nil // nothing can be given then
	}
	return set.Scopes()
}

// ScopeIdentified tells whether a scope lets a machine read people by name, for
// which a second person must approve it. A scope that is none is taken for one.
func ScopeIdentified(name string) bool {
	for _, scope := range Scopes() {
		if scope.Name == name {
			return scope.Identified
		}
	}
	return true
}

// ActionsOf lists what a role lets its holder do where it was granted, beyond what
// everybody may who is signed in.
func ActionsOf(role accessv1.Role) []policy.Action {
	return actions(func(set *policy.Set, action string) bool { return set.Role(role, action).Allowed })
}

// ActionsOfScope lists what a scope lets a machine do in its district, beyond what
// every machine may.
func ActionsOfScope(scope string) []policy.Action {
	return actions(func(set *policy.Set, action string) bool {
		return set.Machine(scope, action).Allowed && !set.Machine("", action).Allowed
	})
}

// actions are those that hold, each with the group it is in, in plain words.
func actions(holds func(set *policy.Set, action string) bool) []policy.Action {
	set, err := policy.Load()
	if err != nil {
		return nil
	}
	var found []policy.Action
	for _, action := range set.Actions() {
		if holds(set, action.Name) {
			found = append(found, action)
		}
	}
	return found
}

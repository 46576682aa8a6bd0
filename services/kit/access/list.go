package access

import (
	"context"
	"slices"

	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/scope"
)

// ScopeOf returns the part of the tree in which the caller of the context may do
// an action: the filter of a list. What everybody may do shows everything; a list
// that each caller sees their own part of takes the action of the single resource.
func ScopeOf(ctx context.Context, action string) scope.Scope {
	set, err := policy.Load()
	own := restrictionsOf(ctx)
	if err != nil || own.Ready() != nil {
		return scope.Scope{}
	}
	id, _ := FromContext(ctx)
	var shown scope.Scope
	for _, who := range principals(set, id) {
		if !set.Ask(who.Principal, action, who.node).Allowed {
			continue
		}
		if one, ok := own.reaching(who, action); ok {
			shown = scope.Join(shown, one)
		}
	}
	shown.Nodes = top(shown)
	if foreignToo && len(shown.Nodes) > 0 {
		shown.Beyond = districts(id)
	}
	return shown
}

// reaching is where a principal's right to an action reaches, less what the
// districts forbid; false where nothing of it is left.
func (r *Restrictions) reaching(who principal, action string) (scope.Scope, bool) {
	if who.node != State {
		return scope.Of(who.node), len(r.forbidding(who.Principal, action, who.node)) == 0
	}
	whole := scope.Of(State)
	for _, district := range r.restricted() {
		if len(r.forbidding(who.Principal, action, "districts/"+district)) > 0 {
			whole.Except = append(whole.Except, district)
		}
	}
	return whole, true
}

// top drops the nodes that another one shows already.
func top(s scope.Scope) []string {
	slices.Sort(s.Nodes)
	var kept []string
	for _, node := range slices.Compact(s.Nodes) { // what is above sorts before what is below
		if !(scope.Scope{Nodes: kept, Except: s.Except}).Covers(node) {
			kept = append(kept, node)
		}
	}
	return kept
}

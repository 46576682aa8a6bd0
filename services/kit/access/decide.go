package access

import (
	"slices"

	"github.com/tandem-badges/tandem/proto/policy"
)

// decision is what the policies say to a caller in all their roles together.
type decision struct {
	allowed bool
	// deidentified: the caller may read, but nothing about people.
	deidentified bool
	permits      []*policy.Policy // that let the caller, of all roles
	forbids      []*policy.Policy // that took from a role what another policy gave it
	restrictions []Restriction    // of the district, that took what the platform gives
}

// decide asks the policies for each role of the caller by itself: what one role
// may, another one's forbid does not take away. A restriction only ever takes a
// right away that the policies gave, which is why it can never give one. Unless all
// reasons are wanted, it stops at the first role that may without reserve.
func decide(set *policy.Set, own *Restrictions, id Identity, action, node string, allReasons bool) decision {
	var d decision
	identified := false
	for _, who := range nearest(principals(set, id), node) {
		target := reach(id, who.node, node)
		answer := set.Ask(who.Principal, action, target)
		d.forbids = append(d.forbids, answer.Forbids...)
		if !answer.Allowed {
			continue
		}
		if taken := own.forbidding(who.Principal, action, target); len(taken) > 0 {
			d.restrictions = append(d.restrictions, taken...)
			continue
		}
		d.allowed = true
		d.permits = append(d.permits, answer.Permits...)
		identified = identified || !answer.Deidentified()
		if identified && !allReasons {
			return decision{allowed: true}
		}
	}
	d.deidentified = d.allowed && !identified
	d.permits, d.forbids = once(d.permits), once(d.forbids)
	return d
}

// principal is one thing the caller is, with the node it is that on.
type principal struct {
	policy.Principal
	node string
}

// principals are all the caller is: a machine with its scopes, or somebody signed
// in and each of their roles. Whoever is not signed in is nothing.
func principals(set *policy.Set, id Identity) []principal {
	if id.Subject == "" {
		return nil
	}
	if district, machine := machineOf(id.Subject); machine {
		return []principal{{policy.Machine(district, id.Scopes), district}}
	}
	all := make([]principal, 0, len(id.Grants)+1)
	for _, g := range id.Grants {
		all = append(all, principal{set.Holder(g.Role, g.Node), g.Node})
	}
	return append(all, principal{policy.Person(id.Subject), State})
}

// nearest puts first what the caller is where the node lies: there the answer is.
func nearest(all []principal, node string) []principal {
	far := func(who principal) int {
		if who.node != State && Covers(who.node, node) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b principal) int { return far(a) - far(b) })
	return all
}

// once drops policies that are there already.
func once(policies []*policy.Policy) []*policy.Policy {
	var out []*policy.Policy
	for _, p := range policies {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

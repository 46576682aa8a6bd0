package api

import (
	"context"
	"slices"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/access"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

// offices are the roles that keep machines: what a machine can be given lies
// within what they hold.
func offices() []accessv1.Role {
	return []accessv1.Role{accessv1.Role_ROLE_STATE_ADMIN, accessv1.Role_ROLE_DISTRICT_COORDINATOR}
}

// actor is who calls, with what they hold on the district now.
func (s *server) actor(ctx context.Context, district string) machine.Actor {
	id, _ := access.FromContext(ctx)
	now := s.machines.Clock.Now()
	held := slices.DeleteFunc(slices.Clone(id.Grants), func(g access.Grant) bool {
		begun := g.Start.IsZero() || !now.Before(g.Start)
		over := !g.End.IsZero() && !now.Before(g.End)
		return !begun || over || !slices.Contains(offices(), g.Role) || !access.Covers(g.Node, district)
	})
	return machine.Actor{
		Subject: id.Subject, Until: until(held),
		Holds: func(scope string) bool { return len(held) > 0 && s.holds(ctx, scope, district) },
	}
}

// holds tells whether the caller may do themselves, on the district, what the
// scope lets a machine do. What no role is needed for needs none here either.
func (s *server) holds(ctx context.Context, scope, district string) bool {
	for _, action := range access.ActionsOfScope(scope) {
		if s.needsRole[action.Name] && !access.May(ctx, action.Name, district) {
			return false
		}
	}
	return true
}

// needsRole are the actions that somebody may do by a role.
func needsRole() map[string]bool {
	found := map[string]bool{}
	for _, role := range policy.Roles() {
		for _, action := range access.ActionsOf(role) {
			found[action.Name] = true
		}
	}
	return found
}

// until is when the last of the grants ends, zero for never.
func until(grants []access.Grant) (last time.Time) {
	for _, g := range grants {
		if g.End.IsZero() {
			return time.Time{}
		}
		if g.End.After(last) {
			last = g.End
		}
	}
	return last
}

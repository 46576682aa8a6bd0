package access_test

import (
	"context"
	"testing"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// A decision stands before every call: this is what it costs.
func BenchmarkCheck(b *testing.B) {
	lead := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_TEAM_LEAD, maple)}
	many := access.Identity{Subject: "people/p", Grants: append(grant(accessv1.Role_ROLE_REVIEWER, ""), append(grant(accessv1.Role_ROLE_TEAM_MEMBER, cedar), append(grant(accessv1.Role_ROLE_FAMILY_LIAISON, other), lead.Grants...)...)...)}
	restricted := restrict(b, noNotes(accessv1.Role_ROLE_FAMILY_LIAISON))
	cases := map[string]struct {
		ctx      context.Context
		id       access.Identity
		action   string
		resource string
	}{
		"one role, permitted":          {context.Background(), lead, "journeys.choose", maple + "/teams/t/journeys/j"},
		"one role, not their school":   {context.Background(), lead, "journeys.choose", cedar},
		"four roles, permitted":        {context.Background(), many, "journeys.choose", maple},
		"four roles, with forbids":     {context.Background(), many, "notes.get", maple},
		"one role, in a restriction":   {restricted, lead, "notes.get", maple},
		"somebody without a role":      {context.Background(), access.Identity{Subject: "people/p"}, "cycles.get", "cycles/2026"},
		"a machine, permitted":         {context.Background(), access.Identity{Subject: "districts/0880/apiClients/c", Scopes: []string{"journeys.read", "schools.read"}}, "journeys.get", maple},
		"public, which asks no policy": {context.Background(), access.Identity{}, "", ""},
	}
	for name, c := range cases {
		r := rule(c.action)
		if c.action == "" {
			r.Scope = accessv1.Scope_SCOPE_PUBLIC
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = access.Check(c.ctx, c.id, r, c.resource)
			}
		})
	}
}

func BenchmarkScopeOf(b *testing.B) {
	ctx := access.WithIdentity(context.Background(), access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_TEAM_LEAD, maple)})
	for b.Loop() {
		_ = access.ScopeOf(ctx, "journeys.get")
	}
}

package access_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func restrict(t require.TestingT, list ...access.Restriction) context.Context {
	own := &access.Restrictions{}
	for _, r := range list {
		require.NoError(t, own.Set(r.District, []access.Restriction{r}))
	}
	return access.WithRestrictions(context.Background(), own)
}

func noNotes(roles ...accessv1.Role) access.Restriction {
	return access.Restriction{
		Name: "districts/0880/restrictions/notes", District: "0880", Actions: []string{"notes.*", "artifacts.download"},
		Roles: roles, Reason: "Notes stay on paper here.",
	}
}

func TestARestrictionTakesARightAndSaysWhy(t *testing.T) {
	lead := accessv1.Role_ROLE_TEAM_LEAD
	cases := map[string]struct {
		restriction access.Restriction
		grants      []access.Grant
		action      string
		resource    string
		want        bool
	}{
		"the role it names":                     {noNotes(lead), grant(lead, maple), "notes.create", maple, false},
		"all actions of a resource":             {noNotes(lead), grant(lead, maple), "notes.list", maple, false},
		"an action by its name":                 {noNotes(lead), grant(lead, maple), "artifacts.download", maple, false},
		"another action of that resource":       {noNotes(lead), grant(lead, maple), "artifacts.get", maple, true},
		"another role":                          {noNotes(lead), grant(accessv1.Role_ROLE_PRINCIPAL, maple), "notes.create", maple, true},
		"another district":                      {noNotes(lead), grant(lead, other), "notes.create", other, true},
		"what another role of theirs gives":     {noNotes(lead), append(grant(lead, maple), grant(accessv1.Role_ROLE_PRINCIPAL, maple)...), "notes.create", maple, true},
		"no role named: everybody":              {noNotes(), grant(accessv1.Role_ROLE_PRINCIPAL, maple), "notes.get", maple, false},
		"no role named: not the coordinator":    {noNotes(), grant(accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/0880"), "notes.get", maple, true},
		"no role named: not the state":          {noNotes(), grant(accessv1.Role_ROLE_STATE_ADMIN, ""), "notes.get", maple, true},
		"the state, where it is named":          {noNotes(accessv1.Role_ROLE_STATE_ADMIN), grant(accessv1.Role_ROLE_STATE_ADMIN, ""), "notes.get", maple, false},
		"the state elsewhere":                   {noNotes(accessv1.Role_ROLE_STATE_ADMIN), grant(accessv1.Role_ROLE_STATE_ADMIN, ""), "notes.get", other, true},
		"a role granted above the district too": {noNotes(lead), grant(lead, ""), "notes.get", maple, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			id := access.Identity{Subject: "people/p", Grants: c.grants}
			require.NoError(t, access.Check(t.Context(), id, rule(c.action), c.resource), "without the restriction")
			err := access.Check(restrict(t, c.restriction), id, rule(c.action), c.resource)
			if c.want {
				require.NoError(t, err)
				return
			}
			e, ok := problem.As(err)
			require.True(t, ok && e.Kind == problem.KindDenied, "%v", err)
			require.Len(t, e.Violations, 1)
			require.Equal(t, "Notes stay on paper here.", e.Violations[0].Fix)
		})
	}
}

func TestARestrictionTellsNobodyOutsideThatItIsThere(t *testing.T) {
	id := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_TEAM_LEAD, other)}
	err := access.Check(restrict(t, noNotes(accessv1.Role_ROLE_TEAM_LEAD)), id, rule("notes.get"), maple)
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
	denied := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_REVIEWER, maple)}
	err = access.Check(restrict(t, noNotes(accessv1.Role_ROLE_REVIEWER)), denied, rule("notes.get"), maple)
	e, _ := problem.As(err)
	require.Empty(t, e.Violations, "what the platform refuses, no district needs to")
}

func TestRestrictionsOfMachines(t *testing.T) {
	id := access.Identity{Subject: "districts/0880/apiClients/c", Scopes: []string{"journeys.read"}}
	machines := access.Restriction{Name: "r", District: "0880", Actions: []string{"journeys.*"}, Roles: []accessv1.Role{accessv1.Role_ROLE_INTEGRATION}, Reason: "No."}
	require.NoError(t, access.Check(t.Context(), id, rule("journeys.get"), maple))
	require.True(t, problem.Is(access.Check(restrict(t, machines), id, rule("journeys.get"), maple), problem.KindDenied))
}

func TestThePolicyOfARestrictionCanBeRead(t *testing.T) {
	text, err := noNotes(accessv1.Role_ROLE_TEAM_LEAD).Policy()
	require.NoError(t, err)
	require.Equal(t, `@id("districts/0880/restrictions/notes")
@doc("Notes stay on paper here.")
forbid (
  principal,
  action in [
    Action::"artifacts.download",
    Action::"notes.count",
    Action::"notes.create",
    Action::"notes.get",
    Action::"notes.list"
  ],
  resource in Node::"districts/0880"
) when { principal in Role::"team lead" };`, text)
	_, err = access.Restriction{Name: "r", District: "d", Actions: []string{"notes.burn"}}.Policy()
	require.ErrorContains(t, err, "notes.burn")
}

// Whatever a district writes, no call that was refused is permitted by it, and
// nothing changes outside the district.
func TestARestrictionNeverPermitsAndEndsAtTheBorder(t *testing.T) {
	set, err := policy.Load()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		r := drawRestriction(t, set)
		own := restrict(t, r)
		id := drawIdentity(t, set)
		action := rapid.SampledFrom(set.Actions()).Draw(t, "action").Name
		resource := drawNode(t, "resource")
		before := access.Check(context.Background(), id, rule(action), resource)
		after := access.Check(own, id, rule(action), resource)
		if before != nil && (after == nil || after.Error() != before.Error()) {
			t.Fatalf("%v turned %v into %v", r, before, after)
		}
		if !access.Covers("districts/"+r.District, resource) && (before == nil) != (after == nil) {
			t.Fatalf("%v reaches %q: %v, %v", r, resource, before, after)
		}
	})
}

func TestTextInARestrictionEndsNothingEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := noNotes(accessv1.Role_ROLE_TEAM_LEAD)
		r.Reason = rapid.OneOf(rapid.String(), rapid.Just(`") permit (principal, action, resource); //`)).Draw(t, "reason")
		r.Name = rapid.StringMatching(`[a-z"\\);\n ]{1,20}`).Draw(t, "name")
		id := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_TEAM_LEAD, maple)}
		e, ok := problem.As(access.Check(restrict(t, r), id, rule("notes.get"), maple))
		require.True(t, ok)
		require.Equal(t, r.Reason, e.Violations[0].Fix)
	})
}

func TestSetReplacesThoseOfOneDistrict(t *testing.T) {
	own := &access.Restrictions{}
	ctx := access.WithRestrictions(context.Background(), own)
	id := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_TEAM_LEAD, maple)}
	forbidden := func() bool { return access.Check(ctx, id, rule("notes.get"), maple) != nil }

	require.NoError(t, own.Set("0880", []access.Restriction{noNotes(accessv1.Role_ROLE_TEAM_LEAD)}))
	require.NoError(t, own.Set("1420", nil))
	require.True(t, forbidden(), "another district's do not replace them")
	require.Error(t, own.Set("0880", []access.Restriction{{Name: "x", District: "1420"}}), "a restriction of somebody else")
	require.True(t, forbidden(), "what cannot be read changes nothing")
	newer := noNotes(accessv1.Role_ROLE_TEAM_LEAD)
	newer.Actions = append(newer.Actions, "notes.burn", "fires.light")
	require.NoError(t, own.Set("0880", []access.Restriction{newer}), "actions of a newer version are passed over")
	require.True(t, forbidden())
	require.NoError(t, own.Set("0880", nil))
	require.False(t, forbidden())
}

func TestNothingInADistrictIsDecidedBeforeItsRestrictionsArrived(t *testing.T) {
	own := access.AwaitedRestrictions()
	ctx := access.WithRestrictions(context.Background(), own)
	id := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_TEAM_LEAD, maple)}
	require.True(t, problem.Is(access.Check(ctx, id, rule("teams.get"), maple), problem.KindUnavailable))
	require.False(t, access.May(access.WithIdentity(ctx, id), "teams.get", maple))
	require.NoError(t, access.Check(ctx, id, rule("cycles.get"), "cycles/2026"))
	own.Arrived()
	require.NoError(t, access.Check(ctx, id, rule("teams.get"), maple))
	require.True(t, access.May(access.WithIdentity(ctx, id), "teams.get", maple))
}

func drawRestriction(t *rapid.T, set *policy.Set) access.Restriction {
	var words []string
	for _, a := range set.Actions() {
		words = append(words, a.Name)
	}
	words = append(words, "notes.*", "journeys.*", "schools.*", "awards.*")
	return access.Restriction{
		Name: "r", District: rapid.SampledFrom([]string{"d", "d1", "e"}).Draw(t, "district"), Reason: "No.",
		Actions: rapid.SliceOfN(rapid.SampledFrom(words), 1, 40).Draw(t, "actions"),
		Roles:   rapid.SliceOfNDistinct(rapid.SampledFrom(policy.Roles()), 0, 3, rapid.ID).Draw(t, "roles"),
	}
}

// drawIdentity is a person with some grants, or a machine with some scopes.
func drawIdentity(t *rapid.T, set *policy.Set) access.Identity {
	if rapid.IntRange(0, 4).Draw(t, "machine") == 0 {
		var scopes []string
		for _, s := range set.Scopes() {
			scopes = append(scopes, s.Name)
		}
		return access.Identity{
			Subject: "districts/" + rapid.SampledFrom([]string{"d", "e"}).Draw(t, "of") + "/apiClients/c",
			Scopes:  rapid.SliceOfDistinct(rapid.SampledFrom(scopes), rapid.ID).Draw(t, "scopes"),
		}
	}
	id := access.Identity{Subject: "people/p"}
	for range rapid.IntRange(0, 4).Draw(t, "grants") {
		id.Grants = append(id.Grants, access.Grant{Role: rapid.SampledFrom(policy.Roles()).Draw(t, "role"), Node: drawNode(t, "node")})
	}
	return id
}

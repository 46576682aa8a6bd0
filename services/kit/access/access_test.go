package access_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	maple = "districts/0880/schools/maple"
	cedar = "districts/0880/schools/cedar"
	other = "districts/1420/schools/birch"
)

func TestNodeOf(t *testing.T) {
	cases := map[string]string{
		"":                                      "",
		"cycles/2026":                           "",
		"districts":                             "",
		"districts/0880":                        "districts/0880",
		"districts/0880/people/p":               "districts/0880",
		"districts/0880/schools":                "districts/0880",
		maple:                                   maple,
		maple + "/teams/t/journeys/j/steps/s":   maple,
		"districts/0880/schools/-":              "districts/0880",
		"districts/0880/schools/-/teams/t":      "districts/0880",
		"districts/-":                           "",
		"districts/-/schools/maple":             "",
		"districts//schools/maple":              "",
		"districts/0880/schools/":               "districts/0880",
		"schools/maple":                         "",
		"/districts/0880":                       "",
		"panels/p/districts/0880":               "",
		"districts/0880/networks/n/schools/s":   "districts/0880",
		"people/p/districts/0880/schools/birch": "",
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, want, access.NodeOf(name)) })
	}
}

func TestCheck(t *testing.T) {
	const (
		allowed = problem.Kind(-1)
		denied  = problem.KindDenied
		unknown = problem.KindNotFound
	)
	principal := grant(accessv1.Role_ROLE_PRINCIPAL, maple)
	coordinator := grant(accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/0880")
	state := grant(accessv1.Role_ROLE_STATE_ADMIN, access.State)
	covers := rule("teams.create")  // principal, team lead and coordinator
	within := rule("campaigns.get") // the school and its offices; researchers
	cases := map[string]struct {
		rule     *accessv1.Rule
		grants   []access.Grant
		resource string
		want     problem.Kind
	}{
		"covers: the role on the school itself":                         {covers, principal, maple + "/teams/t", allowed},
		"covers: the role on the district above":                        {covers, coordinator, maple, allowed},
		"covers: another school is unknown":                             {covers, principal, cedar, unknown},
		"covers: another district is unknown":                           {covers, coordinator, other, unknown},
		"covers: the district above is seen but not acted on":           {covers, principal, "districts/0880", denied},
		"covers: a district of others is unknown":                       {covers, principal, "districts/1420", unknown},
		"covers: the wrong role where one is seen":                      {covers, grant(accessv1.Role_ROLE_TEAM_MEMBER, maple), maple, denied},
		"covers: the wrong role on the state sees everything":           {covers, state, other, denied},
		"covers: a name that begins alike is another school":            {covers, principal, maple + "-2", unknown},
		"covers: a state-wide resource is seen by all":                  {covers, principal, "cycles/2026", denied},
		"covers: all schools of a district are more than one of them":   {covers, principal, "districts/0880/schools/-", denied},
		"covers: all districts are more than one of them":               {covers, coordinator, "districts/-", denied},
		"covers: the wrong role here does not lend from another school": {covers, append(grant(accessv1.Role_ROLE_TEAM_MEMBER, cedar), principal...), cedar, denied},
		"covers: no grant at all sees nothing":                          {covers, nil, maple, unknown},
		"within: the role on a school reads its district":               {within, principal, "districts/0880", allowed},
		"within: the role on a school reads the state":                  {within, principal, "cycles/2026", allowed},
		"within: another school is unknown":                             {within, principal, cedar, unknown},
		"within: another district is unknown":                           {within, principal, "districts/1420", unknown},
		"within: the wrong role in the district":                        {within, grant(accessv1.Role_ROLE_REVIEWER, "districts/0880"), maple, denied},
		"signed in: nobody in particular":                               {rule("frameworks.get"), nil, "frameworks/f", allowed},
		"signed in: the role held anywhere":                             {rule("clock.set"), grant(accessv1.Role_ROLE_STATE_ADMIN, maple), "", allowed},
		"signed in: the role held nowhere":                              {rule("clock.set"), principal, "", denied},
		"a role that was never given rights":                            {covers, grant(accessv1.Role_ROLE_INTEGRATION, maple), maple, denied},
		"a role that is none":                                           {covers, grant(accessv1.Role_ROLE_UNSPECIFIED, maple), maple, denied},
		"no action allows nobody":                                       {&accessv1.Rule{}, state, maple, denied},
		"an action in no policy allows nobody":                          {rule("teams.dissolve"), state, maple, denied},
		"no rule allows nobody":                                         {nil, state, maple, denied},
		"public allows everybody":                                       {&accessv1.Rule{Scope: accessv1.Scope_SCOPE_PUBLIC}, nil, other, allowed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := access.Check(t.Context(), access.Identity{Subject: "people/p", Grants: c.grants}, c.rule, c.resource)
			if c.want == allowed {
				require.NoError(t, err)
				return
			}
			require.True(t, problem.Is(err, c.want), "%v", err)
		})
	}
}

func TestCheckOfAnonymous(t *testing.T) {
	public := &accessv1.Rule{Scope: accessv1.Scope_SCOPE_PUBLIC}
	require.NoError(t, access.Check(t.Context(), access.Identity{}, public, maple))
	for _, action := range []string{"frameworks.get", "teams.create", "campaigns.get", "clock.set"} {
		err := access.Check(t.Context(), access.Identity{Grants: grant(accessv1.Role_ROLE_STATE_ADMIN, access.State)}, rule(action), maple)
		require.True(t, problem.Is(err, problem.KindUnauthenticated), "grants without a subject are nobody's")
	}
}

func TestInternalCallsAreForTheServicesNamed(t *testing.T) {
	internal := &accessv1.Rule{Action: "subjects.resolve", Scope: accessv1.Scope_SCOPE_INTERNAL, Callers: []string{"gateway"}}
	cases := map[string]struct {
		id   access.Identity
		want bool
	}{
		"the service named, for nobody":      {access.Identity{Service: "gateway"}, true},
		"the service named, for somebody":    {access.Identity{Service: "gateway", Subject: "people/p"}, true},
		"another service":                    {access.Identity{Service: "badges"}, false},
		"nobody proved":                      {access.Identity{}, false},
		"a state administrator, not proved":  {access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_STATE_ADMIN, access.State)}, false},
		"a subject called like the service ": {access.Identity{Subject: "gateway"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := access.Check(t.Context(), c.id, internal, "")
			require.Equal(t, c.want, err == nil)
			require.Equal(t, !c.want, problem.Is(err, problem.KindDenied))
		})
	}
}

func TestRefusalsNameTheActionOrTheResourceAsSent(t *testing.T) {
	id := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_PRINCIPAL, maple)}
	revoke := rule("awards.revoke")

	denied, _ := problem.As(access.Check(t.Context(), id, revoke, maple))
	require.Equal(t, "awards.revoke", denied.Name)
	unknown, _ := problem.As(access.Check(t.Context(), id, revoke, other+"/teams/t"))
	require.Equal(t, other+"/teams/t", unknown.Name)
}

func TestCoversIsAnOrderOfTheTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawNode(t, "a"), drawNode(t, "b"), drawNode(t, "c")
		if !access.Covers(a, a) || !access.Covers(access.State, a) {
			t.Fatalf("%q is not covered by itself and the state", a)
		}
		if access.Covers(a, b) && access.Covers(b, a) && a != b {
			t.Fatalf("%q and %q cover each other", a, b)
		}
		if access.Covers(a, b) && access.Covers(b, c) && !access.Covers(a, c) {
			t.Fatalf("%q covers %q covers %q, yet not across", a, b, c)
		}
		if access.Covers(a, c) && access.Covers(b, c) && !access.Covers(a, b) && !access.Covers(b, a) {
			t.Fatalf("%q has two unrelated ancestors", c)
		}
	})
}

func drawNode(t *rapid.T, label string) string {
	segments := []string{
		"districts", rapid.SampledFrom([]string{"d", "d1", "e"}).Draw(t, label+" district"),
		"schools", rapid.SampledFrom([]string{"s", "s1", "t"}).Draw(t, label+" school"),
	}
	return strings.Join(segments[:2*rapid.IntRange(0, 2).Draw(t, label+" depth")], "/")
}

func grant(role accessv1.Role, node string) []access.Grant {
	return []access.Grant{{Role: role, Node: node}}
}

func rule(action string) *accessv1.Rule { return &accessv1.Rule{Action: action} }

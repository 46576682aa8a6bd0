package access_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

var now = time.Date(2026, time.September, 1, 15, 0, 0, 0, time.UTC)

func TestExplainNamesTheDecidingPolicies(t *testing.T) {
	lead, analyst := accessv1.Role_ROLE_TEAM_LEAD, accessv1.Role_ROLE_STATE_ANALYST
	cases := map[string]struct {
		id       access.Identity
		action   string
		resource string
		want     access.Decision
		policies []string
		reason   string
	}{
		"permitted":             {access.Identity{Subject: "people/p", Grants: grant(lead, maple)}, "goals.create", maple, access.DecisionAllowed, []string{"school-team-works-on-the-journey"}, ""},
		"permitted, no people":  {access.Identity{Subject: "people/p", Grants: grant(analyst, "")}, "journeys.get", maple, access.DecisionAllowed, []string{"research-reads-schools-journeys-results-and-awards"}, "no personal data"},
		"forbidden":             {access.Identity{Subject: "people/p", Grants: grant(analyst, "")}, "notes.get", maple, access.DecisionDenied, []string{"research-never-reads-people"}, "A principal may"},
		"not permitted":         {access.Identity{Subject: "people/p", Grants: grant(lead, maple)}, "journeys.signOff", maple, access.DecisionDenied, nil, "No policy permits it."},
		"not theirs":            {access.Identity{Subject: "people/p", Grants: grant(lead, maple)}, "goals.create", other, access.DecisionUnknown, nil, "does not exist for them"},
		"restricted":            {access.Identity{Subject: "people/p", Grants: grant(lead, maple)}, "notes.get", maple, access.DecisionDenied, []string{"districts/0880/restrictions/notes"}, "Notes stay on paper here."},
		"a machine":             {access.Identity{Subject: "districts/0880/apiClients/c", Scopes: []string{"people.read"}}, "people.list", "districts/0880", access.DecisionAllowed, []string{"scope-people-read"}, ""},
		"no such action":        {access.Identity{Subject: "people/p", Grants: grant(lead, maple)}, "goals.burn", maple, access.DecisionUnknown, nil, "No policy knows"},
		"a grant out of time":   {access.Identity{Subject: "people/p", Grants: []access.Grant{{Role: lead, Node: maple, End: now}}}, "goals.create", maple, access.DecisionUnknown, nil, "does not count"},
		"a grant not yet begun": {access.Identity{Subject: "people/p", Grants: []access.Grant{{Role: lead, Node: maple, Start: now.Add(1)}}}, "goals.create", maple, access.DecisionUnknown, nil, "does not count"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e, err := access.Explain(restrict(t, noNotes(lead)), c.id, c.action, c.resource, now)
			require.NoError(t, err)
			require.Equal(t, c.want, e.Decision)
			var ids []string
			for _, clause := range e.Clauses {
				require.NotEmpty(t, clause.Text)
				require.NotEmpty(t, clause.File)
				ids = append(ids, clause.ID)
			}
			require.Equal(t, c.policies, ids)
			if c.reason != "" {
				require.Contains(t, joined(e.Reasons), c.reason)
			}
		})
	}
}

func joined(list []string) string {
	out := ""
	for _, s := range list {
		out += s + "\n"
	}
	return out
}

func TestExplainDecidesWhatCheckDecides(t *testing.T) {
	set, err := policy.Load()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		ctx := restrict(t, drawRestriction(t, set))
		id, resource := drawIdentity(t, set), drawNode(t, "resource")
		action := rapid.SampledFrom(set.Actions()).Draw(t, "action").Name
		e, err := access.Explain(ctx, id, action, resource, now)
		require.NoError(t, err)
		checked := access.Check(ctx, id, rule(action), resource)
		switch e.Decision {
		case access.DecisionAllowed:
			require.NoError(t, checked)
		case access.DecisionDenied:
			require.True(t, problem.Is(checked, problem.KindDenied), "%v", checked)
		default:
			require.True(t, problem.Is(checked, problem.KindNotFound), "%v", checked)
		}
	})
}

func TestScopesOfMachines(t *testing.T) {
	var identified, all []string
	for _, s := range access.Scopes() {
		all = append(all, s.Name)
		require.NotEmpty(t, access.ActionsOfScope(s.Name), "%s allows nothing", s.Name)
		require.Equal(t, s.Identified, access.ScopeIdentified(s.Name))
		if s.Identified {
			identified = append(identified, s.Name)
		}
	}
	require.Equal(t, []string{
		"schools.read", "journeys.read", "campaigns.read", "results.read", "awards.read", "people.read",
		"responses.write", "events.read", "webhooks.manage", "credentials.write", "vc.issue",
	}, all)
	require.Equal(t, []string{"people.read"}, identified)
	require.True(t, access.ScopeIdentified("no.such"), "what is not known is taken for the dangerous kind")
}

func TestActionsOfARole(t *testing.T) {
	var names []string
	for _, a := range access.ActionsOf(accessv1.Role_ROLE_REVIEWER) {
		names = append(names, a.Name)
	}
	require.Contains(t, names, "reviews.finalize")
	require.NotContains(t, names, "awards.revoke")
	require.Empty(t, access.ActionsOf(accessv1.Role_ROLE_INTEGRATION), "what a machine may, its scopes say")
}

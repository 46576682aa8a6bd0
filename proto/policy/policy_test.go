package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
)

func load(t testing.TB) *policy.Set {
	t.Helper()
	set, err := policy.Load()
	require.NoError(t, err)
	return set
}

// The places a policy may tell apart, seen from maple, a school of district 0880.
var places = map[string]string{
	"the state":        "",
	"the district":     "districts/0880",
	"the school":       "districts/0880/schools/maple",
	"another school":   "districts/0880/schools/cedar",
	"another district": "districts/1420",
	"a school there":   "districts/1420/schools/maple",
}

// former answers as the rules did before there were policies.
func former(scope, roles, role, granted, node string) bool {
	if roles != "" && !strings.Contains(","+roles+",", ","+role+",") {
		return false
	}
	covers := func(above, below string) bool {
		return above == "" || above == below || strings.HasPrefix(below, above+"/")
	}
	switch scope {
	case "SIGNED_IN":
		return true
	case "COVERS":
		return covers(granted, node)
	default:
		return covers(granted, node) || covers(node, granted)
	}
}

func TestNoDecisionChangedWhenPoliciesTookTheRulesPlace(t *testing.T) {
	set := load(t)
	table, err := os.ReadFile("testdata/former-rules.tsv")
	require.NoError(t, err)
	for line := range strings.Lines(string(table)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		action, scope, roles := fields[0], fields[1], fields[2]
		for _, role := range policy.Roles() {
			if role == accessv1.Role_ROLE_OUTSIDE_EVALUATOR || role == accessv1.Role_ROLE_INTEGRATION {
				continue // there were none
			}
			for grantedOn, granted := range places {
				for at, node := range places {
					want := former(scope, roles, strings.TrimPrefix(role.String(), "ROLE_"), granted, node)
					got := set.Ask(set.Holder(role, granted), action, node).Allowed || set.Anybody(action).Allowed
					require.Equal(t, want, got, "%s by a %s of %s on %s", action, policy.RoleName(role), grantedOn, at)
				}
			}
		}
	}
}

func TestAskingByTheIndexIsAskingAllPolicies(t *testing.T) {
	set := load(t)
	rapid.Check(t, func(t *rapid.T) {
		who := drawPrincipal(t, set)
		action := rapid.SampledFrom(set.Actions()).Draw(t, "action").Name
		node := drawNode(t, "node")
		require.Equal(t, set.AskAll(who, action, node), set.Ask(who, action, node))
	})
}

func TestUnknownActionsAreForNobody(t *testing.T) {
	set := load(t)
	for _, action := range []string{"", "journeys", "journeys.*", "lead the journey", "journeys.dissolve"} {
		require.False(t, set.Ask(set.Holder(accessv1.Role_ROLE_STATE_ADMIN, ""), action, "").Allowed, action)
		require.False(t, set.Anybody(action).Allowed, action)
	}
}

func drawPrincipal(t *rapid.T, set *policy.Set) policy.Principal {
	switch rapid.SampledFrom([]string{"person", "holder", "machine"}).Draw(t, "kind") {
	case "person":
		return policy.Person("people/p")
	case "machine":
		var names []string
		for _, scope := range set.Scopes() {
			names = append(names, scope.Name)
		}
		return policy.Machine("districts/0880", rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, "scopes"))
	default:
		return set.Holder(rapid.SampledFrom(policy.Roles()).Draw(t, "role"), drawNode(t, "granted"))
	}
}

func drawNode(t *rapid.T, label string) string {
	var all []string
	for _, node := range places {
		all = append(all, node)
	}
	return rapid.SampledFrom(sorted(all)).Draw(t, label)
}

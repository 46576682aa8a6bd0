package policy_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/policy"
)

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestEveryPolicyFitsTheSchema(t *testing.T) {
	require.NoError(t, load(t).Validate())
	broken, err := load(t).With("broken.cedar", `@id("broken") permit (principal in Role::"principal", action, resource) when { principal.school == resource };`)
	require.NoError(t, err)
	require.ErrorContains(t, broken.Validate(), "broken")
}

func TestEveryPolicyExplainsItself(t *testing.T) {
	for _, p := range load(t).All() {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, p.ID)
		require.Regexp(t, `^[A-Z].*\.$`, p.Doc, "%s says in one sentence what it permits", p.ID)
		require.NotContains(t, p.Doc, "\n", p.ID)
	}
	for _, g := range load(t).Groups() {
		require.Regexp(t, `^[A-Z].*\.$`, g.Doc, "the group %q says in one sentence what it is about", g.Name)
	}
}

// Actions without an RPC: the domain asks for them by itself.
var withoutRPC = []string{"applications.readAll", "events.read", "reviews.readAll"}

func TestTheActionsOfThePoliciesAreThoseOfTheAPI(t *testing.T) {
	protos, err := schema.Load(context.Background(), "..")
	require.NoError(t, err)
	want := slices.Clone(withoutRPC)
	for _, m := range protos.Methods() {
		rule, _ := schema.Rule(m)
		if s := rule.GetScope(); s != accessv1.Scope_SCOPE_PUBLIC && s != accessv1.Scope_SCOPE_INTERNAL {
			want = append(want, rule.GetAction())
		}
	}
	var have []string
	for _, action := range load(t).Actions() {
		have = append(have, action.Name)
	}
	require.Equal(t, slices.Compact(sorted(want)), sorted(have))
}

func TestEveryActionIsSomebodysAndEveryGroupAndRoleIsUsed(t *testing.T) {
	set := load(t)
	groups := map[string]bool{}
	for _, action := range set.Actions() {
		groups[action.Group] = true
		require.True(t, set.Anybody(action.Name).Allowed || len(set.RolesOf(action.Name)) > 0, "%s is for nobody", action.Name)
	}
	for _, g := range set.Groups() {
		require.True(t, groups[g.Name], "no action is in the group %q", g.Name)
	}
	for _, role := range policy.Roles() {
		if role == accessv1.Role_ROLE_INTEGRATION {
			continue // what a machine may say its scopes
		}
		require.True(t, slices.ContainsFunc(set.Actions(), func(a policy.Action) bool { return set.Role(role, a.Name).Allowed }), role)
	}
}

func TestPoliciesNameOnlyWhatThereIs(t *testing.T) {
	roles, err := policy.Load()
	require.NoError(t, err)
	for _, p := range roles.All() {
		require.Empty(t, roles.Unknown(p), "%s names roles or scopes that are not there", p.ID)
	}
	odd, err := roles.With("odd.cedar", `@id("odd") permit (principal in Role::"headmaster", action, resource);`)
	require.NoError(t, err)
	require.Equal(t, []string{`Role::"headmaster"`}, odd.Unknown(odd.All()[len(odd.All())-1]))
}

func TestFilesThatDoNotReadAreRefused(t *testing.T) {
	good := fstest.MapFS{
		"tandem.cedarschema": {Data: []byte(`entity Node; entity Role in [Role]; entity Holder in [Role] { node: Node };
			action "g"; action "a.b" in ["g"] appliesTo { principal: [Holder], resource: [Node] };`)},
		"roles.json": {Data: []byte(roleList())},
		"a.cedar":    {Data: []byte(`@id("one") permit (principal, action, resource);`)},
	}
	_, err := policy.Read(good)
	require.NoError(t, err)
	cases := map[string]struct{ file, text, want string }{
		"a policy that does not parse": {"a.cedar", `permit (`, "a.cedar"},
		"a policy without id":          {"a.cedar", `permit (principal, action, resource);`, "@id"},
		"two policies with one id":     {"b.cedar", `@id("one") forbid (principal, action, resource);`, "@id"},
		"a schema that does not parse": {"tandem.cedarschema", `entity`, "schema"},
		"an action without a group":    {"tandem.cedarschema", `entity Node; entity Holder; action "a.b" appliesTo { principal: [Holder], resource: [Node] };`, "group"},
		"roles that do not parse":      {"roles.json", `{`, "roles.json"},
		"a role of the API is missing": {"roles.json", `[]`, "team lead"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bad := fstest.MapFS{}
			for file, content := range good {
				bad[file] = content
			}
			bad[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			_, err := policy.Read(bad)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func roleList() string {
	var list []string
	for _, role := range policy.Roles() {
		list = append(list, `{"uid": {"type": "Role", "id": "`+policy.RoleName(role)+`"}, "attrs": {}, "parents": []}`)
	}
	return "[" + strings.Join(list, ",") + "]"
}

package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/proto/policy"
)

// everyAnswer is what the policies say to every role and machine about the actions
// at every place: what the access matrix is made of.
func everyAnswer(set *policy.Set, actions []string) string {
	var b strings.Builder
	say := func(who string, p policy.Principal) {
		for _, action := range actions {
			for _, node := range drawn() {
				answer := set.Ask(p, action, node)
				fmt.Fprintln(&b, who, action, node, answer.Allowed, answer.Deidentified())
			}
		}
	}
	say("somebody", policy.Person("people/p"))
	for _, role := range policy.Roles() {
		for _, node := range drawn() {
			say(policy.RoleName(role)+"@"+node, set.Holder(role, node))
		}
	}
	for _, scope := range set.Scopes() {
		say(scope.Name, policy.Machine("districts/0880", []string{scope.Name}))
	}
	say("no scope", policy.Machine("districts/0880", nil))
	for _, scope := range set.Scopes() {
		fmt.Fprintln(&b, scope)
	}
	return b.String()
}

// noticed holds that the change of one policy shows.
func noticed(t *testing.T, before, after *policy.Set, p *policy.Policy, message string) {
	t.Helper()
	actions := before.About(p)
	require.NotEmpty(t, actions)
	require.True(t, everyAnswer(before, actions) != everyAnswer(after, actions), message)
}

// drawn are the places in a fixed order.
func drawn() []string {
	var all []string
	for _, node := range places {
		all = append(all, node)
	}
	return sorted(all)
}

// permitAll is the mistake that a forbid is there for.
const permitAll = `@id("mistake") @doc("Everything.") permit (principal, action, resource);`

func TestTheMatrixNoticesEveryPolicyThatIsTaken(t *testing.T) {
	set := load(t)
	open, err := set.With("mistake.cedar", permitAll)
	require.NoError(t, err)
	for _, p := range set.All() {
		t.Run(p.ID, func(t *testing.T) {
			from := set
			if p.Forbids { // it shows when another policy permits too much
				from = open
			}
			less, err := from.Without(p.ID)
			require.NoError(t, err)
			noticed(t, from, less, p, "nobody would notice that the policy is gone")
		})
	}
}

func TestTheMatrixNoticesEveryAnnotationThatIsTaken(t *testing.T) {
	set := load(t)
	for _, p := range set.All() {
		for _, mark := range []string{`@reads("deidentified")`, `@reads("identified")`} {
			if !strings.Contains(p.Text, mark) {
				continue
			}
			t.Run(p.ID, func(t *testing.T) {
				less, err := set.Without(p.ID)
				require.NoError(t, err)
				changed, err := less.With(p.File, strings.Replace(p.Text, mark, "", 1))
				require.NoError(t, err)
				noticed(t, set, changed, p, "nobody would notice that the mark is gone")
			})
		}
	}
}

func TestTheMatrixNoticesEveryConditionThatIsTaken(t *testing.T) {
	set := load(t)
	open, err := set.With("mistake.cedar", permitAll)
	require.NoError(t, err)
	for _, p := range set.All() {
		before, condition, found := strings.Cut(p.Text, ") when {")
		if p.Forbids {
			before, condition, found = strings.Cut(p.Text, ") unless {")
		}
		if !found {
			continue
		}
		t.Run(p.ID, func(t *testing.T) {
			from := set
			if p.Forbids {
				from = open
			}
			less, err := from.Without(p.ID)
			require.NoError(t, err)
			changed, err := less.With(p.File, before+");")
			require.NoError(t, err)
			noticed(t, from, changed, p, "nobody would notice that the condition is gone: "+condition)
		})
	}
}

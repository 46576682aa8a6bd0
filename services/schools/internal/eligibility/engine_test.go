package eligibility_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
)

func engine(t *testing.T) *eligibility.Engine {
	t.Helper()
	e, err := eligibility.NewEngine()
	require.NoError(t, err)
	return e
}

func facts() eligibility.Facts {
	return eligibility.Facts{"waves": 1, "signed": true, "groups": map[string]int{"family": 2}}
}

func rule(expression, reason string) eligibility.Rule {
	return eligibility.Rule{ID: "r", Title: "T", Expression: expression, Reason: reason, Fix: "Do it."}
}

func TestEvaluate(t *testing.T) {
	// Nested macros are the way to make an expression expensive.
	costly := strings.Repeat("[1,2,3,4,5,6,7,8,9].all(a, ", 7) + "true" + strings.Repeat(")", 7)
	for name, c := range map[string]struct {
		rule   eligibility.Rule
		met    bool
		reason string
		fix    string
	}{
		"a rule that is met has no fix":            {rule("journey.waves >= 1", `"enough"`), true, "enough", ""},
		"a rule that is not met says where it is":  {rule("journey.waves >= 2", `string(journey.waves) + " of 2 waves"`), false, "1 of 2 waves", "Do it."},
		"a flag alone is an expression":            {rule("journey.signed", `"signed"`), true, "signed", ""},
		"facts may be counted by group":            {rule("journey.groups.family == 2", `"two"`), true, "two", ""},
		"a fact that does not exist is not met":    {rule("journey.nothing > 1", `""`), false, "The rule cannot be evaluated: no such key: nothing", "Do it."},
		"a number is no answer":                    {rule("journey.waves", `""`), false, "The rule cannot be evaluated: the expression gives no true or false", "Do it."},
		"an expression of another type is refused": {rule("1 + 1", `""`), false, "The rule cannot be evaluated: the expression is of type int, not bool", "Do it."},
		"a reason that fails leaves the answer":    {rule("true", "journey.nothing"), true, "The reason cannot be told: no such key: nothing", ""},
		"cost is limited":                          {rule(costly, `""`), false, "The rule cannot be evaluated: operation cancelled: actual cost limit exceeded", "Do it."},
	} {
		t.Run(name, func(t *testing.T) {
			got := engine(t).Evaluate([]eligibility.Rule{c.rule}, facts())
			require.Equal(t, []eligibility.Outcome{{Rule: "r", Title: "T", Met: c.met, Reason: c.reason, Fix: c.fix}}, got)
		})
	}
}

func TestASyntaxErrorCountsAsNotMetAndSaysSo(t *testing.T) {
	got := engine(t).Evaluate([]eligibility.Rule{rule("journey.waves >=", `""`)}, facts())
	require.False(t, got[0].Met)
	require.Contains(t, got[0].Reason, "Syntax error")
}

func TestARuleReadsNothingButItsFacts(t *testing.T) {
	got := engine(t).Evaluate([]eligibility.Rule{rule("other.secret == 1", `""`)}, facts())
	require.Contains(t, got[0].Reason, "undeclared reference")
}

func TestCheckRefusesWhatWouldFailLater(t *testing.T) {
	e := engine(t)
	require.NoError(t, e.Check(rule("journey.waves > 1", `"ok"`), facts()))
	require.ErrorContains(t, e.Check(rule("journey.wave > 1", `"ok"`), facts()), "expression: no such key")
	require.ErrorContains(t, e.Check(rule("true", "1"), facts()), "reason: the expression is of type int")
	require.ErrorContains(t, e.Check(rule(strings.Repeat(" ", 5000)+"true", `""`), facts()), "longer than")
	require.ErrorContains(t, e.Check(eligibility.Rule{Expression: "true"}, facts()), "give id, title and fix")
}

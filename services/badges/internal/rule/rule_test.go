package rule_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/internal/rule"
)

const builtin = "criteria.all(c, c.median >= 2.0) && mean >= 2.0"

func TestADecisionRuleReadsTheScores(t *testing.T) {
	d, err := rule.CompileDecision(builtin)
	require.NoError(t, err)
	require.Equal(t, builtin, d.String())
	for name, c := range map[string]struct {
		points [][]int
		met    bool
	}{
		"every median at the threshold":           {[][]int{{2, 2}, {2, 2}}, true},
		"one median below":                        {[][]int{{3, 3}, {1, 2}}, false},
		"a low score that the median forgives":    {[][]int{{3, 3, 3}, {1, 2, 3}}, true},
		"no review at all gives zeros everywhere": {[][]int{{}, {}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			met, err := d.Met(rule.Summarize([]string{"a", "b"}, c.points))
			require.NoError(t, err)
			require.Equal(t, c.met, met)
		})
	}
}

func TestRulesThatCannotWorkAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no expression": "criteria.all(", "not a bool": "mean + 1.0", "unknown variable": "journey.steps > 1",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rule.CompileDecision(text)
			require.Error(t, err)
		})
	}
}

func TestARuleWithAnUnknownFieldFailsWhenItRuns(t *testing.T) {
	d, err := rule.CompileDecision("criteria.all(c, c.nope > 1.0)")
	require.NoError(t, err)
	_, err = d.Met(rule.Summarize([]string{"a"}, [][]int{{1}}))
	require.ErrorContains(t, err, "nope")
}

func TestEligibilityRulesAreCheckedInBothParts(t *testing.T) {
	expr, reason := rule.CheckEligibility("journey.survey_waves >= 2", `string(journey.survey_waves) + " of 2 survey waves"`)
	require.NoError(t, expr)
	require.NoError(t, reason)
	expr, reason = rule.CheckEligibility("1 + 1", "2 > 1")
	require.ErrorContains(t, expr, "bool")
	require.ErrorContains(t, reason, "string")
}

func TestTheMedianLiesBetweenTheExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 9).Draw(t, "points")
		s := rule.Summarize([]string{"a"}, [][]int{points})
		c := s.Criteria[0]
		require.LessOrEqual(t, c.Min, c.Median)
		require.LessOrEqual(t, c.Median, c.Max)
		require.InDelta(t, c.Mean, s.Mean, 1e-9)
		require.Equal(t, len(points), s.Reviews)
	})
}

func TestTheExplanationShowsTheNumbers(t *testing.T) {
	s := rule.Summarize([]string{"process"}, [][]int{{1, 2}})
	require.Equal(t, "The rule mean >= 2.0 is not met: mean 1.5 over 2 reviews; process median 1.5 (1 to 2).",
		rule.Explain("mean >= 2.0", false, s))
}

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

func TestScoresByHand(t *testing.T) {
	s := rule.Summarize([]string{"a", "b", "c"}, [][]int{{3, 0, 1}, {2, 3}, {}})
	require.Equal(t, rule.Scores{Reviews: 3, Mean: 9.0 / 5, Criteria: []rule.Criterion{
		{ID: "a", Median: 1, Min: 0, Max: 3, Mean: 4.0 / 3}, {ID: "b", Median: 2.5, Min: 2, Max: 3, Mean: 2.5}, {ID: "c"},
	}}, s)
	require.Equal(t, rule.Scores{Criteria: []rule.Criterion{}}, rule.Summarize(nil, nil))
}

func TestOrderOfReviewsAndInputStay(t *testing.T) {
	points := [][]int{{3, 0, 1}}
	one := rule.Summarize([]string{"a"}, points)
	require.Equal(t, [][]int{{3, 0, 1}}, points, "the caller's points are not sorted in place")
	require.Equal(t, one, rule.Summarize([]string{"a"}, [][]int{{1, 3, 0}}))
}

func TestEveryDocumentedVariableCanBeUsed(t *testing.T) {
	s := rule.Summarize([]string{"a", "b"}, [][]int{{1, 3}, {2, 2}})
	for text, want := range map[string]bool{
		"reviews == 2":                               true,
		"mean == 2.0":                                true,
		`criteria[0].id == "a"`:                      true,
		"criteria.exists(c, c.min < 2.0)":            true,
		"criteria.all(c, c.max <= 2.0)":              false,
		"criteria.map(c, c.mean) == [2.0, 2.0]":      true,
		"size(criteria) == 2 && reviews > 2":         false,
		`criteria.filter(c, c.id == "z").size() > 0`: false,
	} {
		d, err := rule.CompileDecision(text)
		require.NoError(t, err, text)
		met, err := d.Met(s)
		require.NoError(t, err, text)
		require.Equal(t, want, met, text)
	}
}

func TestARuleWithoutEndIsStopped(t *testing.T) {
	d, err := rule.CompileDecision("criteria.all(a, criteria.all(b, criteria.all(c, criteria.all(d, d.mean >= 0.0))))")
	require.NoError(t, err)
	ids, points := make([]string, 30), make([][]int, 30)
	_, err = d.Met(rule.Summarize(ids, points))
	require.ErrorContains(t, err, "cost")
}

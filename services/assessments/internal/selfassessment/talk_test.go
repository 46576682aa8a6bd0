package selfassessment_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
)

func (m *memory) Newest(_ context.Context, _, _ string, who selfassessment.Audience, _ string) (selfassessment.Shares, error) {
	if s, ok := m.shares[who]; ok {
		return s, nil
	}
	return selfassessment.Shares{}, problem.NotFound("results/-")
}

// rate has members give the standard a these levels, and b none of interest.
func rate(t *testing.T, s *selfassessment.Service, id string, given ...int) {
	t.Helper()
	for i, level := range given {
		o := opinion()
		o.Levels = levels(level, 0)
		_, err := s.Rate(t.Context(), team(), id, string(rune('a'+i)), o)
		require.NoError(t, err)
	}
}

func TestTheSummaryShowsWhereMembersSeeItDifferently(t *testing.T) {
	m := newMemory()
	s := service(m)
	open(t, s, "fall")
	rate(t, s, "fall", 3, 1, 0, 1)
	a, spreads, err := s.Summary(t.Context(), team(), "fall", "a")
	require.NoError(t, err)
	require.Equal(t, 4, a.Ratings)
	require.Equal(t, selfassessment.Spread{Standard: "a", Lowest: 0, Highest: 3, Median: 1, Counts: []int{1, 2, 0, 1}}, spreads[0])
	require.True(t, spreads[0].Talk())
	require.False(t, spreads[1].Talk())

	_, spreads, err = s.Summary(t.Context(), team(), "fall", "somebody who has not rated")
	require.NoError(t, err)
	require.Empty(t, spreads, "nobody is swayed")
	_, err = s.Settle(t.Context(), team(), "fall", "", levels(1, 0), "")
	require.NoError(t, err)
	_, spreads, err = s.Summary(t.Context(), team(), "fall", "somebody who has not rated")
	require.NoError(t, err)
	require.Len(t, spreads, 2)
}

func TestLevelsAreCumulative(t *testing.T) {
	for name, c := range map[string]struct {
		level      int
		indicators []selfassessment.IndicatorLevel
		artifacts  []string
		wrong      []string
	}{
		"as far as all reach":               {level: 1, indicators: []selfassessment.IndicatorLevel{{Indicator: "a-1", Level: 3}, {Indicator: "a-2", Level: 1}}},
		"further than one reaches":          {level: 2, indicators: []selfassessment.IndicatorLevel{{Indicator: "a-1", Level: 3}, {Indicator: "a-2", Level: 1}}, wrong: []string{"consensus[0].level levels_are_cumulative"}},
		"the top of a short rubric":         {level: 3, indicators: []selfassessment.IndicatorLevel{{Indicator: "a-1", Level: 3}, {Indicator: "a-low", Level: 1}}},
		"an indicator of elsewhere":         {level: 0, indicators: []selfassessment.IndicatorLevel{{Indicator: "b-1", Level: 0}}, wrong: []string{"consensus[0].indicators[0].indicator indicator_of_standard"}},
		"an indicator twice":                {level: 0, indicators: []selfassessment.IndicatorLevel{{Indicator: "a-1"}, {Indicator: "a-1"}}, wrong: []string{"consensus[0].indicators[1].indicator indicator_once"}},
		"more than the rubric has":          {level: 3, indicators: []selfassessment.IndicatorLevel{{Indicator: "a-1", Level: 4}}, wrong: []string{"consensus[0].indicators[0].level level_of_rubric"}},
		"evidence of the school":            {level: 0, artifacts: []string{"districts/d/schools/s/artifacts/photo"}},
		"evidence of another school":        {level: 0, artifacts: []string{"districts/d/schools/other/artifacts/photo"}, wrong: []string{"consensus[0].artifacts[0] artifact_of_school"}},
		"something else of the same school": {level: 0, artifacts: []string{"districts/d/schools/s/artifacts/photo/more"}, wrong: []string{"consensus[0].artifacts[0] artifact_of_school"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := service(newMemory())
			open(t, s, "fall")
			rate(t, s, "fall", 1, 1)
			given := levels(c.level, 0)
			given[0].Indicators, given[0].Artifacts = c.indicators, c.artifacts
			settled, err := s.Settle(t.Context(), team(), "fall", "", given, "")
			if c.wrong != nil {
				require.Equal(t, c.wrong, rules(t, err, problem.KindInvalid))
				return
			}
			require.NoError(t, err)
			require.Equal(t, given, settled.Consensus)
		})
	}
}

// TestNoStandardIsAboveItsLowestIndicator gives levels at random: what is taken
// keeps the rule, and lowering the standard to what all reach is always taken.
func TestNoStandardIsAboveItsLowestIndicator(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		one, two := rapid.IntRange(0, 3).Draw(rt, "one"), rapid.IntRange(0, 3).Draw(rt, "two")
		level := rapid.IntRange(0, 3).Draw(rt, "level")
		s := service(newMemory())
		open(t, s, "fall")
		rate(t, s, "fall", 1, 1)
		given := levels(level, 0)
		given[0].Indicators = []selfassessment.IndicatorLevel{{Indicator: "a-1", Level: one}, {Indicator: "a-2", Level: two}}
		_, err := s.Settle(t.Context(), team(), "fall", "", given, "")
		require.Equal(rt, level <= min(one, two), err == nil, "%v", err)
	})
}

func TestTheConsensusIsSetBesideTheSurveys(t *testing.T) {
	m := newMemory()
	s := service(m)
	open(t, s, "fall")
	_, err := s.Compare(t.Context(), team(), "fall")
	require.Equal(t, []string{"districts/d/schools/s/teams/t/selfAssessments/fall settled_first"}, rules(t, err, problem.KindPrecondition))
	rate(t, s, "fall", 1, 1)
	_, err = s.Settle(t.Context(), team(), "fall", "", levels(3, 0), "")
	require.NoError(t, err)

	c, err := s.Compare(t.Context(), team(), "fall")
	require.NoError(t, err)
	require.Empty(t, c.Families)
	require.False(t, c.Standards[0].Gap.Shown)
	require.NotEmpty(t, c.Standards[0].Gap.Reason)

	m.shares = map[selfassessment.Audience]selfassessment.Shares{
		selfassessment.Families: {Result: "r1", Standards: map[string]float64{"a": 0.5, "b": 0.1}},
		selfassessment.Staff:    {Result: "r2", Standards: map[string]float64{"a": 0.9}, Hidden: "Few."},
	}
	c, err = s.Compare(t.Context(), team(), "fall")
	require.NoError(t, err)
	require.Equal(t, "r1", c.Families)
	require.Equal(t, "r2", c.Staff)
	a, b := c.Standards[0], c.Standards[1]
	require.InDelta(t, 1, a.Team.Value, 0)
	require.InDelta(t, 0.5, a.Gap.Value, 1e-12)
	require.Contains(t, a.Reading, "further than families")
	require.Equal(t, selfassessment.Side{Reason: "Few."}, b.Staff)
	require.InDelta(t, -0.1, b.Gap.Value, 1e-12)
	require.Contains(t, b.Reading, "alike")
}

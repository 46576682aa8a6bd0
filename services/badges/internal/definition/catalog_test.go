package definition_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func catalog(s *memory.Store) *definition.Catalog {
	return definition.NewCatalog(s, memory.Clock().Now, memory.Numbers())
}

func asks() definition.Asks {
	return definition.Asks{
		Description: "Stands for something.", Criteria: "Do something.", FrameworkVersion: memory.FrameworkVersion,
		RubricVersion: memory.Guide, DecisionRule: "mean >= 1.0",
		EligibilityRules: []definition.EligibilityRule{{ID: "a-step", Title: "A step", Expression: "journey.steps > 0", Reason: `"steps"`, Fix: "Add a step."}},
	}
}

func TestWhatAnEditionMayNotSay(t *testing.T) {
	const at = "badge_definition_version."
	for name, tt := range map[string]struct {
		change func(a *definition.Asks)
		want   []string
	}{
		"nothing is wrong":                          {func(*definition.Asks) {}, nil},
		"a draft may have no rule":                  {func(a *definition.Asks) { a.EligibilityRules = nil }, nil},
		"no description":                            {func(a *definition.Asks) { a.Description = " " }, []string{at + "description required"}},
		"no criteria":                               {func(a *definition.Asks) { a.Criteria = "" }, []string{at + "criteria required"}},
		"a framework, not a version":                {func(a *definition.Asks) { a.FrameworkVersion = "frameworks/f" }, []string{at + "framework_version resource_name"}},
		"a rubric, not a version":                   {func(a *definition.Asks) { a.RubricVersion = "rubrics/r" }, []string{at + "rubric_version resource_name"}},
		"a version of something else":               {func(a *definition.Asks) { a.RubricVersion = "x/r/versions/1" }, []string{at + "rubric_version resource_name"}},
		"no decision rule":                          {func(a *definition.Asks) { a.DecisionRule = "" }, []string{at + "decision_rule cel"}},
		"a decision rule that is a number":          {func(a *definition.Asks) { a.DecisionRule = "mean" }, []string{at + "decision_rule cel"}},
		"a decision rule about the journey":         {func(a *definition.Asks) { a.DecisionRule = "journey.steps > 0" }, []string{at + "decision_rule cel"}},
		"a rule's id in capitals":                   {func(a *definition.Asks) { a.EligibilityRules[0].ID = "A" }, []string{at + "eligibility_rules[0].id kebab_case"}},
		"a rule without title and fix":              {func(a *definition.Asks) { a.EligibilityRules[0].Title, a.EligibilityRules[0].Fix = "", "" }, []string{at + "eligibility_rules[0].title required", at + "eligibility_rules[0].fix required"}},
		"a rule that is no question":                {func(a *definition.Asks) { a.EligibilityRules[0].Expression = `"yes"` }, []string{at + "eligibility_rules[0].expression cel"}},
		"a reason that is no text":                  {func(a *definition.Asks) { a.EligibilityRules[0].Reason = "1" }, []string{at + "eligibility_rules[0].reason cel"}},
		"a rule about scores, which it cannot know": {func(a *definition.Asks) { a.EligibilityRules[0].Expression = "mean > 1.0" }, []string{at + "eligibility_rules[0].expression cel"}},
		"a rule twice": {
			func(a *definition.Asks) { a.EligibilityRules = append(a.EligibilityRules, a.EligibilityRules[0]) }, []string{at + "eligibility_rules[1].id unique"},
		},
		"everything at once": {
			func(a *definition.Asks) { *a = definition.Asks{EligibilityRules: []definition.EligibilityRule{{}}} },
			[]string{
				at + "description required", at + "criteria required", at + "framework_version resource_name", at + "rubric_version resource_name",
				at + "eligibility_rules[0].id kebab_case", at + "eligibility_rules[0].title required", at + "eligibility_rules[0].fix required",
				at + "eligibility_rules[0].expression cel", at + "eligibility_rules[0].reason cel", at + "decision_rule cel",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog(memory.Loaded(t))
			a := asks()
			tt.change(&a)
			_, err := c.DraftEdition(t.Context(), memory.Badge, "2", a)
			good, goodErr := c.DraftEdition(t.Context(), memory.Badge, "3", asks())
			require.NoError(t, goodErr)
			_, changeErr := c.ChangeEdition(t.Context(), good.Name, "", func(to *definition.Asks) { *to = a })
			if tt.want == nil {
				require.NoError(t, errors.Join(err, changeErr))
				return
			}
			require.Equal(t, tt.want, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
			require.Equal(t, tt.want, memory.Rules(t, changeErr, problem.KindInvalid, problem.ReasonFieldInvalid), "a change is checked alike")
			require.NotContains(t, err.Error(), "\n", "compilers speak in many lines, people get one")
		})
	}
}

func TestADraftIsForABadgeThatExists(t *testing.T) {
	c := catalog(memory.Loaded(t))
	_, err := c.DraftEdition(t.Context(), "badgeDefinitions/none", "1", asks())
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = c.DraftEdition(t.Context(), memory.Badge, "1", asks())
	require.True(t, problem.Is(err, problem.KindAlreadyExists))
	e, err := c.DraftEdition(t.Context(), memory.Badge, "", asks())
	require.NoError(t, err)
	require.Equal(t, memory.Badge+"/versions/n1", e.Name)
	require.Equal(t, []int{2, 36, 90}, []int{e.Asks.ReviewersRequired, e.Asks.ValidMonths, e.Asks.GraceDays}, "what is left open has a value")
	_, err = c.Editions(t.Context(), "badgeDefinitions/none", definition.Slice{})
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = c.Guides(t.Context(), "rubrics/none", definition.Slice{})
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestWhatKeepsAnEditionFromBeingPublished(t *testing.T) {
	const at = "badge_definition_version."
	s := memory.Loaded(t)
	c := catalog(s)
	guide, err := c.DraftGuide(t.Context(), "rubrics/partnership-badge", "draft", []definition.Criterion{
		{ID: "a", Title: "A", Levels: []definition.Level{{Points: 0, Title: "no"}, {Points: 1, Title: "yes"}}},
	})
	require.NoError(t, err)
	for rubric, want := range map[string][]string{
		guide.Name:                {at + "eligibility_rules required", at + "rubric_version published"},
		"rubrics/none/versions/1": {at + "eligibility_rules required", at + "rubric_version exists"},
		memory.Guide:              {at + "eligibility_rules required"},
	} {
		a := asks()
		a.EligibilityRules, a.RubricVersion = nil, rubric
		e, err := c.DraftEdition(t.Context(), memory.Badge, "", a)
		require.NoError(t, err)
		_, err = c.PublishEdition(t.Context(), e.Name, "")
		require.Equal(t, want, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
		d, err := c.Definition(t.Context(), memory.Badge)
		require.NoError(t, err)
		require.Equal(t, memory.Edition, d.CurrentEdition)
		require.Empty(t, s.Events())
	}
}

func TestPublishingPutsAnEditionInForceForGood(t *testing.T) {
	s := memory.Loaded(t)
	c := catalog(s)
	e, err := c.DraftEdition(t.Context(), memory.Badge, "2", asks())
	require.NoError(t, err)
	_, err = c.PublishEdition(t.Context(), e.Name, etag.Of(5))
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	e, err = c.PublishEdition(t.Context(), e.Name, etag.Of(1))
	require.NoError(t, err)
	d, err := c.Definition(t.Context(), memory.Badge)
	require.NoError(t, err)
	require.Equal(t, e.Name, d.CurrentEdition)
	require.Equal(t, definition.Defined{Edition: e, Definition: d}, s.Last())
	_, err = c.PublishEdition(t.Context(), e.Name, "")
	require.Equal(t, []string{e.Name + " published_never_changes"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
	_, err = c.ChangeEdition(t.Context(), e.Name, "", func(a *definition.Asks) { a.Description = "Something else." })
	memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong)
	_, err = c.ChangeGuide(t.Context(), memory.Guide, "", nil)
	require.Equal(t, []string{memory.Guide + " published_never_changes"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
	kept, err := c.Edition(t.Context(), memory.Edition)
	require.NoError(t, err)
	require.Equal(t, definition.Published, kept.State, "the edition before stays for what was submitted by it")
}

func TestWhatARubricMayNotSay(t *testing.T) {
	const at = "rubric_version."
	two := []definition.Level{{Points: 0, Title: "no"}, {Points: 1, Title: "yes"}}
	for name, tt := range map[string]struct {
		criteria []definition.Criterion
		want     []string
	}{
		"nothing at all":             {nil, []string{at + "criteria required"}},
		"one level":                  {[]definition.Criterion{{ID: "a", Title: "A", Levels: two[:1]}}, []string{at + "criteria[0].levels at_least_two"}},
		"no levels":                  {[]definition.Criterion{{ID: "a", Title: "A"}}, []string{at + "criteria[0].levels at_least_two"}},
		"equal points":               {[]definition.Criterion{{ID: "a", Title: "A", Levels: []definition.Level{two[1], two[1]}}}, []string{at + "criteria[0].levels[1].points rising"}},
		"a level unnamed":            {[]definition.Criterion{{ID: "a", Title: "A", Levels: []definition.Level{{}, two[1]}}}, []string{at + "criteria[0].levels[0].title required"}},
		"no title, bad id":           {[]definition.Criterion{{ID: "a b", Levels: two}}, []string{at + "criteria[0].id kebab_case", at + "criteria[0].title required"}},
		"a criterion twice":          {[]definition.Criterion{{ID: "a", Title: "A", Levels: two}, {ID: "a", Title: "B", Levels: two}}, []string{at + "criteria[1].id unique"}},
		"points with a gap are fine": {[]definition.Criterion{{ID: "a", Title: "A", Levels: []definition.Level{{Points: -2, Title: "no"}, {Points: 7, Title: "yes"}}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog(memory.Loaded(t))
			_, err := c.DraftGuide(t.Context(), "rubrics/partnership-badge", "2", tt.criteria)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, tt.want, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
		})
	}
	c := catalog(memory.Loaded(t))
	_, err := c.DraftGuide(t.Context(), "rubrics/none", "1", []definition.Criterion{{ID: "a", Title: "A", Levels: two}})
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = c.CreateRubric(t.Context(), "\n", "")
	require.Equal(t, []string{"rubric.title required"}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
}

func TestWhatABadgeMayNotSay(t *testing.T) {
	const at = "badge_definition."
	c := catalog(memory.New())
	_, err := c.CreateDefinition(t.Context(), definition.Definition{}, "")
	require.Equal(t, []string{at + "title required", at + "framework required", at + "standard required"}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
	_, err = c.CreateDefinition(t.Context(), definition.Definition{Title: "x", Framework: "national", Standard: "s"}, "")
	require.Equal(t, []string{at + "framework resource_name"}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
	d, err := c.CreateDefinition(t.Context(), definition.Definition{Title: "x", Framework: "frameworks/f", Standard: "s", CurrentEdition: "forged"}, "0880")
	require.NoError(t, err)
	require.Equal(t, "badgeDefinitions/0880", d.Name)
	require.Empty(t, d.CurrentEdition, "only publishing puts an edition in force")
}

func TestLoadingTwiceOrAfterAnInterruptionGivesTheSameBadges(t *testing.T) {
	s := memory.New()
	wrong := errors.New("power cut")
	s.Broken["insert editions"] = wrong
	require.ErrorIs(t, catalog(s).Load(t.Context()), wrong)
	_, err := s.Rubric(t.Context(), "rubrics/partnership-badge")
	require.True(t, problem.Is(err, problem.KindNotFound), "all or nothing")
	s.Broken = nil
	require.NoError(t, catalog(s).Load(t.Context()))
	require.NoError(t, catalog(s).Load(t.Context()))
	require.Equal(t, slices.Repeat([]string{"Defined"}, 6), s.Events(), "each is said once")
}

func TestLoadingKeepsWhatAStateChose(t *testing.T) {
	s := memory.Loaded(t)
	c := catalog(s)
	e, err := c.DraftEdition(t.Context(), memory.Badge, "own", asks())
	require.NoError(t, err)
	_, err = c.PublishEdition(t.Context(), e.Name, "")
	require.NoError(t, err)
	require.NoError(t, c.Load(t.Context()))
	d, err := c.Definition(t.Context(), memory.Badge)
	require.NoError(t, err)
	require.Equal(t, e.Name, d.CurrentEdition)
}

func TestTheBuiltInBadgesAreComplete(t *testing.T) {
	s := memory.Loaded(t)
	all, err := s.Definitions(t.Context(), definition.Slice{})
	require.NoError(t, err)
	require.Len(t, all, 6)
	texts := map[string]bool{}
	for _, d := range all {
		require.Equal(t, "badgeDefinitions/"+d.Standard, d.Name)
		require.Equal(t, "frameworks/national-standards", d.Framework)
		e, err := s.Edition(t.Context(), d.CurrentEdition)
		require.NoError(t, err)
		require.Equal(t, definition.Published, e.State)
		for _, text := range []string{d.Title, e.Asks.Description, e.Asks.Criteria} {
			require.NotEmpty(t, text)
			require.False(t, texts[text], "%q stands at two badges", text)
			texts[text] = true
		}
		var rules []string
		for _, r := range e.Asks.EligibilityRules {
			rules = append(rules, r.ID)
		}
		require.Equal(t, []string{
			"two-terms", "two-survey-waves", "all-groups", "every-step-completed", "reflection-on-every-step", "evidence-for-every-step",
		}, rules)
		require.Equal(t, []int{2, 36, 90}, []int{e.Asks.ReviewersRequired, e.Asks.ValidMonths, e.Asks.GraceDays})
	}
	guide, err := s.Guide(t.Context(), memory.Guide)
	require.NoError(t, err)
	require.Len(t, guide.Criteria, 5)
	for _, c := range guide.Criteria {
		require.NotEmpty(t, c.Question)
		for i, l := range c.Levels {
			require.Equal(t, i, l.Points)
			require.False(t, strings.TrimSpace(l.Anchor) == "", "%s level %d has no anchor", c.ID, i)
		}
		require.Len(t, c.Levels, 4)
	}
}

func TestTheBuiltInDecisionRuleByHand(t *testing.T) {
	s := memory.Loaded(t)
	e, err := s.Edition(t.Context(), memory.Edition)
	require.NoError(t, err)
	r, err := rule.CompileDecision(e.Asks.DecisionRule)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		points [][]int
		met    bool
	}{
		"twos everywhere":                              {[][]int{{2, 2}, {2, 2}, {2, 2}, {2, 2}, {2, 2}}, true},
		"threes make up for no criterion below":        {[][]int{{3, 3}, {3, 3}, {3, 3}, {3, 3}, {1, 2}}, false},
		"a one that another reviewer's three balances": {[][]int{{1, 3}, {1, 3}, {1, 3}, {1, 3}, {1, 3}}, true},
		"medians of two with a mean below two":         {[][]int{{0, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}}, false},
		"three reviewers, two of them content":         {[][]int{{0, 2, 3}, {2, 2, 3}, {2, 2, 3}, {2, 2, 3}, {2, 2, 3}}, true},
	} {
		met, err := r.Met(rule.Summarize([]string{"a", "b", "c", "d", "e"}, c.points))
		require.NoError(t, err)
		require.Equal(t, c.met, met, name)
	}
}

func TestTheLevelOfAMedianIsTheHighestItReaches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := definition.Criterion{}
		points := rapid.IntRange(-3, 3).Draw(t, "first")
		for range rapid.IntRange(2, 6).Draw(t, "levels") {
			c.Levels = append(c.Levels, definition.Level{Points: points})
			points += rapid.IntRange(1, 4).Draw(t, "step")
		}
		median := float64(rapid.IntRange(-10, 60).Draw(t, "twice the median")) / 2
		got := c.LevelAt(median)
		if median < float64(c.Levels[0].Points) {
			require.Equal(t, c.Levels[0], got, "nothing is below the lowest")
			return
		}
		require.LessOrEqual(t, float64(got.Points), median)
		for _, l := range c.Levels {
			require.False(t, l.Points > got.Points && float64(l.Points) <= median)
		}
	})
}

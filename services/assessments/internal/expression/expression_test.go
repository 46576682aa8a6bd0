package expression_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// questions are those of the tests.
func questions() map[string]expression.Question {
	yesNo := expression.Question{Kind: expression.Choice, Options: []string{"yes", "no"}}
	return map[string]expression.Question{
		"visits": yesNo, "again": yesNo, "rated/bus": {Kind: expression.Choice, Options: []string{"1", "2"}},
		"ways":  {Kind: expression.Several, Options: []string{"phone", "email"}},
		"words": {Kind: expression.Words}, "children": {Kind: expression.Amount}, "babies": {Kind: expression.Amount}, "day": {Kind: expression.Day},
	}
}

func scope(value *expression.Question) expression.Scope {
	return expression.Scope{Value: value, Question: func(id string) (expression.Question, bool) { q, ok := questions()[id]; return q, ok }}
}

func amount() *expression.Question { return &expression.Question{Kind: expression.Amount} }

// unanswered are the values of questions without an answer.
func unanswered() map[string]any {
	return map[string]any{"visits": "", "again": "", "rated/bus": "", "ways": []string{}, "words": "", "children": nil, "babies": nil, "day": nil}
}

func verdict(v expression.Verdict) string {
	return map[expression.Verdict]string{expression.True: "true", expression.False: "false", expression.Undecided: "undecided"}[v]
}

// TestMeaning evaluates the cases that every evaluator of the language must agree with. They are in
// the canonical spelling, which the test holds too.
func TestMeaning(t *testing.T) {
	raw, err := os.ReadFile("testdata/cases.json")
	require.NoError(t, err)
	var cases []struct {
		Expression string
		Answers    map[string]any
		Value      any
		Verdict    string
	}
	require.NoError(t, json.Unmarshal(raw, &cases))
	for _, c := range cases {
		t.Run(c.Expression+" "+c.Verdict, func(t *testing.T) {
			e, err := expression.Compile(c.Expression, scope(amount()))
			require.NoError(t, err)
			require.Equal(t, c.Expression, e.String())
			answers := unanswered()
			for id, a := range c.Answers {
				if list, ok := a.([]any); ok {
					var texts []string
					for _, one := range list {
						texts = append(texts, one.(string))
					}
					a = texts
				}
				answers[id] = a
			}
			require.Equal(t, c.Verdict, verdict(e.Judge(answers, c.Value)))
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                       "expression_syntax",
		`answers["visits"] == `:                  "expression_syntax",
		`answers["nobody"] == "yes"`:             "item_exists",
		`answers["rated"] == "1"`:                "item_exists",
		`answers["visits"] == "maybe"`:           "option_of_item",
		`answers["visits"] in ["yes", "maybe"]`:  "option_of_item",
		`"fax" in answers["ways"]`:               "option_of_item",
		`answers["visits"]`:                      "expression_type",
		`answers["visits"] == 1`:                 "expression_type",
		`answers["visits"] > "no"`:               "expression_type",
		`answers["visits"] == null`:              "expression_type",
		`answers["words"] < "m"`:                 "expression_type",
		`answers["ways"] == "phone"`:             "expression_type",
		`answers["ways"] == answers["ways"]`:     "expression_type",
		`answers["visits"] in answers["ways"]`:   "expression_type",
		`answers["children"] == "3"`:             "expression_type",
		`answers["children"] < null`:             "expression_type",
		`answers["children"] in []`:              "expression_type",
		`answers["children"] in [1, "2"]`:        "expression_type",
		`answers["children"] in [null]`:          "expression_type",
		`answers["children"] == answers["day"]`:  "expression_type",
		`size(answers["children"]) > 1`:          "expression_type",
		`size(answers["visits"]) > 1`:            "expression_type",
		`answers["day"] > "soon"`:                "expression_type",
		`answers["day"] > "2026-02-30"`:          "expression_type",
		`1 == 1`:                                 "expression_type",
		`"a" in ["a"]`:                           "expression_type",
		`true`:                                   "expression_subset",
		`answers["children"] + 1 > 2`:            "expression_subset",
		`answers.visits == "yes"`:                "expression_subset",
		`answers[answers["visits"]] == "yes"`:    "expression_subset",
		`has(answers.visits)`:                    "expression_subset",
		`answers == {}`:                          "expression_subset",
		`answers["words"].matches("x")`:          "expression_subset",
		`[1, 2].all(x, x > 0)`:                   "expression_subset",
		`answers["visits"] == "yes" ? 1 : 2`:     "expression_subset",
		`answers["visits"] == b"yes"`:            "expression_subset",
		`answers["children"] == 2u`:              "expression_subset",
		`answers["children"] > 9007199254740993`: "expression_subset",
		`dyn(answers["children"]) > 1`:           "expression_subset",
		`age > 3`:                                "expression_subset",
		`value > 3`:                              "expression_subset",
		`size("abc") > 1`:                        "expression_subset",
		`(answers["visits"] == "yes") == (answers["again"] == "yes")`: "expression_subset",
		strings.Repeat("a", expression.MaxLength+1):                   "expression_length",
		strings.Repeat("(", 400) + strings.Repeat(")", 400):           "expression_syntax",
		"answers[\"words\"] == \"\xff\"":                              "expression_length",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := expression.Compile(text, scope(nil))
			refusal, ok := expression.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, want, refusal.Rule, refusal.Fix)
			require.Regexp(t, `\.$`, refusal.Fix)
		})
	}
}

// TestOtherSpellings of the same come out canonical.
func TestOtherSpellings(t *testing.T) {
	for text, want := range map[string]string{
		`answers['visits']=='yes'`:              `answers["visits"] == "yes"`,
		`((answers["visits"] == "yes"))`:        `answers["visits"] == "yes"`,
		`! (answers["visits"] == "yes")`:        `!(answers["visits"] == "yes")`,
		`answers["children"] > 2.0`:             `answers["children"] > 2`,
		`answers["children"] > 0x10`:            `answers["children"] > 16`,
		`answers["words"] == r"a\b"`:            `answers["words"] == "a\\b"`,
		`answers["words"] == """x"y"""`:         `answers["words"] == "x\"y"`,
		"answers[\"visits\"] == \"yes\" // why": `answers["visits"] == "yes"`,
		`answers["visits"] == "yes" && (answers["again"] == "no" && 1 < answers["children"])`: `answers["visits"] == "yes" && answers["again"] == "no" && 1 < answers["children"]`,
		`answers["visits"] == "yes" && (answers["again"] == "no" || answers["children"] > 1)`: `answers["visits"] == "yes" && (answers["again"] == "no" || answers["children"] > 1)`,
		`answers["visits"] == "yes" || answers["again"] == "no" && answers["children"] > 1`:   `answers["visits"] == "yes" || answers["again"] == "no" && answers["children"] > 1`,
	} {
		e, err := expression.Compile(text, scope(nil))
		require.NoError(t, err, text)
		require.Equal(t, want, e.String())
	}
}

func TestTheQuestionsOfAnExpression(t *testing.T) {
	e, err := expression.Compile(`answers["visits"] == "yes" || "phone" in answers["ways"] || answers["visits"] == "no" || size(answers["words"]) > 3`, scope(nil))
	require.NoError(t, err)
	require.Equal(t, []string{"visits", "ways", "words"}, e.Questions())
}

// TestEveryExpressionMeansWhatTheDocumentSays compares cel-go with an evaluator written from the
// documentation of the package alone, the way a page has to, and holds that the canonical spelling
// reads as itself.
func TestEveryExpressionMeansWhatTheDocumentSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := condition(t, 3)
		e, err := expression.Compile(tree.String(), scope(amount()))
		require.NoError(t, err, tree.String())
		again, err := expression.Parse(e.String())
		require.NoError(t, err)
		require.Equal(t, e.String(), again.String())
		answers := drawAnswers(t)
		var value any
		if rapid.Bool().Draw(t, "valued") {
			value = float64(rapid.IntRange(-1, 3).Draw(t, "value"))
		}
		require.Equal(t, verdict(judge(e.Tree(), answers, value)), verdict(e.Judge(answers, value)), e.String())
	})
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`answers["visits"] == "yes" && !(value > 3)`, `"phone" in answers["ways"]`, `size(answers["words"]) >= 1e3`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := expression.Compile(text, scope(amount()))
		if err != nil {
			_, ok := expression.As(err)
			require.True(t, ok, "%v", err)
			return
		}
		again, err := expression.Compile(e.String(), scope(amount()))
		require.NoError(t, err)
		require.Equal(t, e.String(), again.String())
		e.Judge(unanswered(), nil)
	})
}

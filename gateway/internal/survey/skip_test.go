package survey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

func TestWhatIsNotAskedCountsAsNotAnswered(t *testing.T) {
	r, err := newRules()
	require.NoError(t, err)
	form := everyType()
	number := func(n float64) *float64 { return &n }
	for name, c := range map[string]struct {
		answers []*assessmentsv1.Answer
		more    []string
	}{
		"nothing":              {nil, nil},
		"no visit":             {[]*assessmentsv1.Answer{{Item: "visited", Option: "no"}, {Item: "times", Number: number(20)}}, nil},
		"a visit":              {[]*assessmentsv1.Answer{{Item: "visited", Option: "yes"}}, []string{"times", "staff"}},
		"ten visits":           {[]*assessmentsv1.Answer{{Item: "visited", Option: "yes"}, {Item: "times", Number: number(10)}}, []string{"times", "staff"}},
		"more than ten visits": {[]*assessmentsv1.Answer{{Item: "visited", Option: "yes"}, {Item: "times", Number: number(10.5)}}, []string{"times", "often", "staff"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]bool{}
			for _, id := range append([]string{"welcome", "visited", "ways", "order", "since", "words", "helpers"}, c.more...) {
				want[id] = true
			}
			require.Equal(t, want, r.asked(form, c.answers))
		})
	}
}

func TestConditions(t *testing.T) {
	r, err := newRules()
	require.NoError(t, err)
	values := map[string]any{}
	items := []*assessmentsv1.FormItem{
		{Id: "one"},
		{Id: "text", Type: assessmentsv1.ItemType_ITEM_TYPE_TEXT},
		{Id: "many", Type: assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE},
		{Id: "number", Type: assessmentsv1.ItemType_ITEM_TYPE_NUMBER},
		{Id: "day", Type: assessmentsv1.ItemType_ITEM_TYPE_DATE},
		{Id: "rows", Type: assessmentsv1.ItemType_ITEM_TYPE_MATRIX, Rows: []*assessmentsv1.FormRow{{Id: "a"}, {Id: "b"}}},
		{Id: "none"},
		{Id: "no-number", Type: assessmentsv1.ItemType_ITEM_TYPE_NUMBER},
	}
	answers := map[string]*assessmentsv1.Answer{
		"one": {Option: "x"}, "text": {Text: "añ😀"}, "many": {Options: []string{"p", "q"}}, "number": {Number: proto.Float64(0)},
		"day": {Date: "2026-05-01"}, "rows": {Rows: map[string]string{"a": "high"}},
	}
	for _, item := range items {
		put(values, item, answers[item.GetId()])
	}
	for condition, want := range map[string]bool{
		``:                                                  true,
		`answers["one"] == "x"`:                             true,
		`answers["none"] == ""`:                             true,
		`"p" in answers["many"]`:                            true,
		`answers["one"] in ["a", "x"]`:                      true,
		`size(answers["many"]) >= 2`:                        true,
		`size(answers["text"]) == 3`:                        true,
		`answers["number"] == 0`:                            true,
		`answers["number"] < 0.5`:                           true,
		`answers["day"] > "2026-04-30"`:                     true,
		`answers["rows/a"] == "high"`:                       true,
		`answers["rows/b"] == ""`:                           true,
		`answers["no-number"] == null`:                      true,
		`answers["no-number"] < 5`:                          false,
		`!(answers["no-number"] < 5)`:                       false,
		`answers["no-number"] < 5 || answers["one"] == "x"`: true,
		`answers["nobody"] == "x"`:                          false,
		`answers[`:                                          false,
		`"text"`:                                            false,
	} {
		require.Equal(t, want, r.holds(condition, values), condition)
	}
}

// condition draws an expression of the grammar that questionnaires may use.
func condition(t *rapid.T, depth int) string {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	if depth > 0 && rapid.Bool().Draw(t, "joined") {
		op := pick("op", " || ", " && ")
		return "(" + condition(t, depth-1) + ")" + op + "(" + condition(t, depth-1) + ")"
	}
	if depth > 0 && rapid.Bool().Draw(t, "negated") {
		return "!(" + condition(t, depth-1) + ")"
	}
	number := `answers["` + pick("number", "n0", "n7", "nn") + `"]`
	day := `answers["` + pick("day", "d1", "dn") + `"]`
	text := `answers["` + pick("text", "t0", "tx", "ty") + `"]`
	list := `answers["` + pick("list", "l0", "l2") + `"]`
	order := pick("order", "<", "<=", ">", ">=", "==", "!=")
	switch rapid.IntRange(0, 8).Draw(t, "shape") {
	case 0:
		return number + " " + order + " " + pick("literal", "0", "7", "-2.5", "7.0", "1e2")
	case 1:
		return day + " " + order + ` "2026-05-01"`
	case 2:
		return text + " " + pick("equal", "==", "!=") + " " + pick("word", `""`, `"x"`, `"a\"b\\😀"`)
	case 3:
		return text + ` in ["x", "y"]`
	case 4:
		return `"p" in ` + list
	case 5:
		return "size(" + pick("sized", list, text) + ") " + order + " " + pick("size", "0", "2")
	case 6:
		return number + " " + pick("equal", "==", "!=") + " null"
	case 7:
		return "value " + order + " " + number
	default:
		return number + " " + order + " " + `answers["` + pick("other", "n0", "n7", "nn") + `"]`
	}
}

// The page decides as CEL does. What it is asked is random, of the grammar that package expression of the
// assessments service allows.
func TestThePageDecidesAsCELDoes(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("skip: node is not installed: conditions of pages not compared with CEL")
	}
	type one struct {
		Text    string         `json:"text"`
		Answers map[string]any `json:"answers"`
		Value   any            `json:"value"`
	}
	values := map[string]any{
		"n0": 0.0, "n7": 7.0, "nn": nil, "d1": "2026-05-01", "dn": nil, "t0": "", "tx": "x", "ty": `a"b\😀`, "l0": []string{}, "l2": []string{"p", "q"},
	}
	var cases []one
	drawn := rapid.Custom(func(t *rapid.T) one {
		return one{condition(t, 3), values, rapid.SampledFrom([]any{nil, 3.0, 7.0}).Draw(t, "value")}
	})
	for seed := range 1500 {
		cases = append(cases, drawn.Example(seed))
	}
	env, err := cel.NewEnv(cel.Variable("answers", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("value", cel.DynType), cel.CrossTypeNumericComparisons(true), cel.ClearMacros())
	require.NoError(t, err)
	want, decided := make([]any, len(cases)), 0
	for i, c := range cases {
		ast, issues := env.Compile(c.Text)
		require.NoError(t, issues.Err(), c.Text)
		program, err := env.Program(ast)
		require.NoError(t, err)
		if out, _, err := program.Eval(map[string]any{"answers": c.Answers, "value": c.Value}); err == nil {
			want[i] = out.Value()
			decided++
		}
	}
	require.Greater(t, decided, 500)
	require.Less(t, decided, len(cases)-100, "some are undecided")
	asked, err := json.Marshal(cases)
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), node, "testdata/expressions.js", "files/expression.js")
	run.Stdin = bytes.NewReader(asked)
	out, err := run.Output()
	require.NoError(t, err)
	var got []any
	require.NoError(t, json.Unmarshal(out, &got))
	var differ []string
	for i := range cases {
		if got[i] != want[i] {
			differ = append(differ, fmt.Sprintf("%s with %v: the page %v, CEL %v", cases[i].Text, cases[i].Value, got[i], want[i]))
		}
	}
	require.Empty(t, differ, strings.Join(differ[:min(5, len(differ))], "\n"))
}

package expression_test

import (
	"slices"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// judge evaluates an expression as the documentation of the package says, without CEL.
func judge(n expression.Node, answers map[string]any, value any) expression.Verdict {
	of := func(b bool) expression.Verdict {
		if b {
			return expression.True
		}
		return expression.False
	}
	switch n.Op {
	case expression.Not:
		return map[expression.Verdict]expression.Verdict{expression.True: expression.False, expression.False: expression.True}[judge(n.Args[0], answers, value)]
	case expression.And, expression.Or:
		decides := expression.False
		if n.Op == expression.Or {
			decides = expression.True
		}
		undecided := false
		for _, a := range n.Args {
			switch judge(a, answers, value) {
			case decides:
				return decides
			case expression.Undecided:
				undecided = true
			}
		}
		if undecided {
			return expression.Undecided
		}
		return of(decides == expression.False)
	case expression.In:
		if n.Args[1].Op != expression.List {
			list, _ := evaluate(n.Args[1], answers, value).([]string)
			return of(slices.Contains(list, n.Args[0].Text))
		}
		what := evaluate(n.Args[0], answers, value)
		return of(slices.ContainsFunc(n.Args[1].Args, func(a expression.Node) bool { return evaluate(a, answers, value) == what }))
	}
	return compare(n.Op, evaluate(n.Args[0], answers, value), evaluate(n.Args[1], answers, value))
}

func compare(op expression.Op, a, b any) expression.Verdict {
	truth := false
	switch op {
	case expression.Equal:
		truth = a == b
	case expression.Unequal:
		truth = a != b
	default:
		if a == nil || b == nil {
			return expression.Undecided
		}
		less, equal := false, a == b
		switch x := a.(type) {
		case float64:
			less = x < b.(float64)
		case string:
			less = x < b.(string)
		}
		truth = map[expression.Op]bool{
			expression.Less: less, expression.LessEqual: less || equal, expression.Greater: !less && !equal, expression.GreaterEqual: !less,
		}[op]
	}
	if truth {
		return expression.True
	}
	return expression.False
}

func evaluate(n expression.Node, answers map[string]any, value any) any {
	switch n.Op {
	case expression.Value:
		return value
	case expression.Answer:
		return answers[n.Text]
	case expression.String:
		return n.Text
	case expression.Numeral:
		return n.Number
	case expression.Size:
		switch v := evaluate(n.Args[0], answers, value).(type) {
		case []string:
			return float64(len(v))
		case string:
			return float64(utf8.RuneCountInString(v))
		}
	}
	return nil
}

// condition draws an expression over the questions of the tests.
func condition(t *rapid.T, depth int) expression.Node {
	node := func(op expression.Op, args ...expression.Node) expression.Node {
		return expression.Node{Op: op, Args: args}
	}
	if depth > 0 {
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return node(expression.Not, condition(t, depth-1))
		case 1:
			return node(expression.And, condition(t, depth-1), condition(t, depth-1))
		case 2:
			return node(expression.Or, condition(t, depth-1), condition(t, depth-1), condition(t, depth-1))
		}
	}
	answer := func(id string) expression.Node { return expression.Node{Op: expression.Answer, Text: id} }
	text := func(s string) expression.Node { return expression.Node{Op: expression.String, Text: s} }
	number := expression.Node{Op: expression.Numeral, Number: rapid.SampledFrom([]float64{-1, 0, 1, 2, 2.5}).Draw(t, "number")}
	ordered := rapid.SampledFrom([]expression.Op{expression.Less, expression.LessEqual, expression.Greater, expression.GreaterEqual}).Draw(t, "order")
	equal := rapid.SampledFrom([]expression.Op{expression.Equal, expression.Unequal}).Draw(t, "equal")
	yes := text(rapid.SampledFrom([]string{"yes", "no", ""}).Draw(t, "option"))
	return rapid.SampledFrom([]expression.Node{
		node(equal, answer("visits"), yes), node(equal, yes, answer("again")), node(equal, answer("visits"), answer("again")),
		node(expression.In, answer("visits"), node(expression.List, text("no"), text("yes"))),
		node(expression.In, text("phone"), answer("ways")),
		node(ordered, node(expression.Size, answer("ways")), expression.Node{Op: expression.Numeral, Number: 1}),
		node(ordered, node(expression.Size, answer("words")), answer("children")),
		node(ordered, answer("children"), number), node(ordered, number, answer("children")), node(ordered, answer("children"), answer("babies")),
		node(equal, answer("children"), number), node(equal, answer("children"), node(expression.Null)), node(equal, answer("children"), answer("babies")),
		node(expression.In, answer("children"), node(expression.List, number, expression.Node{Op: expression.Numeral, Number: 2})),
		node(ordered, answer("day"), text("2026-09-01")), node(equal, answer("day"), node(expression.Null)), node(equal, answer("day"), text("2026-09-01")),
		node(ordered, node(expression.Value), number), node(ordered, node(expression.Value), answer("babies")),
		node(equal, answer("words"), text(rapid.SampledFrom([]string{"", "a\"b", "ñ\u2028 <&>", "'"}).Draw(t, "text"))),
	}).Draw(t, "comparison")
}

func drawAnswers(t *rapid.T) map[string]any {
	out := unanswered()
	draw := func(id string, values ...any) {
		if i := rapid.IntRange(-1, len(values)-1).Draw(t, id); i >= 0 {
			out[id] = values[i]
		}
	}
	draw("visits", "yes", "no")
	draw("again", "yes", "no")
	draw("ways", []string{"phone"}, []string{"email"}, []string{"email", "phone"})
	draw("words", "a\"b", "ñ\u2028 <&>", "long enough")
	draw("children", 0.0, 1.0, 2.0, 2.5)
	draw("babies", 0.0, 2.0)
	draw("day", "2026-09-01", "2026-08-31", "2027-01-01")
	return out
}

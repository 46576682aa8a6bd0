package interchange

import (
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// kinds tell what a question is, by its id, and by "" what the answer is that a
// constraint judges.
type kinds map[string]expression.Kind

// of finds the kind of value or an answer; 0 for anything else.
func (k kinds) of(n expression.Node) expression.Kind {
	if n.Op == expression.Value || n.Op == expression.Answer {
		return k[n.Text]
	}
	return 0
}

// toXPath writes an expression as XLSForm has it.
func (k kinds) toXPath(n expression.Node) string {
	write := k.toXPath
	switch n.Op {
	case expression.Or, expression.And:
		word := map[expression.Op]string{expression.Or: " or ", expression.And: " and "}[n.Op]
		parts := make([]string, len(n.Args))
		for i, a := range n.Args {
			parts[i] = write(a)
			if a.Op == expression.Or || a.Op == expression.And || alternatives(a) {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, word)
	case expression.Not:
		return "not(" + write(n.Args[0]) + ")"
	case expression.In:
		return k.membership(n)
	case expression.Equal:
		return k.side(n, 0) + " = " + k.side(n, 1)
	case expression.Unequal, expression.Less, expression.LessEqual, expression.Greater, expression.GreaterEqual:
		return k.side(n, 0) + " " + string(n.Op) + " " + k.side(n, 1)
	case expression.Size:
		if k.of(n.Args[0]) == expression.Several {
			return "count-selected(" + write(n.Args[0]) + ")"
		}
		return "string-length(" + write(n.Args[0]) + ")"
	case expression.Value:
		return "."
	case expression.Answer:
		return "${" + name(n.Text) + "}"
	case expression.Numeral:
		return expression.Number(n.Number)
	case expression.Null:
		return "''"
	}
	return literal(n.Text)
}

// alternatives tells whether a membership is written as several equalities.
func alternatives(n expression.Node) bool {
	return n.Op == expression.In && n.Args[1].Op == expression.List && len(n.Args[1].Args) > 1
}

// side writes a side of a comparison; a fixed day is marked as one.
func (k kinds) side(n expression.Node, i int) string {
	this, other := n.Args[i], n.Args[1-i]
	if this.Op == expression.String && k.of(other) == expression.Day {
		return "date(" + literal(this.Text) + ")"
	}
	return k.toXPath(this)
}

func (k kinds) membership(n expression.Node) string {
	what, in := n.Args[0], n.Args[1]
	if in.Op != expression.List {
		return "selected(" + k.toXPath(in) + ", " + literal(what.Text) + ")"
	}
	parts := make([]string, len(in.Args))
	for i, a := range in.Args {
		parts[i] = k.toXPath(expression.Node{Op: expression.Equal, Args: []expression.Node{what, a}})
	}
	return strings.Join(parts, " or ")
}

// literal writes a text. XPath has no escapes: a text with both quotes is put together.
func literal(s string) string {
	if !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "concat('" + strings.ReplaceAll(s, "'", `', "'", '`) + "')"
}

package interchange

import (
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// maxDepth bounds how deep parentheses nest.
const maxDepth = 40

// condition reads a comparison, a call that is true or false, or parentheses.
func (p *parser) condition() (expression.Node, error) {
	if p.depth++; p.depth > maxDepth {
		return expression.Node{}, untranslatable{"so many parentheses"}
	}
	defer func() { p.depth-- }()
	if len(p.tokens) == 0 {
		return expression.Node{}, untranslatable{"an end that comes too early"}
	}
	switch {
	case p.peek("(", ""):
		p.pop()
		n, err := p.chain(expression.Or)
		if err != nil {
			return n, err
		}
		return n, p.expect(")")
	case p.peek("a", "not"):
		return p.negation()
	case p.peek("a", "selected"):
		return p.selected()
	}
	return p.comparison()
}

func (p *parser) negation() (expression.Node, error) {
	p.pop()
	if err := p.expect("("); err != nil {
		return expression.Node{}, err
	}
	n, err := p.chain(expression.Or)
	if err != nil {
		return n, err
	}
	return expression.Node{Op: expression.Not, Args: []expression.Node{n}}, p.expect(")")
}

// selected reads selected(${q}, 'option').
func (p *parser) selected() (expression.Node, error) {
	p.pop()
	if err := p.expect("("); err != nil {
		return expression.Node{}, err
	}
	subject, q, err := p.subject()
	if err != nil {
		return subject, err
	}
	if err := p.expect(","); err != nil {
		return expression.Node{}, err
	}
	if !p.peek(`"`, "") {
		return expression.Node{}, untranslatable{"selected() without a fixed option"}
	}
	option := optionNode(p.pop().text)
	n := expression.Node{Op: expression.In, Args: []expression.Node{option, subject}}
	if q.Kind == expression.Choice {
		n = expression.Node{Op: expression.Equal, Args: []expression.Node{subject, option}}
	}
	return n, p.expect(")")
}

// term is one side of a comparison.
type term struct {
	node expression.Node
	kind expression.Kind // 0 for a fixed value
}

func (p *parser) comparison() (expression.Node, error) {
	left, err := p.term()
	if err != nil {
		return expression.Node{}, err
	}
	ops := map[string]expression.Op{
		"=": expression.Equal, "!=": expression.Unequal, "<": expression.Less, "<=": expression.LessEqual, ">": expression.Greater, ">=": expression.GreaterEqual,
	}
	if len(p.tokens) == 0 || ops[p.tokens[0].kind] == "" {
		return expression.Node{}, untranslatable{"a value where something true or false belongs"}
	}
	op := ops[p.pop().kind]
	right, err := p.term()
	if err != nil {
		return expression.Node{}, err
	}
	if left.kind == 0 && right.kind != 0 { // 3 < ${n} is ${n} > 3
		turned := map[expression.Op]expression.Op{
			expression.Less: expression.Greater, expression.LessEqual: expression.GreaterEqual, expression.Greater: expression.Less, expression.GreaterEqual: expression.LessEqual,
		}
		if t, ok := turned[op]; ok {
			op = t
		}
		left, right = right, left
	}
	if left.kind == expression.Several && right.node.Op == expression.String && right.node.Text == "" {
		return unchosen(op, left.node)
	}
	right.node = fit(left.kind, right)
	return expression.Node{Op: op, Args: []expression.Node{left.node, right.node}}, nil
}

// unchosen is ${several} = ”: nothing was chosen.
func unchosen(op expression.Op, subject expression.Node) (expression.Node, error) {
	if op != expression.Equal && op != expression.Unequal {
		return expression.Node{}, untranslatable{"an order of options"}
	}
	return expression.Node{Op: op, Args: []expression.Node{
		{Op: expression.Size, Args: []expression.Node{subject}}, {Op: expression.Numeral},
	}}, nil
}

// fit makes a fixed value one of the kind it is compared with: in XPath 5 and '5' are
// alike, and ” is what was not answered.
func fit(kind expression.Kind, t term) expression.Node {
	n := t.node
	switch {
	case t.kind != 0:
	case n.Op == expression.String && n.Text == "" && (kind == expression.Amount || kind == expression.Day):
		return expression.Node{Op: expression.Null}
	case n.Op == expression.String && kind == expression.Amount:
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return expression.Node{Op: expression.Numeral, Number: f}
		}
	case n.Op == expression.Numeral && kind == expression.Choice:
		return optionNode(expression.Number(n.Number))
	case n.Op == expression.Numeral && kind == expression.Words:
		return expression.Node{Op: expression.String, Text: expression.Number(n.Number)}
	case n.Op == expression.String && kind == expression.Choice:
		return optionNode(n.Text)
	}
	return n
}

// optionNode is an option by the id that its name became.
func optionNode(name string) expression.Node {
	id, _ := idOf(name)
	return expression.Node{Op: expression.String, Text: id}
}

func (p *parser) term() (term, error) {
	if len(p.tokens) == 0 {
		return term{}, untranslatable{"an end that comes too early"}
	}
	switch t := p.tokens[0]; t.kind {
	case `"`:
		p.pop()
		return term{node: expression.Node{Op: expression.String, Text: t.text}}, nil
	case "0":
		p.pop()
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return term{}, untranslatable{t.text}
		}
		return term{node: expression.Node{Op: expression.Numeral, Number: f}}, nil
	case "a":
		return p.function()
	}
	n, q, err := p.subject()
	return term{n, q.Kind}, err
}

// function reads count-selected(x), string-length(x), number(x), date('…') and
// concat('…').
func (p *parser) function() (term, error) {
	name := p.pop().text
	switch name {
	case "count-selected", "string-length", "date", "concat", "number":
	default:
		return term{}, untranslatable{name + "()"}
	}
	if err := p.expect("("); err != nil {
		return term{}, untranslatable{name}
	}
	if name == "date" || name == "concat" {
		var parts []string
		for p.peek(`"`, "") {
			parts = append(parts, p.pop().text)
			if name == "concat" && p.peek(",", "") {
				p.pop()
			}
		}
		if len(parts) == 0 {
			return term{}, untranslatable{name + "() of something that is not fixed"}
		}
		return term{node: expression.Node{Op: expression.String, Text: strings.Join(parts, "")}}, p.expect(")")
	}
	n, q, err := p.subject()
	if err != nil {
		return term{}, err
	}
	if name == "number" {
		return term{n, q.Kind}, p.expect(")")
	}
	return term{expression.Node{Op: expression.Size, Args: []expression.Node{n}}, expression.Amount}, p.expect(")")
}

// subject reads ${name} or the answer itself.
func (p *parser) subject() (expression.Node, expression.Question, error) {
	none := expression.Question{}
	if len(p.tokens) == 0 {
		return expression.Node{}, none, untranslatable{"an end that comes too early"}
	}
	switch t := p.pop(); t.kind {
	case "$":
		id, q, ok := p.names(t.text)
		if !ok {
			return expression.Node{}, none, untranslatable{"${" + t.text + "}, which is no question here"}
		}
		return expression.Node{Op: expression.Answer, Text: id}, q, nil
	case ".":
		if p.value == nil {
			return expression.Node{}, none, untranslatable{`"."`}
		}
		return expression.Node{Op: expression.Value}, *p.value, nil
	default:
		return expression.Node{}, none, untranslatable{strconv.Quote(t.text)}
	}
}

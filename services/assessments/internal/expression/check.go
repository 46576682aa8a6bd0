package expression

import (
	"slices"
	"strings"
	"time"
)

// checker holds the nodes to the grammar and to the questions there are.
type checker struct{ scope Scope }

// condition checks what is true or false.
func (c checker) condition(n Node) error {
	switch n.Op {
	case Or, And, Not:
		for _, a := range n.Args {
			if err := c.condition(a); err != nil {
				return err
			}
		}
		return nil
	case Equal, Unequal, Less, LessEqual, Greater, GreaterEqual:
		return c.comparison(n)
	case In:
		return c.membership(n)
	}
	return refuse("expression_type", `Give something that is true or false, e.g. answers["visits"] == "yes".`)
}

// side is one side of a comparison: the question it stands for, or a fixed value.
type side struct {
	Question
	fixed Op // String, Numeral or Null; empty for a question
	text  string
}

func (c checker) side(n Node) (side, error) {
	switch n.Op {
	case String, Numeral, Null:
		return side{fixed: n.Op, text: n.Text}, nil
	case Value, Answer:
		q, err := c.subject(n)
		return side{Question: q}, err
	case Size:
		q, err := c.subject(n.Args[0])
		if err != nil {
			return side{}, err
		}
		if q.Kind != Several && q.Kind != Words {
			return side{}, refuse("expression_type", "Count the chosen options or the characters of a text; this has no size: %s.", n.Args[0])
		}
		return side{Question: Question{Kind: Amount}}, nil
	}
	return side{}, refuse("expression_subset", "Compare only answers, their sizes and fixed values: not %s.", n)
}

// subject finds what value or answers["id"] stands for.
func (c checker) subject(n Node) (Question, error) {
	switch n.Op {
	case Value:
		if c.scope.Value == nil {
			return Question{}, refuse("expression_subset", `Use value in constraints only; name an answer as answers["id"].`)
		}
		return *c.scope.Value, nil
	case Answer:
		if q, ok := c.scope.Question(n.Text); ok {
			return q, nil
		}
		return Question{}, refuse("item_exists", "Name an item of the questionnaire, or item/row of a matrix: %q is none.", n.Text)
	}
	return Question{}, refuse("expression_subset", "Name an answer here: %s is none.", n)
}

func (c checker) comparison(n Node) error {
	left, err := c.side(n.Args[0])
	if err != nil {
		return err
	}
	right, err := c.side(n.Args[1])
	if err != nil {
		return err
	}
	if left.fixed != "" && right.fixed != "" {
		return refuse("expression_type", "Compare an answer with something: both sides are fixed.")
	}
	if left.fixed != "" {
		left, right = right, left
	}
	ordered := n.Op != Equal && n.Op != Unequal
	if ordered && left.Kind != Amount && left.Kind != Day {
		return refuse("expression_type", "Order only numbers and days; compare other answers by == or !=.")
	}
	if left.Kind == Several {
		return refuse("expression_type", `Ask for a chosen option as "option" in answers["id"].`)
	}
	if right.fixed == Null && ordered {
		return refuse("expression_type", "Compare with null by == or != only.")
	}
	return left.fits(right)
}

// fits checks that the question s may be compared with the other side.
func (s side) fits(other side) error {
	if other.fixed == "" {
		if s.Kind == other.Kind || (s.textual() && other.textual()) {
			return nil
		}
		return refuse("expression_type", "Compare answers of one kind.")
	}
	switch {
	case other.fixed == Null && (s.Kind == Amount || s.Kind == Day),
		other.fixed == Numeral && s.Kind == Amount,
		other.fixed == String && s.Kind == Words:
		return nil
	case other.fixed == String && s.Kind == Day:
		if _, err := time.Parse(time.DateOnly, other.text); err == nil {
			return nil
		}
		return refuse("expression_type", "Write a day as YYYY-MM-DD: %q is none.", other.text)
	case other.fixed == String && s.Kind == Choice:
		return s.offers(other.text)
	case other.fixed == Null:
		return refuse("expression_type", `Compare with "": a text or choice that was not answered is "".`)
	}
	return refuse("expression_type", "Compare a number with a number, a choice with the id of an option, a day with YYYY-MM-DD.")
}

func (s side) textual() bool { return s.Kind == Choice || s.Kind == Words }

// offers checks that a text is the id of an option, or stands for no answer.
func (s side) offers(option string) error {
	if option == "" || slices.Contains(s.Options, option) {
		return nil
	}
	return refuse("option_of_item", "Name one of the options %s: %q is none.", strings.Join(s.Options, ", "), option)
}

func (c checker) membership(n Node) error {
	what, in := n.Args[0], n.Args[1]
	if in.Op != List {
		q, err := c.subject(in)
		if err != nil {
			return err
		}
		if q.Kind != Several || what.Op != String || what.Text == "" {
			return refuse("expression_type", `Write "option" in answers["id"] with an item where several can be chosen.`)
		}
		return side{Question: q}.offers(what.Text)
	}
	s, err := c.side(what)
	if err != nil {
		return err
	}
	if s.fixed != "" || s.Kind == Several || len(in.Args) == 0 {
		return refuse("expression_type", `Write answers["id"] in ["a", "b"], with at least one value.`)
	}
	for _, a := range in.Args {
		if a.Op != String && a.Op != Numeral {
			return refuse("expression_type", "List only texts and numbers.")
		}
		if err := s.fits(side{fixed: a.Op, text: a.Text}); err != nil {
			return err
		}
	}
	return nil
}

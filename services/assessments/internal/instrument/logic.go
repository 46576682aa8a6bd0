package instrument

import (
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// logic is the compiled expressions of a questionnaire. One that does not compile is
// left out, which only a draft can have.
type logic struct {
	sections    map[string]*expression.Expression
	relevant    map[string]*expression.Expression
	constraints map[string]*expression.Expression
	questions   map[string][]Question // by item
	place       map[string]int        // of items, by id
}

// Prepared returns the body with its expressions compiled: whoever checks many answers
// against one version keeps what this returns.
func (b Body) Prepared() Body {
	b.logic = b.compile()
	return b
}

func (b Body) prepared() *logic {
	if b.logic != nil {
		return b.logic
	}
	return b.compile()
}

func (b Body) compile() *logic {
	l := &logic{
		sections: map[string]*expression.Expression{}, relevant: map[string]*expression.Expression{},
		constraints: map[string]*expression.Expression{}, questions: map[string][]Question{}, place: map[string]int{},
	}
	for i := range b.Items {
		id := b.Items[i].ID
		l.questions[id], l.place[id] = b.Items[i].Questions(), i
	}
	b.clauses("", func(c clause) {
		e, err := expression.Compile(c.text, c.scope)
		if err != nil {
			return
		}
		switch c.sort {
		case ofSection:
			l.sections[c.owner] = e
		case ofItem:
			l.relevant[c.owner] = e
		case ofAnswer:
			l.constraints[c.owner] = e
		}
	})
	return l
}

// sort is what an expression decides about.
type sort int

const (
	ofSection sort = iota // whether a section is asked
	ofItem                // whether an item is asked
	ofAnswer              // whether an answer is good
)

// clause is one expression at its place.
type clause struct {
	sort   sort
	owner  string // id of the section or item
	path   string
	text   string
	before int // index of the first item that it must not look at
	scope  expression.Scope
}

// clauses visits all expressions. prefix is the field path of the body.
func (b Body) clauses(prefix string, visit func(clause)) {
	known := map[string]expression.Question{}
	for _, q := range b.Questions() {
		known[q.ID] = q.forExpressions()
	}
	find := func(id string) (expression.Question, bool) { q, ok := known[id]; return q, ok }
	for i, s := range b.Sections {
		if s.Relevant != "" {
			visit(clause{ofSection, s.ID, at(prefix, "sections", i) + ".relevant", s.Relevant, b.start(s.ID), expression.Scope{Question: find}})
		}
	}
	for i, it := range b.Items {
		if it.Relevant != "" {
			visit(clause{ofItem, it.ID, at(prefix, "items", i) + ".relevant", it.Relevant, i, expression.Scope{Question: find}})
		}
		if it.Constraint != "" && it.Type != Matrix {
			value := it.Questions()[0].forExpressions()
			visit(clause{ofAnswer, it.ID, at(prefix, "items", i) + ".constraint", it.Constraint, i, expression.Scope{Question: find, Value: &value}})
		}
	}
}

// start is the index of the first item of a section; without one, of the first item.
func (b Body) start(section string) int {
	for i, it := range b.Items {
		if it.Section == section {
			return i
		}
	}
	return 0
}

func (q Question) forExpressions() expression.Question {
	out := expression.Question{Kind: expression.Choice}
	switch q.Type {
	case Number:
		return expression.Question{Kind: expression.Amount}
	case Date:
		return expression.Question{Kind: expression.Day}
	case Text, LongText:
		return expression.Question{Kind: expression.Words}
	case MultipleChoice, Ranking:
		out.Kind = expression.Several
	}
	for _, o := range q.Options {
		out.Options = append(out.Options, o.ID)
	}
	return out
}

// Relevant keeps the answers to items that were asked, and of a matrix to rows that
// there are.
func (b Body) Relevant(answers []Answer) []Answer {
	var out []Answer
	b.ask(answers, func(_ *Item, asked bool, a *Answer, _ map[string]any) {
		if asked && a != nil {
			out = append(out, *a)
		}
	})
	return out
}

// Asked are the ids of the items that are asked, given the answers.
func (b Body) Asked(answers []Answer) []string {
	var out []string
	b.ask(answers, func(it *Item, asked bool, _ *Answer, _ map[string]any) {
		if asked {
			out = append(out, it.ID)
		}
	})
	return out
}

// ask goes through the items as a respondent does. values are the answers so far, as
// expressions see them, with the item's own.
func (b Body) ask(answers []Answer, visit func(it *Item, asked bool, a *Answer, values map[string]any)) {
	l := b.prepared()
	given := make(map[string]*Answer, len(answers))
	for i := range answers {
		if _, twice := given[answers[i].Item]; !twice {
			given[answers[i].Item] = &answers[i]
		}
	}
	values := l.unanswered()
	sections := map[string]bool{}
	for i := range b.Items {
		it := &b.Items[i]
		if _, seen := sections[it.Section]; !seen {
			sections[it.Section] = holds(l.sections[it.Section], values)
		}
		a, asked := given[it.ID], sections[it.Section] && holds(l.relevant[it.ID], values)
		if asked && a != nil && values != nil {
			l.put(values, it.ID, *a)
		}
		visit(it, asked, a, values)
	}
}

// unanswered are the values before the first answer; nil where no expression looks at them.
func (l *logic) unanswered() map[string]any {
	if len(l.sections)+len(l.relevant)+len(l.constraints) == 0 {
		return nil
	}
	values := make(map[string]any, len(l.place))
	for id := range l.place {
		l.put(values, id, Answer{})
	}
	return values
}

// put sets the values of an item's questions.
func (l *logic) put(values map[string]any, item string, a Answer) {
	questions := l.questions[item]
	for i := range questions {
		values[questions[i].ID] = questions[i].Type.value(a, questions[i].Row)
	}
}

// holds tells whether something is asked: what has no condition is.
func holds(e *expression.Expression, values map[string]any) bool {
	return e == nil || e.Judge(values, nil) == expression.True
}

// value is the answer as expressions see it.
func (t Type) value(a Answer, row string) any {
	switch t {
	case Matrix:
		return a.Rows[row]
	case MultipleChoice, Ranking:
		if a.Options == nil {
			return []string{}
		}
		return a.Options
	case Number:
		if a.Number == nil {
			return nil
		}
		return *a.Number
	case Date:
		if a.Date == "" {
			return nil
		}
		return a.Date
	case Text, LongText:
		return a.Text
	}
	return a.Option
}

// canonical is the spelling that pages read.
func canonical(e *expression.Expression) string {
	if e == nil {
		return ""
	}
	return e.String()
}

// union are the questions that expressions speak about.
func union(expressions ...*expression.Expression) []string {
	var out []string
	for _, e := range expressions {
		if e != nil {
			out = append(out, e.Questions()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

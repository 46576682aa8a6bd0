package interchange

import (
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// translate takes over the expressions, now that all questions are known.
func (r *reader) translate() {
	known := map[string]expression.Question{}
	for _, q := range r.doc.Body.Questions() {
		of := expression.Question{Kind: kindOf(q.Type)}
		for _, o := range q.Options {
			of.Options = append(of.Options, o.ID)
		}
		known[q.ID] = of
	}
	scope := expression.Scope{Question: func(id string) (expression.Question, bool) { q, ok := known[id]; return q, ok }}
	find := func(name string) (string, expression.Question, bool) {
		id := r.ids[name]
		q, ok := known[id]
		return id, q, ok
	}
	for _, p := range r.pending {
		relevant := r.relevant(p, find, scope)
		if p.section >= 0 {
			r.doc.Body.Sections[p.section].Relevant = relevant
			continue
		}
		it := &r.doc.Body.Items[p.item]
		it.Relevant = relevant
		if p.good == "" {
			it.Message = nil
			continue
		}
		value := known[it.ID]
		scope := expression.Scope{Question: scope.Question, Value: &value}
		it.Constraint = r.constraint(p, limits(*it), find, scope)
		if it.Constraint == "" {
			it.Message = nil
		}
	}
}

func (r *reader) relevant(p pending, find names, scope expression.Scope) string {
	var parts []expression.Node
	for _, text := range p.relevant {
		n, err := fromXPath(text, find, nil)
		if err == nil {
			_, err = expression.Compile(n.String(), scope)
		}
		if err != nil {
			r.lost(p.at, "relevant_not_taken", "It is asked always. Write its condition anew", text, err)
			continue
		}
		parts = append(parts, n)
	}
	if len(parts) == 0 {
		return ""
	}
	return joined(expression.And, parts).String()
}

// constraint takes over what is beyond the bounds that the item has anyway.
func (r *reader) constraint(p pending, bounds []expression.Node, find names, scope expression.Scope) string {
	n, err := fromXPath(p.good, find, scope.Value)
	if err == nil {
		_, err = expression.Compile(n.String(), scope)
	}
	if err != nil {
		r.lost(p.at, "constraint_not_taken", "Every answer is taken. Write its constraint anew", p.good, err)
		return ""
	}
	parts := []expression.Node{n}
	if n.Op == expression.And {
		parts = n.Args
	}
	bound := map[string]bool{}
	for _, b := range bounds {
		bound[b.String()] = true
	}
	var own []expression.Node
	for _, part := range parts {
		if !bound[part.String()] {
			own = append(own, part)
		}
	}
	if len(own) == 0 {
		return ""
	}
	return joined(expression.And, own).String()
}

func (r *reader) lost(at, rule, advice, text string, err error) {
	why := err.Error()
	if e, ok := expression.As(err); ok {
		why = strings.TrimSuffix(e.Fix, ".")
	}
	r.note(at, rule, "%s: %q has %s.", advice, text, why)
}

package instrument

import (
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// expressions checks that every expression compiles against the questions there are
// and looks at earlier ones only, so that going through the items in order decides all.
func (c *checker) expressions(prefix string) {
	place := map[string]int{}
	for i, it := range c.body.Items {
		place[it.ID] = i
	}
	asks := c.body.dependencies()
	c.body.clauses(prefix, func(cl clause) {
		e, err := expression.Compile(cl.text, cl.scope)
		if err != nil {
			c.refused(cl.path, err)
			return
		}
		for _, id := range e.Questions() {
			item := itemOf(id)
			if place[item] < cl.before {
				continue
			}
			if cl.sort != ofSection && item == cl.owner {
				c.bad.Add(cl.path, "no_cycle", fmt.Sprintf("Ask about other items: %q is this one. A constraint calls its own answer value.", id))
			} else if cl.sort != ofAnswer && reaches(asks, item, c.owned(cl), map[string]bool{}) {
				c.bad.Add(cl.path, "no_cycle", fmt.Sprintf("Break the circle: whether %q is asked depends on this in turn.", id))
			} else {
				c.bad.Add(cl.path, "earlier_item", fmt.Sprintf("Move %q before this: only items before it have been answered.", item))
			}
		}
	})
}

func (c *checker) refused(path string, err error) {
	if e, ok := expression.As(err); ok {
		c.bad.Add(path, e.Rule, e.Fix)
		return
	}
	c.bad.Add(path, "expression_syntax", "Correct the expression.")
}

// owned are the items whose being asked a clause decides.
func (c *checker) owned(cl clause) map[string]bool {
	out := map[string]bool{}
	for _, it := range c.body.Items {
		if it.ID == cl.owner && cl.sort == ofItem || it.Section == cl.owner && cl.sort == ofSection {
			out[it.ID] = true
		}
	}
	return out
}

// dependencies are, by item, the items that decide whether it is asked.
func (b Body) dependencies() map[string][]string {
	out := map[string][]string{}
	add := func(item, text string) {
		tree, err := expression.Parse(text)
		if err != nil {
			return
		}
		for _, id := range tree.Questions() {
			out[item] = append(out[item], itemOf(id))
		}
	}
	for _, it := range b.Items {
		if it.Relevant != "" {
			add(it.ID, it.Relevant)
		}
		if s, ok := b.Section(it.Section); ok && s.Relevant != "" {
			add(it.ID, s.Relevant)
		}
	}
	return out
}

// reaches tells whether following dependencies from an item leads to one of the goals.
func reaches(asks map[string][]string, from string, goals, seen map[string]bool) bool {
	if goals[from] {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, next := range asks[from] {
		if reaches(asks, next, goals, seen) {
			return true
		}
	}
	return false
}

// itemOf is the item of a question id, item or item/row.
func itemOf(question string) string {
	item, _, _ := strings.Cut(question, "/")
	return item
}

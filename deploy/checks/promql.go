package checks

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// nameLabel is how a series' own name stands among its labels.
const nameLabel = "__name__"

// Check parses an expression and refuses series that do not exist and labels that they do not have, in matchers and in
// groupings.
func (c *Catalog) Check(expr string) error {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return err
	}
	var found []error
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			found = append(found, c.checkSelector(n))
		case *parser.AggregateExpr:
			if !n.Without {
				found = append(found, c.checkNames(n.Expr, n.Grouping))
			}
		case *parser.BinaryExpr:
			if m := n.VectorMatching; m != nil && m.On {
				found = append(found, c.checkNames(n, m.MatchingLabels))
			}
		}
		return nil
	})
	return errors.Join(found...)
}

func (c *Catalog) checkSelector(s *parser.VectorSelector) error {
	if s.Name == "" {
		return fmt.Errorf("%s: name the series", s)
	}
	known, err := c.Labels(s.Name)
	if err != nil {
		return err
	}
	for _, matcher := range s.LabelMatchers {
		if matcher.Name != nameLabel && !slices.Contains(known, matcher.Name) {
			return fmt.Errorf("%s has no label %s", s.Name, matcher.Name)
		}
	}
	return nil
}

// checkNames holds that each label is one of a series inside the expression.
func (c *Catalog) checkNames(inside parser.Expr, names []string) error {
	var known []string
	parser.Inspect(inside, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			own, err := c.Labels(s.Name)
			if err != nil {
				return nil // told of by checkSelector
			}
			known = append(known, own...)
		}
		return nil
	})
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("no series of %s has a label %s", inside, name)
		}
	}
	return nil
}

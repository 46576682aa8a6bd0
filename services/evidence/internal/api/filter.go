package api

import (
	"fmt"
	"slices"
	"strings"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

const statePrefix = "STATE_"

// textFields are those that a filter compares with a text.
func textFields() []string {
	return []string{artifact.FieldJourney, artifact.FieldStep, artifact.FieldIndicator}
}

// parseFilter reads an AIP-160 filter of artifacts; nil when there is none.
func parseFilter(text string) (*artifact.Condition, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	options := []filtering.DeclarationOption{
		filtering.DeclareStandardFunctions(),
		filtering.DeclareIdent(artifact.FieldState, filtering.TypeString),
	}
	for _, name := range textFields() {
		options = append(options, filtering.DeclareIdent(name, filtering.TypeString))
	}
	for name := range evidencev1.Artifact_State_value {
		options = append(options, filtering.DeclareIdent(name, filtering.TypeString),
			filtering.DeclareIdent(strings.TrimPrefix(name, statePrefix), filtering.TypeString))
	}
	declarations, err := filtering.NewDeclarations(options...)
	if err != nil {
		return nil, fmt.Errorf("filter of artifacts: %w", err)
	}
	parsed, err := filtering.ParseFilterString(text, declarations)
	if err != nil {
		return nil, badFilter(err)
	}
	condition, err := conditionOf(parsed.CheckedExpr.GetExpr())
	if err != nil {
		return nil, badFilter(err)
	}
	return condition, nil
}

func badFilter(cause error) error {
	return problem.WithCause(problem.Invalid(problem.Violation{
		Field: "filter", Rule: "filter",
		Fix: `Compare journey, step or indicator with a text in quotes, or state, by = and != joined by AND, OR and NOT, e.g. indicator = "2.1" AND state = ACCEPTED.`,
	}), cause)
}

// conditionOf translates the tree of the parser.
func conditionOf(e *expr.Expr) (*artifact.Condition, error) {
	args := e.GetCallExpr().GetArgs()
	switch function := e.GetCallExpr().GetFunction(); function {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		return joined(artifact.And, args)
	case filtering.FunctionOr:
		return joined(artifact.Or, args)
	case filtering.FunctionNot:
		return joined(artifact.Not, args)
	case filtering.FunctionEquals:
		return comparison(artifact.Equal, args)
	case filtering.FunctionNotEquals:
		return comparison(artifact.NotEqual, args)
	default:
		return nil, fmt.Errorf("operator %q is not supported", function)
	}
}

func joined(op artifact.Op, args []*expr.Expr) (*artifact.Condition, error) {
	c := &artifact.Condition{Op: op}
	for _, a := range args {
		arg, err := conditionOf(a)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, arg)
	}
	return c, nil
}

func comparison(op artifact.Op, args []*expr.Expr) (*artifact.Condition, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("comparison of %d things", len(args))
	}
	field := args[0].GetIdentExpr().GetName()
	constant, quoted := args[1].GetConstExpr().GetConstantKind().(*expr.Constant_StringValue)
	value := args[1].GetIdentExpr().GetName()
	if quoted {
		value = constant.StringValue
	}
	if field == artifact.FieldState {
		state, ok := evidencev1.Artifact_State_value[statePrefix+strings.TrimPrefix(value, statePrefix)]
		if !ok {
			return nil, fmt.Errorf("%q is no state", value)
		}
		return &artifact.Condition{Op: op, Field: field, Value: artifact.State(state)}, nil
	}
	if !slices.Contains(textFields(), field) || !quoted {
		return nil, fmt.Errorf("%q is not compared with a text in quotes", field)
	}
	return &artifact.Condition{Op: op, Field: field, Value: value}, nil
}

package api

import (
	"fmt"
	"slices"
	"strings"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
)

// schoolFilter reads an AIP-160 filter of schools; nil when there is none.
func schoolFilter(text string) (*district.Condition, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	declarations, err := filtering.NewDeclarations(
		filtering.DeclareStandardFunctions(),
		// Comparisons side by side, without AND: the library parses and does not declare them.
		filtering.DeclareFunction(filtering.FunctionFuzzyAnd, filtering.NewFunctionOverload(
			filtering.FunctionFuzzyAnd+"_bool", filtering.TypeBool, filtering.TypeBool, filtering.TypeBool)),
		filtering.DeclareIdent("title", filtering.TypeString),
		filtering.DeclareIdent("state_identifier", filtering.TypeString),
		filtering.DeclareIdent("title_one", filtering.TypeBool),
		filtering.DeclareIdent("charter", filtering.TypeBool),
		filtering.DeclareIdent("state", filtering.TypeString),
		filtering.DeclareIdent("true", filtering.TypeBool),
		filtering.DeclareIdent("false", filtering.TypeBool),
		filtering.DeclareIdent("STATE_OPEN", filtering.TypeString),
		filtering.DeclareIdent("STATE_CLOSED", filtering.TypeString),
	)
	if err != nil {
		return nil, fmt.Errorf("filter of schools: %w", err)
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
		Fix: `Compare title, state_identifier, title_one, charter or state, e.g. title:"oak" AND title_one = true, or state = STATE_OPEN.`,
	}), cause)
}

// conditionOf translates the tree of the parser.
func conditionOf(e *expr.Expr) (*district.Condition, error) {
	if name := e.GetIdentExpr().GetName(); slices.Contains([]string{"title_one", "charter"}, name) {
		return &district.Condition{Op: district.Equal, Field: name, Value: true}, nil
	}
	call := e.GetCallExpr()
	args := call.GetArgs()
	switch call.GetFunction() {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		return joined(district.And, args)
	case filtering.FunctionOr:
		return joined(district.Or, args)
	case filtering.FunctionNot:
		return joined(district.Not, args)
	case filtering.FunctionEquals:
		return comparison(district.Equal, args)
	case filtering.FunctionNotEquals:
		return comparison(district.NotEqual, args)
	case filtering.FunctionHas:
		return comparison(district.Has, args)
	default:
		return nil, fmt.Errorf("operator %q is not supported", call.GetFunction())
	}
}

func joined(op district.Op, args []*expr.Expr) (*district.Condition, error) {
	c := &district.Condition{Op: op}
	for _, a := range args {
		arg, err := conditionOf(a)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, arg)
	}
	return c, nil
}

func comparison(op district.Op, args []*expr.Expr) (*district.Condition, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("comparison of %d things", len(args))
	}
	field := args[0].GetIdentExpr().GetName()
	if !slices.Contains([]string{"title", "state_identifier", "title_one", "charter", "state"}, field) {
		return nil, fmt.Errorf("%q is not a field", field)
	}
	value, err := literal(field, args[1])
	if err != nil {
		return nil, err
	}
	return &district.Condition{Op: op, Field: field, Value: value}, nil
}

func literal(field string, e *expr.Expr) (any, error) {
	text := e.GetIdentExpr().GetName()
	constant, quoted := e.GetConstExpr().GetConstantKind().(*expr.Constant_StringValue)
	if quoted {
		text = constant.StringValue
	}
	switch {
	case field == "title_one" || field == "charter":
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("%s is true or false", field)
		}
		return text == "true", nil
	case field == "state":
		state := strings.ToLower(strings.TrimPrefix(text, "STATE_"))
		if state != string(district.Open) && state != string(district.Closed) {
			return nil, fmt.Errorf("state is STATE_OPEN or STATE_CLOSED")
		}
		return state, nil
	case !quoted:
		return nil, fmt.Errorf("compare %s with a text in quotes", field)
	default:
		return text, nil
	}
}

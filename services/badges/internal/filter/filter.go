// Package filter reads the filter of list requests (AIP-160): comparisons of documented
// fields with texts, joined by AND, OR and NOT. Package store turns the expression into SQL.
package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Op joins or compares.
type Op string

// The operators.
const (
	And      Op = "AND"
	Or       Op = "OR"
	Not      Op = "NOT"
	Equal    Op = "="
	NotEqual Op = "!="
)

// Expr is a filter: And, Or and Not have Args, comparisons have Field and Value.
type Expr struct {
	Op           Op
	Args         []Expr
	Field, Value string
}

// Parse reads a filter over the given fields; an empty one gives nil. The first field is an
// enum, whose values may be written as in JSON or without their prefix, quoted or not.
func Parse(text string, enum protoreflect.EnumType, fields ...string) (*Expr, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	options := []filtering.DeclarationOption{
		filtering.DeclareStandardFunctions(),
		// Comparisons side by side are a sequence, which AIP-160 leaves to the service: here all must hold.
		filtering.DeclareFunction(filtering.FunctionFuzzyAnd, filtering.NewFunctionOverload(
			filtering.FunctionFuzzyAnd+"_bool", filtering.TypeBool, filtering.TypeBool, filtering.TypeBool)),
	}
	for _, f := range fields {
		options = append(options, filtering.DeclareIdent(f, filtering.TypeString))
	}
	for _, value := range values(enum) {
		options = append(options, filtering.DeclareIdent(value, filtering.TypeString))
	}
	declarations, err := filtering.NewDeclarations(options...)
	if err != nil {
		return nil, err
	}
	parsed, err := filtering.ParseFilterString(text, declarations)
	if err != nil {
		return nil, invalid(fields, err)
	}
	out, err := convert(parsed.CheckedExpr.GetExpr(), enum, fields)
	if err != nil {
		return nil, invalid(fields, err)
	}
	return &out, nil
}

// values are the names of the enum's values, with and without their prefix.
func values(enum protoreflect.EnumType) []string {
	var out []string
	all := enum.Descriptor().Values()
	for i := range all.Len() {
		name := string(all.Get(i).Name())
		out = append(out, name, short(enum, name))
	}
	return out
}

// short is a value of the enum without its prefix, which is that of its zero value.
func short(enum protoreflect.EnumType, value string) string {
	zero := string(enum.Descriptor().Values().Get(0).Name())
	return strings.TrimPrefix(value, strings.TrimSuffix(zero, "UNSPECIFIED"))
}

func invalid(fields []string, err error) error {
	return problem.Invalid(problem.Violation{
		Field: "filter", Rule: "filter_syntax",
		Fix: fmt.Sprintf("Compare %s with a text in double quotes: %v.", strings.Join(fields, ", "), err),
	})
}

func convert(e *expr.Expr, enum protoreflect.EnumType, fields []string) (Expr, error) {
	call := e.GetCallExpr()
	switch op := call.GetFunction(); op {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd, filtering.FunctionOr, filtering.FunctionNot:
		out := Expr{Op: Op(op)}
		if op == filtering.FunctionFuzzyAnd {
			out.Op = And
		}
		for _, a := range call.GetArgs() {
			arg, err := convert(a, enum, fields)
			if err != nil {
				return Expr{}, err
			}
			out.Args = append(out.Args, arg)
		}
		return out, nil
	case filtering.FunctionEquals, filtering.FunctionNotEquals:
		return compare(Op(op), call.GetArgs()[0], call.GetArgs()[1], enum, fields)
	default:
		return Expr{}, errors.New("only = and != with AND, OR and NOT are known")
	}
}

func compare(op Op, left, right *expr.Expr, enum protoreflect.EnumType, fields []string) (Expr, error) {
	field, value := left.GetIdentExpr().GetName(), right.GetIdentExpr().GetName()
	text, quoted := right.GetConstExpr().GetConstantKind().(*expr.Constant_StringValue)
	if quoted {
		value = text.StringValue
	}
	isEnum := field == fields[0]
	if !slices.Contains(fields, field) || !quoted && !isEnum {
		return Expr{}, errors.New("a field stands on the left and a text on the right")
	}
	if isEnum && !slices.Contains(values(enum), value) {
		return Expr{}, fmt.Errorf("%q is no value of %s", value, field)
	}
	if isEnum {
		value = short(enum, value)
	}
	return Expr{Op: op, Field: field, Value: value}, nil
}

// Package rule compiles and evaluates the rules that a badge carries as data, in CEL.
//
// A badge definition brings two kinds. Eligibility rules look at `journey`; the schools
// service evaluates them, this package only proves that they compile before a badge is
// published. The decision rule looks at the scores of the final reviews:
//
//	criteria  list of maps with id (string), median, min, max, mean (double), one per
//	          criterion of the rubric, in its order
//	mean      double, the mean over all scores
//	reviews   int, how many final reviews there are
//
// e.g. `criteria.all(c, c.median >= 2.0) && mean >= 2.0`. The rule suggests; people decide.
package rule

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
)

// costLimit bounds an evaluation: far above what thirty criteria need, far below what
// would be felt.
const costLimit = 100_000

// CheckEligibility proves that an eligibility rule compiles: expression to a bool, reason to
// a string. Fields of `journey` are only known when it runs, so either may also be dynamic.
func CheckEligibility(expression, reason string) (expressionErr, reasonErr error) {
	env, err := cel.NewEnv(cel.Variable("journey", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return err, err
	}
	_, expressionErr = compile(env, expression, cel.BoolType)
	_, reasonErr = compile(env, reason, cel.StringType)
	return expressionErr, reasonErr
}

// Decision is a compiled decision rule.
type Decision struct {
	text    string
	program cel.Program
}

// CompileDecision compiles a decision rule.
func CompileDecision(text string) (*Decision, error) {
	env, err := cel.NewEnv(
		cel.Variable("criteria", cel.ListType(cel.MapType(cel.StringType, cel.DynType))),
		cel.Variable("mean", cel.DoubleType),
		cel.Variable("reviews", cel.IntType),
	)
	if err != nil {
		return nil, err
	}
	program, err := compile(env, text, cel.BoolType)
	if err != nil {
		return nil, err
	}
	return &Decision{text: text, program: program}, nil
}

// Met evaluates the rule.
func (d *Decision) Met(s Scores) (bool, error) {
	criteria := make([]map[string]any, len(s.Criteria))
	for i, c := range s.Criteria {
		criteria[i] = map[string]any{"id": c.ID, "median": c.Median, "min": c.Min, "max": c.Max, "mean": c.Mean}
	}
	out, _, err := d.program.Eval(map[string]any{
		"criteria": criteria, "mean": s.Mean, "reviews": int64(s.Reviews),
	})
	if err != nil {
		return false, fmt.Errorf("decision rule: %w", err)
	}
	met, ok := out.Value().(bool)
	if !ok {
		return false, fmt.Errorf("decision rule: gives %T, not true or false", out.Value())
	}
	return met, nil
}

// String is the rule as it was written.
func (d *Decision) String() string { return d.text }

func compile(env *cel.Env, text string, want *cel.Type) (cel.Program, error) {
	if text == "" {
		return nil, errors.New("is empty")
	}
	ast, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	if got := ast.OutputType(); !got.IsExactType(want) && !got.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("gives %s, not %s", got, want)
	}
	return env.Program(ast, cel.CostLimit(costLimit))
}

// Package eligibility evaluates rules that are data.
//
// A rule is two CEL expressions over the variable journey: whether it is met, and
// in words where the journey stands. States edit rules and thresholds without a
// new release, so a rule may be wrong in ways nobody saw: it then counts as not
// met and says what is wrong with it, and its cost is bounded. A rule can read
// the facts it is handed and nothing else.
//
// Neighbours: journey hands in rules and facts; inbox brings the rules of badges.
package eligibility

import (
	"errors"
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

const (
	costLimit     = 100_000 // far above any sensible rule, far below a second
	maxExpression = 4_000
	maxPrograms   = 2_000
	variable      = "journey"
)

// Rule is one condition that a journey must meet.
type Rule struct {
	ID         string `json:"id" yaml:"id"`
	Title      string `json:"title" yaml:"title"`
	Expression string `json:"expression" yaml:"expression"`
	Reason     string `json:"reason" yaml:"reason"`
	Fix        string `json:"fix" yaml:"fix"`
}

// Outcome is a rule evaluated for one journey.
type Outcome struct {
	Rule   string
	Title  string
	Met    bool
	Reason string
	Fix    string // empty when met
}

// Facts is what rules read, by the names of the documentation.
type Facts map[string]any

// Engine compiles and evaluates rules. It is safe for concurrent use.
type Engine struct {
	env *cel.Env

	mu       sync.Mutex
	programs map[string]compiled
}

type compiled struct {
	program cel.Program
	err     error
}

// NewEngine returns an engine.
func NewEngine() (*Engine, error) {
	env, err := cel.NewEnv(cel.Variable(variable, cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return nil, fmt.Errorf("rule environment: %w", err)
	}
	return &Engine{env: env, programs: map[string]compiled{}}, nil
}

// Check tells everything that is wrong with a rule before anybody depends on it:
// that it compiles to the right types, and reads only facts that exist.
func (e *Engine) Check(r Rule, sample Facts) error {
	if r.ID == "" || r.Title == "" || r.Fix == "" {
		return fmt.Errorf("rule %q: give id, title and fix", r.ID)
	}
	if _, err := e.evalBool(r.Expression, sample); err != nil {
		return fmt.Errorf("rule %q, expression: %w", r.ID, err)
	}
	if _, err := e.evalString(r.Reason, sample); err != nil {
		return fmt.Errorf("rule %q, reason: %w", r.ID, err)
	}
	return nil
}

// Evaluate evaluates all rules, in their order.
func (e *Engine) Evaluate(rules []Rule, facts Facts) []Outcome {
	outcomes := make([]Outcome, len(rules))
	for i, r := range rules {
		outcomes[i] = e.evaluate(r, facts)
	}
	return outcomes
}

func (e *Engine) evaluate(r Rule, facts Facts) Outcome {
	o := Outcome{Rule: r.ID, Title: r.Title, Fix: r.Fix}
	met, err := e.evalBool(r.Expression, facts)
	if err != nil {
		o.Reason = "The rule cannot be evaluated: " + err.Error()
		return o
	}
	if o.Met = met; met {
		o.Fix = ""
	}
	if o.Reason, err = e.evalString(r.Reason, facts); err != nil {
		o.Reason = "The reason cannot be told: " + err.Error()
	}
	return o
}

func (e *Engine) evalBool(expression string, facts Facts) (bool, error) {
	value, err := e.eval(expression, cel.BoolType, facts)
	if err != nil {
		return false, err
	}
	b, ok := value.(bool)
	if !ok {
		return false, errors.New("the expression gives no true or false")
	}
	return b, nil
}

func (e *Engine) evalString(expression string, facts Facts) (string, error) {
	value, err := e.eval(expression, cel.StringType, facts)
	if err != nil {
		return "", err
	}
	s, ok := value.(string)
	if !ok {
		return "", errors.New("the expression gives no text")
	}
	return s, nil
}

func (e *Engine) eval(expression string, want *cel.Type, facts Facts) (any, error) {
	program, err := e.program(expression, want)
	if err != nil {
		return nil, err
	}
	out, _, err := program.Eval(map[string]any{variable: map[string]any(facts)})
	if err != nil {
		return nil, err
	}
	if types.IsUnknownOrError(out) {
		return nil, fmt.Errorf("%v", out)
	}
	return out.Value(), nil
}

// program compiles an expression once. The store of programs is emptied when it
// grows past what a state's rules can be.
func (e *Engine) program(expression string, want *cel.Type) (cel.Program, error) {
	key := want.String() + " " + expression
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, ok := e.programs[key]; ok {
		return c.program, c.err
	}
	program, err := e.compile(expression, want)
	if len(e.programs) >= maxPrograms {
		clear(e.programs)
	}
	e.programs[key] = compiled{program: program, err: err}
	return program, err
}

func (e *Engine) compile(expression string, want *cel.Type) (cel.Program, error) {
	if len(expression) > maxExpression {
		return nil, fmt.Errorf("the expression is longer than %d characters", maxExpression)
	}
	ast, issues := e.env.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if got := ast.OutputType(); !got.IsExactType(want) && !got.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("the expression is of type %s, not %s", got, want)
	}
	return e.env.Program(ast, cel.CostLimit(costLimit))
}

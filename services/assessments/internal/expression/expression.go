// Package expression is the language in which a questionnaire says what to ask next
// and what a good answer is: a small part of CEL, small enough that a page in a
// browser evaluates it exactly as the server does.
//
// Compile reads an expression, refuses what is outside the part, checks every name
// and type against the questions there are, and hands the rest to cel-go, which
// evaluates it here. String gives it back in one canonical spelling: that is what
// forms carry and what a page has to read.
//
// # Grammar of the canonical spelling
//
//	or      = and { " || " and }
//	and     = not { " && " not }
//	not     = "!(" or ")" | "(" or ")" | compare
//	compare = operand " == " operand | operand " != " operand
//	        | operand " < " operand  | operand " <= " operand
//	        | operand " > " operand  | operand " >= " operand
//	        | operand " in " "[" literal { ", " literal } "]"
//	        | string " in " subject
//	operand = subject | "size(" subject ")" | literal
//	subject = "value" | "answers[" string "]"
//	literal = string | number | "null"
//
// A string is written as in JSON, with double quotes; a number as in JSON. What people
// write may have other quotes, blanks and parentheses.
//
// # Values
//
// value is the answer that a constraint judges; answers["id"] the answer to another
// item, answers["item/row"] to a row of a matrix. A question that was not answered,
// or not asked, has the value of the third column.
//
//	scale, single choice, row of a matrix   id of the option          ""
//	text, long text                         the text                  ""
//	multiple choice, ranking                list of ids of options    []
//	number                                  the number                null
//	date                                    "YYYY-MM-DD"              null
//
// # Meaning
//
// == and != compare values of one kind; null equals null alone. <, <=, >, >= compare
// numbers, or days; with a null on a side the comparison is undecided. size counts the
// options of a list or the characters (Unicode code points) of a text. An undecided
// part decides && and || no more than in CEL: false && undecided is false,
// true || undecided is true, every other combination with it and its negation is
// undecided.
//
// At the end an item whose relevant is undecided is not asked, and an answer whose
// constraint is undecided is good: nobody is blamed for what they were not asked.
// There are no loops, no functions but size, no arithmetic and no conversions, so an
// evaluation takes time in proportion to the length of its text.
package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
)

const (
	// MaxLength is the longest expression, in characters.
	MaxLength = 1000
	// costLimit bounds an evaluation: far above what the longest expression needs.
	costLimit = 20_000
)

// Kind is what sort of value a question has.
type Kind int

// Kinds of values.
const (
	Choice  Kind = iota + 1 // the id of one option
	Several                 // a list of ids of options
	Words                   // a text
	Amount                  // a number
	Day                     // a date
)

// Question is what an expression may know of a question.
type Question struct {
	Kind    Kind
	Options []string // ids, of a choice or several
}

// Scope is what an expression may speak about.
type Scope struct {
	// Question finds what answers["id"] stands for.
	Question func(id string) (Question, bool)
	// Value is what value stands for; nil where there is none.
	Value *Question
}

// Error tells why an expression is refused.
type Error struct {
	Rule string // a stable lower_snake word
	Fix  string // what to do
}

// Error tells the rule and the fix.
func (e *Error) Error() string { return e.Rule + ": " + e.Fix }

func refuse(rule, fix string, args ...any) error {
	return &Error{Rule: rule, Fix: fmt.Sprintf(fix, args...)}
}

// Verdict is what an expression says.
type Verdict int

// Verdicts.
const (
	Undecided Verdict = iota
	False
	True
)

// Expression is a compiled expression. It is safe for concurrent use.
type Expression struct {
	tree    Node
	program cel.Program
}

// Compile reads an expression. What is wrong with it is told as an *Error.
func Compile(text string, scope Scope) (*Expression, error) {
	tree, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if err := (checker{scope}).condition(tree); err != nil {
		return nil, err
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(tree.String())
	if err := issues.Err(); err != nil {
		return nil, refuse("expression_type", "Compare things of one kind: %s.", firstLine(err))
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit))
	if err != nil {
		return nil, fmt.Errorf("expression: %w", err)
	}
	return &Expression{tree: tree, program: program}, nil
}

// Parse reads an expression without knowing the questions.
func Parse(text string) (Node, error) {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxLength {
		return Node{}, refuse("expression_length", "Write at most %d characters.", MaxLength)
	}
	env, err := environment()
	if err != nil {
		return Node{}, err
	}
	ast, issues := env.Parse(text)
	if err := issues.Err(); err != nil {
		return Node{}, refuse("expression_syntax", "Correct the expression: %s.", firstLine(err))
	}
	return read(ast.NativeRep().Expr())
}

// environment is CEL with our two variables.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("answers", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("value", cel.DynType),
		cel.CrossTypeNumericComparisons(true),
		cel.ClearMacros(),
		cel.ParserExpressionSizeLimit(MaxLength*4),
		cel.ParserRecursionLimit(60),
	)
})

// Judge evaluates the expression. answers has every question there is, by its id, as
// the package documentation says.
func (e *Expression) Judge(answers map[string]any, value any) Verdict {
	out, _, err := e.program.Eval(map[string]any{"answers": answers, "value": value})
	if err != nil {
		return Undecided
	}
	switch out.Value() {
	case true:
		return True
	case false:
		return False
	}
	return Undecided
}

// String is the canonical spelling.
func (e *Expression) String() string { return e.tree.String() }

// Tree is the expression taken apart.
func (e *Expression) Tree() Node { return e.tree }

// Questions are the ids in answers["id"], sorted.
func (e *Expression) Questions() []string { return e.tree.Questions() }

// Questions are the ids in answers["id"], sorted.
func (n Node) Questions() []string {
	var out []string
	n.walk(func(n Node) {
		if n.Op == Answer {
			out = append(out, n.Text)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// firstLine is what CEL says, without its drawing of where.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	line = strings.TrimPrefix(line, "ERROR: <input>:")
	return strings.TrimSuffix(line, ".")
}

// As finds the refusal in an error.
func As(err error) (*Error, bool) {
	var e *Error
	return e, errors.As(err, &e)
}

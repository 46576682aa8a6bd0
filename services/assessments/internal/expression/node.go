package expression

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Op is what a node does.
type Op string

// Ops of nodes.
const (
	Or           Op = "||"
	And          Op = "&&"
	Not          Op = "!"
	Equal        Op = "=="
	Unequal      Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	In           Op = "in"
	Size         Op = "size"
	Value        Op = "value"
	Answer       Op = "answers" // Text is the id of the question
	String       Op = "string"  // Text
	Numeral      Op = "number"  // Number
	Null         Op = "null"
	List         Op = "list" // Args are literals
)

// exactly is the largest whole number up to which every one has a double of its own.
const exactly = 1 << 53

// Node is an expression, or a part of one.
type Node struct {
	Op     Op
	Args   []Node
	Text   string
	Number float64
}

// connectives are the operators of CEL that the part has, by their names in its trees.
func connectives() map[string]Op {
	return map[string]Op{
		operators.LogicalOr: Or, operators.LogicalAnd: And, operators.LogicalNot: Not,
		operators.Equals: Equal, operators.NotEquals: Unequal, operators.Less: Less, operators.LessEquals: LessEqual,
		operators.Greater: Greater, operators.GreaterEquals: GreaterEqual, operators.In: In, "size": Size,
	}
}

// read takes over a tree of CEL, or says what of it is outside the part.
func read(e ast.Expr) (Node, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		return readLiteral(e)
	case ast.IdentKind:
		if e.AsIdent() == "value" {
			return Node{Op: Value}, nil
		}
		return Node{}, refuse("expression_subset", `Use only value and answers["id"]: %q is neither.`, e.AsIdent())
	case ast.ListKind:
		return readAll(List, e.AsList().Elements())
	case ast.CallKind:
		return readCall(e.AsCall())
	}
	return Node{}, refuse("expression_subset", `Use only comparisons, in, size, &&, ||, ! and answers["id"].`)
}

func readAll(op Op, parts []ast.Expr) (Node, error) {
	n := Node{Op: op}
	for _, p := range parts {
		part, err := read(p)
		if err != nil {
			return Node{}, err
		}
		n.Args = append(n.Args, part)
	}
	return n, nil
}

func readCall(c ast.CallExpr) (Node, error) {
	if c.IsMemberFunction() {
		return Node{}, refuse("expression_subset", "Write size(x); other functions are not there: %q is none.", c.FunctionName())
	}
	if c.FunctionName() == operators.Index {
		of, key := c.Args()[0], c.Args()[1]
		if of.Kind() == ast.IdentKind && of.AsIdent() == "answers" && key.Kind() == ast.LiteralKind {
			if id, ok := key.AsLiteral().(types.String); ok {
				return Node{Op: Answer, Text: string(id)}, nil
			}
		}
		return Node{}, refuse("expression_subset", `Name an answer as answers["id"].`)
	}
	op, ok := connectives()[c.FunctionName()]
	if !ok {
		return Node{}, refuse("expression_subset", "Use only comparisons, in, size, &&, || and !: %q is none of them.", strings.Trim(c.FunctionName(), "_"))
	}
	if op == Size && len(c.Args()) != 1 {
		return Node{}, refuse("expression_subset", "Give size one thing to count.")
	}
	n, err := readAll(op, c.Args())
	return flat(n), err
}

// flat joins a chain of && or ||, which CEL keeps as a tree of pairs.
func flat(n Node) Node {
	if n.Op != And && n.Op != Or {
		return n
	}
	var args []Node
	for _, a := range n.Args {
		if a.Op == n.Op {
			args = append(args, a.Args...)
		} else {
			args = append(args, a)
		}
	}
	n.Args = args
	return n
}

func readLiteral(e ast.Expr) (Node, error) {
	switch v := e.AsLiteral().(type) {
	case types.String:
		return Node{Op: String, Text: string(v)}, nil
	case types.Int:
		if v > exactly || v < -exactly {
			return Node{}, refuse("expression_subset", "Use numbers up to %d.", int64(exactly))
		}
		return Node{Op: Numeral, Number: float64(v)}, nil
	case types.Double:
		if f := float64(v); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return Node{Op: Numeral, Number: f}, nil
		}
	case types.Null:
		return Node{Op: Null}, nil
	}
	return Node{}, refuse("expression_subset", "Use only texts, numbers and null as fixed values.")
}

// String is the canonical spelling.
func (n Node) String() string {
	switch n.Op {
	case Or, And:
		return n.join(" " + string(n.Op) + " ")
	case Not:
		return "!(" + n.Args[0].String() + ")"
	case Value, Null:
		return string(n.Op)
	case Answer:
		return "answers[" + Quote(n.Text) + "]"
	case String:
		return Quote(n.Text)
	case Numeral:
		return Number(n.Number)
	case List:
		return "[" + n.join(", ") + "]"
	case Size:
		return "size(" + n.Args[0].String() + ")"
	}
	return n.join(" " + string(n.Op) + " ")
}

// join writes the arguments, with parentheses around those that bind weaker.
func (n Node) join(between string) string {
	parts := make([]string, len(n.Args))
	for i, a := range n.Args {
		parts[i] = a.String()
		if n.Op != List && a.binding() <= n.binding() {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, between)
}

func (n Node) binding() int {
	switch n.Op {
	case Or:
		return 1
	case And:
		return 2
	case Equal, Unequal, Less, LessEqual, Greater, GreaterEqual, In:
		return 3
	}
	return 4
}

func (n Node) walk(visit func(Node)) {
	visit(n)
	for _, a := range n.Args {
		a.walk(visit)
	}
}

// Quote writes a text as JSON and CEL do.
func Quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// Number writes a number as JSON and CEL do.
func Number(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) <= exactly {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// ParseNumber reads a finite number.
func ParseNumber(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return 0, strconv.ErrRange
	}
	return f, err
}

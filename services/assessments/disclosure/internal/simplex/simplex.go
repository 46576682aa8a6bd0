// Package simplex solves linear programs over sparse equations: the least value of
// a linear function of variables that are zero or more, some with an upper bound.
//
// It is made for disclosure audits, which ask thousands of questions about the
// same equations: a tableau, once feasible, goes from one answer to the next in a
// few steps. Rows are sparse and stay so, because the equations say that numbers
// are sums of others. (A dense solver that starts each time anew, like gonum's, is
// cubic in each question and fails on degenerate programs, which tables always
// are.) The steepest column enters; after a run of steps without progress Bland's
// rule takes over until there is some, so that no program cycles.
package simplex

import (
	"errors"
	"math"
	"slices"
)

// ErrSteps is returned when a program takes more steps than any sound one would.
var ErrSteps = errors.New("the linear program does not come to an end")

const (
	tiny    = 1e-9 // smaller entries are zero
	patient = 40   // steps without progress before Bland's rule
)

// Term is a variable and its coefficient.
type Term struct {
	Variable    int32
	Coefficient float64
}

// Equation says that the terms add up to Sum.
type Equation struct {
	Terms []Term
	Sum   float64
}

// Tableau holds every basic variable as a constant less a combination of the
// others, which are all zero at present. A variable at its upper bound is
// represented by what is missing to the bound.
type Tableau struct {
	upper   []float64
	flipped []bool // the variable stands for upper - itself
	row     []int  // the row of a basic variable, or -1
	rows    []line
	cost    []float64 // reduced cost of each variable
	stall   int
	still   bool // artificial variables are zero for good
}

// line is one row: basic = value - sum of terms.
type line struct {
	basic int32
	value float64
	terms []Term // by variable
}

// artificial marks rows that have no variable of the program yet.
const artificial = int32(-1)

// New makes a feasible tableau of the equations, or nil when no values satisfy
// them. The upper bounds may be nil; +Inf is none.
func New(variables int, equations []Equation, upper []float64) (*Tableau, error) {
	t := empty(variables, upper)
	for _, e := range equations {
		l := lineOf(e)
		if l.value < 0 {
			l.negate()
		}
		t.rows = append(t.rows, l)
	}
	return t.feasible()
}

func empty(variables int, upper []float64) *Tableau {
	t := &Tableau{upper: upper, flipped: make([]bool, variables), row: make([]int, variables), cost: make([]float64, variables)}
	if upper == nil {
		t.upper = make([]float64, variables)
		for i := range t.upper {
			t.upper[i] = math.Inf(1)
		}
	}
	for i := range t.row {
		t.row[i] = -1
	}
	return t
}

func lineOf(e Equation) line {
	l := line{basic: artificial, value: e.Sum, terms: slices.Clone(e.Terms)}
	slices.SortFunc(l.terms, func(a, b Term) int { return int(a.Variable) - int(b.Variable) })
	return l
}

// Still makes the tableau of equations whose terms add up to zero, at the point
// where every variable is zero. That needs no search, and a question about a few
// variables touches only the equations around them.
func Still(variables int, equations []Equation, upper []float64) *Tableau {
	t := empty(variables, upper)
	for _, e := range equations {
		t.rows = append(t.rows, lineOf(e))
	}
	t.still = true
	return t
}

func (l *line) negate() {
	l.value = -l.value
	for i := range l.terms {
		l.terms[i].Coefficient = -l.terms[i].Coefficient
	}
}

// feasible drives the artificial variables, which stand for what is wrong, to
// zero and out.
func (t *Tableau) feasible() (*Tableau, error) {
	var scale float64
	for _, l := range t.rows {
		scale = max(scale, l.value)
		for _, term := range l.terms {
			t.cost[term.Variable] -= term.Coefficient
		}
	}
	if _, err := t.descend(); err != nil {
		return nil, err
	}
	for i := range t.rows {
		if t.rows[i].basic == artificial && t.rows[i].value > 1e-7*max(1, scale) {
			return nil, nil
		}
	}
	for i := 0; i < len(t.rows); i++ {
		l := &t.rows[i]
		if l.basic != artificial {
			continue
		}
		l.value = 0
		if entering, ok := l.largest(); ok {
			t.pivot(i, entering)
			continue
		}
		t.remove(i)
		i--
	}
	return t, nil
}

// largest is the variable with the largest coefficient of a row.
func (l *line) largest() (variable int32, ok bool) {
	best := tiny
	for _, term := range l.terms {
		if a := math.Abs(term.Coefficient); a > best {
			variable, ok, best = term.Variable, true, a
		}
	}
	return variable, ok
}

// remove drops a row that says nothing.
func (t *Tableau) remove(i int) {
	last := len(t.rows) - 1
	t.rows[i] = t.rows[last]
	t.rows = t.rows[:last]
	if i < last && t.rows[i].basic != artificial {
		t.row[t.rows[i].basic] = i
	}
}

// Minimize finds the least value of a function. It is -Inf when nothing limits it.
func (t *Tableau) Minimize(terms []Term) (float64, error) {
	clear(t.cost)
	for _, term := range terms {
		c := term.Coefficient
		if t.flipped[term.Variable] {
			c = -c
		}
		r := t.row[term.Variable]
		if r < 0 {
			t.cost[term.Variable] += c
			continue
		}
		for _, other := range t.rows[r].terms {
			t.cost[other.Variable] -= c * other.Coefficient
		}
	}
	limited, err := t.descend()
	if err != nil {
		return 0, err
	}
	if !limited {
		return math.Inf(-1), nil
	}
	var least float64
	for _, term := range terms {
		least += term.Coefficient * t.Value(term.Variable)
	}
	return least, nil
}

// Value is what a variable is at present.
func (t *Tableau) Value(variable int32) float64 {
	var v float64
	if r := t.row[variable]; r >= 0 {
		v = t.rows[r].value
	}
	if t.flipped[variable] {
		v = t.upper[variable] - v
	}
	return v
}

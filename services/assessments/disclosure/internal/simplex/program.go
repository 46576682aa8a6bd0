package simplex

import (
	"context"
	"math"
	"slices"
)

// Program is a set of equations over variables of zero or more, at a vertex. It is
// the revised method: the equations stay as they are, and only the inverse of the
// basis is kept, as a product of sparse columns that is made anew now and then.
// Where variables stand in few equations, as cells in sums do, a step costs about as
// much as reading the equations once, for tens of thousands of variables.
//
// (Tableau is better for small questions that touch few of many equations, and
// knows upper bounds.)
type Program struct {
	columns [][]Term // by variable, Term.Variable is the row here; artificial ones are last
	real    int      // variables that are not artificial
	sums    []float64
	basis   []int32 // by row
	row     []int32 // of a basic variable, or -1
	at      []float64
	inverse []factor
	fresh   int // factors of the last inversion
	cost    []float64
	dual    []float64
	way     []float64
	stall   int
	next    int // where the search for an entering variable goes on
}

// factor is one column of the product: it changes a vector by its entry at the
// pivot.
type factor struct {
	pivot  int32
	by     float64
	others []Term
}

// NewProgram finds a vertex of the equations, or nil when no values satisfy them.
func NewProgram(ctx context.Context, variables int, equations []Equation) (*Program, error) {
	m := len(equations)
	p := &Program{
		columns: make([][]Term, variables, variables+m), real: variables, sums: make([]float64, m), basis: make([]int32, m),
		row: make([]int32, variables+m), at: make([]float64, m), cost: make([]float64, variables+m), dual: make([]float64, m), way: make([]float64, m),
	}
	for i := range p.row {
		p.row[i] = -1
	}
	var scale float64
	for i, e := range equations {
		sign := 1.0
		if e.Sum < 0 {
			sign = -1
		}
		for _, t := range e.Terms {
			p.columns[t.Variable] = append(p.columns[t.Variable], Term{index(i), sign * t.Coefficient})
		}
		p.columns = append(p.columns, []Term{{index(i), 1}})
		p.sums[i], p.at[i] = sign*e.Sum, sign*e.Sum
		p.basis[i] = index(variables + i)
		p.row[variables+i] = index(i)
		p.cost[variables+i] = 1
		scale = max(scale, p.sums[i])
	}
	if _, err := p.descend(ctx); err != nil {
		return nil, err
	}
	for i, v := range p.basis {
		if int(v) >= variables && p.at[i] > 1e-4*max(1, scale/1e9) {
			return nil, nil
		}
	}
	return p, nil
}

func index(i int) int32 { return int32(i) } //nolint:gosec // a program has far fewer rows than that

// Minimize goes to a vertex where a function is least. It answers with false when
// nothing limits the function.
func (p *Program) Minimize(ctx context.Context, terms []Term) (limited bool, err error) {
	clear(p.cost)
	for _, t := range terms {
		p.cost[t.Variable] += t.Coefficient
	}
	return p.descend(ctx)
}

// Value is what a variable is at present.
func (p *Program) Value(variable int32) float64 {
	if r := p.row[variable]; r >= 0 {
		return p.at[r]
	}
	return 0
}

const (
	again  = 100   // steps until the inverse is made anew
	stable = 1e-7  // smaller pivots are not trusted
	better = 1e-7  // reduced costs that are nearer to zero do not improve
	block  = 512   // variables that are looked at for one that enters
	many   = 50000 // steps that no sound program takes
)

func (p *Program) descend(ctx context.Context) (limited bool, err error) {
	p.stall = 0
	for step := range many + 20*len(p.columns) {
		if step%64 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		if len(p.inverse)-p.fresh >= again {
			if err := p.invert(); err != nil {
				return false, err
			}
		}
		entering, ok := p.entering()
		if !ok {
			return true, nil
		}
		clear(p.way)
		for _, t := range p.columns[entering] {
			p.way[t.Variable] = t.Coefficient
		}
		p.forward(p.way)
		leaving, length := p.ratio()
		if leaving < 0 {
			return false, nil
		}
		if length > tiny {
			p.stall = 0
		} else {
			p.stall++
		}
		p.replace(leaving, entering, length)
	}
	return false, ErrSteps
}

// entering is a variable whose increase improves: the best of a block of them, or
// by Bland's rule the first.
func (p *Program) entering() (int32, bool) {
	for i, v := range p.basis {
		p.dual[i] = p.cost[v]
	}
	p.backward(p.dual)
	best, found := -better, int32(-1)
	bland := p.stall >= 20*patient
	if bland {
		p.next = 0
	}
	for looked := 0; looked < p.real; looked++ {
		v := p.next
		if p.next++; p.next == p.real {
			p.next = 0
		}
		if p.row[v] < 0 {
			d := p.cost[v]
			for _, t := range p.columns[v] {
				d -= p.dual[t.Variable] * t.Coefficient
			}
			if d < best {
				best, found = d, index(v)
			}
		}
		if found >= 0 && (bland || looked%block == block-1) {
			break
		}
	}
	return found, found >= 0
}

// ratio finds the row that stops the entering variable. Artificial variables at zero
// stop it either way.
func (p *Program) ratio() (leaving int, length float64) {
	leaving, length = -1, math.Inf(1)
	for i, a := range p.way {
		limit := 0.0
		switch {
		case math.Abs(a) <= stable:
			continue
		case a > 0:
			limit = max(p.at[i]/a, 0)
		case int(p.basis[i]) < p.real || p.at[i] > stable:
			continue
		}
		if limit > length+tiny {
			continue
		}
		if limit < length-tiny || p.before(i, leaving) {
			leaving, length = i, min(limit, length)
		}
	}
	return leaving, length
}

// before chooses among rows that stop at the same length.
func (p *Program) before(i, k int) bool {
	if p.stall >= 20*patient {
		return p.basis[i] < p.basis[k]
	}
	a, b := math.Abs(p.way[i]), math.Abs(p.way[k])
	return a > b || a == b && p.basis[i] > p.basis[k]
}

// replace takes a step.
func (p *Program) replace(leaving int, entering int32, length float64) {
	for i, a := range p.way {
		if a != 0 {
			p.at[i] = snap(p.at[i] - length*a)
		}
	}
	p.inverse = append(p.inverse, factorOf(sparse(p.way), index(leaving)))
	p.row[p.basis[leaving]] = -1
	p.basis[leaving], p.row[entering], p.at[leaving] = entering, index(leaving), snap(length)
}

// forward multiplies the inverse with a column.
func (p *Program) forward(v []float64) {
	for k := range p.inverse {
		f := &p.inverse[k]
		a := v[f.pivot]
		if a == 0 {
			continue
		}
		v[f.pivot] = a * f.by
		for _, t := range f.others {
			v[t.Variable] = snap(v[t.Variable] + a*t.Coefficient)
		}
	}
}

// backward multiplies a row with the inverse.
func (p *Program) backward(v []float64) {
	for k := len(p.inverse) - 1; k >= 0; k-- {
		f := &p.inverse[k]
		a := v[f.pivot] * f.by
		for _, t := range f.others {
			a += v[t.Variable] * t.Coefficient
		}
		v[f.pivot] = a
	}
}

// invert makes the inverse anew. Rows with one column left come first: what is done
// before does not change their columns. For networks that are all.
func (p *Program) invert() error {
	old := slices.Clone(p.basis)
	p.inverse = p.inverse[:0]
	o := newOrdering(p.columns, old, len(p.sums))
	for range old {
		column, hint := o.pop()
		terms := p.columns[column]
		if !o.untouched(terms) {
			terms = p.forwardTerms(terms)
		}
		r := o.pivot(terms, hint)
		if r < 0 {
			return ErrSteps
		}
		o.take(column, r)
		if f := factorOf(terms, r); len(terms) > 1 || f.by != 1 {
			p.inverse = append(p.inverse, f)
		}
		p.basis[r], p.row[column] = column, r
	}
	p.fresh = len(p.inverse)
	copy(p.at, p.sums)
	p.forward(p.at)
	for i := range p.at {
		p.at[i] = snap(p.at[i])
	}
	return nil
}

// forwardTerms multiplies the inverse with a column.
func (p *Program) forwardTerms(terms []Term) []Term {
	clear(p.way)
	for _, t := range terms {
		p.way[t.Variable] = t.Coefficient
	}
	p.forward(p.way)
	return sparse(p.way)
}

// sparse are the entries of a vector that are not zero.
func sparse(v []float64) (terms []Term) {
	for i, a := range v {
		if math.Abs(a) > tiny {
			terms = append(terms, Term{index(i), a})
		}
	}
	return terms
}

func factorOf(column []Term, pivot int32) factor {
	f := factor{pivot: pivot, others: make([]Term, 0, len(column)-1)}
	for _, t := range column {
		if t.Variable == pivot {
			f.by = 1 / t.Coefficient
		}
	}
	for _, t := range column {
		if t.Variable != pivot {
			f.others = append(f.others, Term{t.Variable, -t.Coefficient * f.by})
		}
	}
	return f
}

package release

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
)

// Epsilon is a privacy budget in millionths, so that budgets add up exactly and
// noise can be drawn exactly.
type Epsilon int64

// One is the budget called 1.
const One Epsilon = 1_000_000

// Float is the budget as it is written.
func (e Epsilon) Float() float64 { return float64(e) / float64(One) }

// maxEpsilon bounds budgets: beyond it there is no noise to speak of.
const maxEpsilon = 1000 * One

// Noisy is a table with random noise in place of withheld numbers: differentially
// private with this budget, for who adds or takes away one person's answer. The
// budget is shared by the levels of the tree, each count gets noise of the discrete
// Laplace distribution, and what comes out is made whole again: no count is
// negative, and places are the sums of their parts. The source of randomness is the
// system's when nil.
func Noisy(t Table, budget Epsilon, random io.Reader) (Table, error) {
	if err := t.validate(); err != nil {
		return Table{}, err
	}
	if budget < 1 || budget > maxEpsilon {
		return Table{}, fmt.Errorf("a budget has to be from 1 to %d millionths", int64(maxEpsilon))
	}
	if random == nil {
		random = rand.Reader
	}
	order, depth := t.levels()
	noise := laplace{random: random, share: int64(budget), whole: int64(One) * int64(depth)}
	out := t
	out.Counts = make([][]int64, len(t.Counts))
	for i, row := range t.Counts {
		out.Counts[i] = slices.Clone(row)
		for k := range row {
			n, err := noise.draw()
			if err != nil {
				return Table{}, err
			}
			out.Counts[i][k] += n
		}
	}
	out.agree(order)
	return out, nil
}

// levels are the places, parents before children, and how many levels there are.
func (t *Table) levels() (order []int, depth int) {
	below := map[int][]int{}
	for i, p := range t.Places {
		below[p.Parent] = append(below[p.Parent], i)
	}
	for level := below[-1]; len(level) > 0; depth++ {
		var next []int
		for _, i := range level {
			order = append(order, i)
			next = append(next, below[i]...)
		}
		level = next
	}
	return order, depth
}

// agree makes counts zero or more and parents the sums of their children, from the
// root down. It looks at nothing but noisy counts, so it costs no budget.
func (t *Table) agree(order []int) {
	below := map[int][]int{}
	for i, p := range t.Places {
		below[p.Parent] = append(below[p.Parent], i)
	}
	for k := range t.Categories {
		for _, root := range below[-1] {
			t.Counts[root][k] = max(0, t.Counts[root][k])
		}
		for _, i := range order {
			if parts := below[i]; len(parts) > 0 {
				values := make([]int64, len(parts))
				for n, p := range parts {
					values[n] = t.Counts[p][k]
				}
				for n, v := range nearest(values, t.Counts[i][k]) {
					t.Counts[parts[n]][k] = v
				}
			}
		}
	}
}

// nearest are the numbers of zero or more with this sum that are closest to the
// values: all are moved by the same amount, and those that would fall below zero
// stay there.
func nearest(values []int64, sum int64) []int64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(max(-1, min(1, values[b]-values[a]))) })
	kept, most, over := 0, int64(0), int64(0) // of the largest, those that stay above zero
	for n, i := range order {
		most += values[i]
		if values[i]*int64(n+1)+sum-most > 0 {
			kept, over = n+1, sum-most
		}
	}
	out := make([]int64, len(values))
	if kept == 0 {
		return out // the sum is 0
	}
	each, rest := floorDiv(over, int64(kept))
	for n, i := range order[:kept] {
		out[i] = values[i] + each
		if int64(n) < rest {
			out[i]++
		}
	}
	return out
}

// floorDiv divides towards minus infinity; the rest is zero or more.
func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// laplace draws from the discrete Laplace distribution with exp(-|x|*share/whole),
// exactly, in whole numbers (Canonne, Kamath and Steinke 2020, algorithms 1 and 2):
// noise made from floating-point numbers gives the counts away by its last bits.
type laplace struct {
	random       io.Reader
	share, whole int64
}

func (l laplace) draw() (int64, error) {
	d := dice{random: l.random}
	for d.err == nil {
		u := d.below(l.whole)
		if !d.exp(u, l.whole) {
			continue
		}
		var v int64
		for d.exp(1, 1) {
			v++
		}
		y := (u + l.whole*v) / l.share
		if negative := d.below(2) == 1; !negative {
			return y, d.err
		} else if y > 0 {
			return -y, d.err
		}
	}
	return 0, d.err
}

// dice are fair, and remember the first error of their source; after it they all
// show no.
type dice struct {
	random io.Reader
	err    error
}

// below is uniform from 0 to n-1.
func (d *dice) below(n int64) int64 {
	if d.err != nil {
		return 0
	}
	v, err := rand.Int(d.random, big.NewInt(n))
	if err != nil {
		d.err = errors.Join(errors.New("no randomness for noise"), err)
		return 0
	}
	return v.Int64()
}

// exp is true with probability exp(-a/b), for a from 0 to b.
func (d *dice) exp(a, b int64) bool {
	k := int64(1)
	for d.err == nil {
		if d.below(b) >= a || d.below(k) != 0 { // goes on with probability a/(b*k)
			break
		}
		k++
	}
	return d.err == nil && k%2 == 1
}

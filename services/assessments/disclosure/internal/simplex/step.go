package simplex

import (
	"math"
	"slices"
)

// descend takes steps until nothing improves, and tells whether there is a least
// value.
func (t *Tableau) descend() (limited bool, err error) {
	t.stall = 0
	most := 1000 + 50*(len(t.rows)+len(t.cost))
	for range most {
		entering, ok := t.entering()
		if !ok {
			return true, nil
		}
		length, leaving, toUpper := t.ratio(entering)
		if math.IsInf(length, 1) {
			return false, nil
		}
		if length > tiny {
			t.stall = 0
		} else {
			t.stall++
		}
		if leaving < 0 {
			t.flip(entering)
			continue
		}
		if toUpper {
			t.flipBasic(leaving)
		}
		t.pivot(leaving, entering)
	}
	return false, ErrSteps
}

// entering is the variable whose increase improves most, or by Bland's rule the
// first that improves.
func (t *Tableau) entering() (variable int32, ok bool) {
	best := -tiny
	for j, c := range t.cost {
		if c < best {
			variable, ok, best = int32(j), true, c
			if t.stall >= patient {
				break
			}
		}
	}
	return variable, ok
}

// ratio finds how far a variable can go up, which row stops it, and whether the
// row's variable then is at its upper bound. No row when its own bound stops it.
func (t *Tableau) ratio(entering int32) (length float64, leaving int, toUpper bool) {
	length, leaving = t.upper[entering], -1
	size := 0.0
	for i := range t.rows {
		l := &t.rows[i]
		a := l.coefficient(entering)
		if math.Abs(a) <= tiny {
			continue
		}
		limit, up := math.Inf(1), a < 0
		switch {
		case t.still && l.basic == artificial:
			limit, up = 0, false
		case !up:
			limit = l.value / a
		case l.basic != artificial:
			limit = (t.upper[l.basic] - l.value) / -a
		}
		limit = max(limit, 0)
		if limit > length+tiny {
			continue
		}
		if limit < length-tiny || leaving < 0 || t.before(l.basic, math.Abs(a), t.rows[leaving].basic, size) {
			length, leaving, toUpper, size = min(limit, length), i, up, math.Abs(a)
		}
	}
	return length, leaving, toUpper
}

// before chooses among rows that stop at the same length: artificial ones first,
// then the larger coefficient, or by Bland's rule the first variable.
func (t *Tableau) before(basic int32, size float64, than int32, other float64) bool {
	if (basic == artificial) != (than == artificial) {
		return basic == artificial
	}
	if t.stall >= patient || size == other {
		return basic < than
	}
	return size > other
}

func (l *line) find(variable int32) (int, bool) {
	return slices.BinarySearchFunc(l.terms, variable, func(t Term, v int32) int { return int(t.Variable) - int(v) })
}

func (l *line) coefficient(variable int32) float64 {
	if k, ok := l.find(variable); ok {
		return l.terms[k].Coefficient
	}
	return 0
}

// flip moves a variable that is not basic from one bound to the other.
func (t *Tableau) flip(variable int32) {
	t.flipped[variable] = !t.flipped[variable]
	t.cost[variable] = -t.cost[variable]
	for i := range t.rows {
		l := &t.rows[i]
		if k, ok := l.find(variable); ok {
			l.value = snap(l.value - l.terms[k].Coefficient*t.upper[variable])
			l.terms[k].Coefficient = -l.terms[k].Coefficient
		}
	}
}

// flipBasic represents a basic variable by what is missing to its upper bound.
func (t *Tableau) flipBasic(i int) {
	l := &t.rows[i]
	t.flipped[l.basic] = !t.flipped[l.basic]
	value := snap(t.upper[l.basic] - l.value)
	l.negate()
	l.value = value
}

// pivot makes a variable basic in a row whose own variable becomes zero. An
// artificial variable that leaves is gone for good.
func (t *Tableau) pivot(i int, entering int32) {
	l := &t.rows[i]
	k, _ := l.find(entering)
	a := l.terms[k].Coefficient
	leaving := l.basic
	l.terms = slices.Delete(l.terms, k, k+1)
	for n := range l.terms {
		l.terms[n].Coefficient = snap(l.terms[n].Coefficient / a)
	}
	l.value = snap(l.value / a)
	if leaving != artificial {
		at, _ := l.find(leaving)
		l.terms = slices.Insert(l.terms, at, Term{leaving, 1 / a})
		t.row[leaving] = -1
	}
	l.basic = entering
	t.row[entering] = i
	for n := range t.rows {
		if n == i {
			continue
		}
		if at, ok := t.rows[n].find(entering); ok {
			t.rows[n].substitute(at, l)
		}
	}
	c := t.cost[entering]
	if c == 0 {
		return
	}
	t.cost[entering] = 0
	for _, term := range l.terms {
		t.cost[term.Variable] = snap(t.cost[term.Variable] - c*term.Coefficient)
	}
}

// substitute replaces the variable at an index by the row that defines it.
func (l *line) substitute(at int, by *line) {
	factor := l.terms[at].Coefficient
	l.value = snap(l.value - factor*by.value)
	merged := make([]Term, 0, len(l.terms)+len(by.terms))
	i, k := 0, 0
	for i < len(l.terms) || k < len(by.terms) {
		switch {
		case i == at:
			i++
		case k == len(by.terms) || i < len(l.terms) && l.terms[i].Variable < by.terms[k].Variable:
			merged = append(merged, l.terms[i])
			i++
		case i == len(l.terms) || by.terms[k].Variable < l.terms[i].Variable:
			merged = append(merged, Term{by.terms[k].Variable, -factor * by.terms[k].Coefficient})
			k++
		default:
			if c := snap(l.terms[i].Coefficient - factor*by.terms[k].Coefficient); c != 0 {
				merged = append(merged, Term{l.terms[i].Variable, c})
			}
			i, k = i+1, k+1
		}
	}
	l.terms = merged
}

// snap takes errors of rounding away: entries and values are mostly whole.
func snap(v float64) float64 {
	if w := math.Round(v); math.Abs(v-w) < tiny {
		return w
	}
	return v
}

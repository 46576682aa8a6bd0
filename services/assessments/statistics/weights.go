package statistics

import (
	"math"
	"slices"
)

// WeightEffect is what unequal weights cost (Kish 1965).
type WeightEffect struct {
	N         int     // weights above zero
	Sum       float64 // of the weights
	Effect    float64 // N times the sum of squares over the square of the sum; 1 when all are equal
	Effective float64 // N over Effect
	Smallest  float64 // above zero
	Largest   float64
}

// EffectOfWeights is Kish's approximate design effect, 1 + CV² of the weights:
// what they would cost a variable that has nothing to do with them.
func EffectOfWeights(weights []float64) (WeightEffect, error) {
	if err := checkWeights("weights", weights); err != nil {
		return WeightEffect{}, err
	}
	e := WeightEffect{Smallest: math.Inf(1)}
	var total, squares sum
	for _, w := range weights {
		if w == 0 {
			continue
		}
		e.N++
		total.add(w)
		squares.add(w * w)
		e.Smallest, e.Largest = math.Min(e.Smallest, w), math.Max(e.Largest, w)
	}
	e.Sum = total.value()
	e.Effective = e.Sum * e.Sum / squares.value()
	e.Effect = float64(e.N) / e.Effective
	return e, nil
}

// ResponseClass is what nonresponse did to the weights of one class.
type ResponseClass struct {
	Name        string
	Eligible    int
	Respondents int
	Factor      float64 // by which the weights of respondents grew, 1 or more
}

// AdjustForNonresponse lets those who answered stand for those of their class
// who did not: their base weights times the weight of the eligible over that of
// the respondents of the class. Others get 0. It is right as far as people of a
// class are alike. A class in which nobody answered is refused: join it with one
// that is like it. Classes come in the order of their names.
func AdjustForNonresponse(base []float64, class []string, responded []bool) ([]float64, []ResponseClass, error) {
	if err := checkWeights("base weights", base); err != nil {
		return nil, nil, err
	}
	if len(class) != len(base) || len(responded) != len(base) {
		return nil, nil, invalid("classes", "base weights, classes and responses have %d, %d and %d rows", len(base), len(class), len(responded))
	}
	type sums struct {
		all, answered       sum
		eligible, responded int
	}
	byClass := map[string]*sums{}
	var names []string
	for i, name := range class {
		c := byClass[name]
		if c == nil {
			c = &sums{}
			byClass[name] = c
			names = append(names, name)
		}
		c.all.add(base[i])
		c.eligible++
		if responded[i] {
			c.answered.add(base[i])
			c.responded++
		}
	}
	slices.Sort(names)
	report := make([]ResponseClass, len(names))
	for n, name := range names {
		c := byClass[name]
		if c.answered.value() == 0 && c.all.value() > 0 {
			return nil, nil, refused("nonresponse adjustment", "nobody of class %q answered: join it with a class that is like it", name)
		}
		report[n] = ResponseClass{Name: name, Eligible: c.eligible, Respondents: c.responded, Factor: 1}
		if c.all.value() > 0 {
			report[n].Factor = c.all.value() / c.answered.value()
		}
	}
	adjusted := make([]float64, len(base))
	for i, name := range class {
		if responded[i] {
			at, _ := slices.BinarySearch(names, name)
			adjusted[i] = base[i] * report[at].Factor
		}
	}
	return adjusted, report, nil
}

// Bounds limit weights. The zero value limits nothing from below and everything
// from above: give an Upper of math.Inf(1) for none.
type Bounds struct {
	Lower, Upper float64
	// Strict repeats until no weight is outside: what is spread over the others
	// may push them over the bound.
	Strict bool
}

// trimRounds ends trimming that comes nearer to a bound without reaching it.
const trimRounds = 100_000

// TrimWeights cuts weights to the bounds and spreads what was cut evenly over
// those that were inside, so that the sum stays: trimWeights in R. Trimming
// trades bias for variance, and undoes part of a calibration.
func TrimWeights(weights []float64, b Bounds) ([]float64, error) {
	if err := checkWeights("weights", weights); err != nil {
		return nil, err
	}
	if math.IsNaN(b.Lower) || math.IsNaN(b.Upper) || b.Lower > b.Upper || b.Upper <= 0 {
		return nil, invalid("bounds", "the lower one is at most the upper one, which is above zero")
	}
	mean := sumOf(weights) / float64(len(weights))
	if b.Strict && (mean > b.Upper || mean < b.Lower) {
		return nil, refused("trimming", "the mean weight, %g, is outside of the bounds, so that not all weights can be inside", mean)
	}
	w := slices.Clone(weights)
	for range trimRounds {
		cut, err := b.trim(w)
		if err != nil || !cut || !b.Strict {
			return w, err
		}
	}
	return nil, refused("trimming", "weights come nearer to the bounds without staying inside: widen them")
}

// trim cuts once and tells whether something was outside.
func (b Bounds) trim(w []float64) (bool, error) {
	outside := make([]bool, len(w))
	var cut sum
	inside := 0
	for i, x := range w {
		bounded := math.Max(b.Lower, math.Min(x, b.Upper))
		outside[i] = bounded != x
		if outside[i] {
			cut.add(x - bounded)
			w[i] = bounded
		} else {
			inside++
		}
	}
	if inside == len(w) {
		return false, nil
	}
	if inside == 0 {
		return false, refused("trimming", "every weight is outside of the bounds, so that none can take up what is cut")
	}
	share := cut.value() / float64(inside)
	for i := range w {
		if !outside[i] {
			w[i] += share
			if w[i] < 0 {
				return false, refused("trimming", "a weight would become negative: the lower bound is too high")
			}
		}
	}
	return true, nil
}

// Trim is the design with trimmed weights: trimWeights in R. Variances keep to
// the calibrations made before.
func (d *Design) Trim(b Bounds) (*Design, error) {
	if d.in != nil {
		return nil, invalid("design", "trim the weights of the whole design, then take the domain")
	}
	w, err := TrimWeights(d.weights, b)
	if err != nil {
		return nil, err
	}
	trimmed := *d
	trimmed.weights = w
	return &trimmed, nil
}

package statistics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Disagreement says how far apart two levels are.
type Disagreement string

const (
	// Nominal counts every disagreement alike.
	Nominal Disagreement = "nominal"
	// Linear counts the steps between two levels.
	Linear Disagreement = "linear"
	// Quadratic counts the squares of the steps: weighted.kappa in psych.
	Quadratic Disagreement = "quadratic"
)

// Kappa is the agreement of two raters beyond chance: 1 is full agreement, 0
// what chance gives, less is worse than chance.
type Kappa struct {
	Value    float64
	SE       float64 // Fleiss, Cohen and Everitt (1969)
	N        int
	Observed float64 // agreement seen, weighted
	Expected float64 // agreement by chance
}

// Interval is the interval by the normal distribution, within [-1, 1].
func (k Kappa) Interval(confidence float64) (Interval, error) {
	if err := checkConfidence(confidence); err != nil {
		return Interval{}, err
	}
	margin := distuv.UnitNormal.Quantile((1+confidence)/2) * k.SE
	return Interval{Low: math.Max(-1, k.Value-margin), High: math.Min(1, k.Value+margin), Confidence: confidence}, nil
}

// CohenKappa measures the agreement of two raters who placed the same things on
// levels; levels are in their order. Things that one of them did not rate ("")
// are left out.
func CohenKappa(first, second, levels []string, disagreement Disagreement) (Kappa, error) {
	if err := checkLength("second", len(second), len(first)); err != nil {
		return Kappa{}, err
	}
	k := len(levels)
	if k < 2 {
		return Kappa{}, refused("kappa", "it takes two levels")
	}
	weights, err := agreementWeights(k, disagreement)
	if err != nil {
		return Kappa{}, err
	}
	table := make([][]float64, k)
	for i := range table {
		table[i] = make([]float64, k)
	}
	n := 0
	for row := range first {
		if first[row] == "" || second[row] == "" {
			continue
		}
		i, j := slices.Index(levels, first[row]), slices.Index(levels, second[row])
		if i < 0 || j < 0 {
			return Kappa{}, invalidRow("ratings", row, "%q and %q: each is one of the levels", first[row], second[row])
		}
		table[i][j]++
		n++
	}
	if n < 2 {
		return Kappa{}, refused("kappa", "both raters rated %d things: it takes two", n)
	}
	return kappaOf(table, weights, n)
}

func agreementWeights(k int, disagreement Disagreement) ([][]float64, error) {
	weights := make([][]float64, k)
	for i := range weights {
		weights[i] = make([]float64, k)
		for j := range weights[i] {
			steps := math.Abs(float64(i-j)) / float64(k-1)
			switch disagreement {
			case Nominal:
				steps = math.Ceil(steps)
			case Linear:
			case Quadratic:
				steps *= steps
			default:
				return nil, invalid("disagreement", "%q is none of nominal, linear, quadratic", string(disagreement))
			}
			weights[i][j] = 1 - steps
		}
	}
	return weights, nil
}

func kappaOf(table, w [][]float64, n int) (Kappa, error) {
	k := len(table)
	rows, columns := make([]float64, k), make([]float64, k)
	for i := range table {
		for j := range table[i] {
			table[i][j] /= float64(n)
			rows[i] += table[i][j]
			columns[j] += table[i][j]
		}
	}
	result := Kappa{N: n}
	rowMean, columnMean := make([]float64, k), make([]float64, k)
	for i := range k {
		for j := range k {
			result.Observed += w[i][j] * table[i][j]
			result.Expected += w[i][j] * rows[i] * columns[j]
			rowMean[i] += w[i][j] * columns[j]
			columnMean[j] += w[i][j] * rows[i]
		}
	}
	po, pe := result.Observed, result.Expected
	if 1-pe < 1e-12 {
		return Kappa{}, refused("kappa", "both raters put everything on one level, so that chance alone makes them agree")
	}
	result.Value = (po - pe) / (1 - pe)
	var v sum
	for i := range k {
		for j := range k {
			x := w[i][j]*(1-pe) - (rowMean[i]+columnMean[j])*(1-po)
			v.add(table[i][j] * x * x)
		}
	}
	rest := po*pe - 2*pe + po
	v.add(-rest * rest)
	result.SE = math.Sqrt(math.Max(0, v.value())/float64(n)) / ((1 - pe) * (1 - pe))
	return result, nil
}

package statistics

import (
	"gonum.org/v1/gonum/mat"
)

// adjustment is one calibration that the weights went through. Estimates made
// with calibrated weights vary only as far as the variable differs inside of
// the calibration cells, so variances are computed from residuals.
type adjustment interface {
	residuals(u []float64)
}

// negligible is the correction below which a stratum counts as surveyed in full.
const negligible = 1e-7

// variance is the covariance matrix of totals of the linearized values: Taylor
// linearization with replacement at the first stage, times the finite population
// correction (svyrecvar in R). Rows of u are variables, columns are the rows of
// the design; values are multiplied by the weights already, zero where a row is
// not in the domain. u is overwritten.
func (d *Design) variance(u ...[]float64) (*mat.SymDense, error) {
	k := len(u)
	totals := make([][]float64, 0, k)
	for _, values := range u {
		for _, a := range d.adjust {
			a.residuals(values)
		}
		totals = append(totals, d.unitTotals(values))
	}
	used := d.usedStrata()
	result, lonely, counted := mat.NewSymDense(k, nil), 0, 0
	for h := range d.strata {
		s := &d.strata[h]
		if !used[h] {
			continue
		}
		counted++
		if s.f < negligible {
			continue
		}
		if s.size > 1 {
			s.addTo(result, totals, s.f*float64(s.size)/float64(s.size-1), true)
			continue
		}
		switch d.lonely {
		case LonelyRemove:
		case LonelyAdjust:
			s.addTo(result, totals, s.f, false)
		case LonelyAverage:
			lonely++
		default:
			return nil, refused("variance", "stratum %q has one primary unit only: join it with another stratum, or choose a rule for lonely units", s.name)
		}
	}
	if lonely > 0 && lonely < counted {
		result.ScaleSym(float64(counted)/float64(counted-lonely), result)
	}
	if lonely > 0 && lonely == counted {
		return nil, refused("variance", "every stratum has one primary unit only, so that there is nothing to average")
	}
	return result, nil
}

// unitTotals adds rows up by primary unit.
func (d *Design) unitTotals(u []float64) []float64 {
	sums := make([]sum, d.psus)
	for i, x := range u {
		sums[d.psu[i]].add(x)
	}
	totals := make([]float64, d.psus)
	for p := range sums {
		totals[p] = sums[p].value()
	}
	return totals
}

// usedStrata are those with a row in the domain. Of calibrated designs all rows
// stay, since residuals reach out of the domain.
func (d *Design) usedStrata() []bool {
	used := make([]bool, len(d.strata))
	inUnit := make([]bool, d.psus)
	for i := range d.n {
		if len(d.adjust) > 0 || d.includes(i) {
			inUnit[d.psu[i]] = true
		}
	}
	for h, s := range d.strata {
		for _, p := range s.psus {
			used[h] = used[h] || inUnit[p]
		}
	}
	return used
}

// addTo adds scale times the cross products of the unit totals, around their
// mean or around zero.
func (s *stratum) addTo(result *mat.SymDense, totals [][]float64, scale float64, center bool) {
	means := make([]float64, len(totals))
	if center {
		for v := range totals {
			var t sum
			for _, p := range s.psus {
				t.add(totals[v][p])
			}
			means[v] = t.value() / float64(s.size)
		}
	}
	for a := range totals {
		for b := a; b < len(totals); b++ {
			var t sum
			for _, p := range s.psus {
				t.add((totals[a][p] - means[a]) * (totals[b][p] - means[b]))
			}
			result.SetSym(a, b, result.At(a, b)+scale*t.value())
		}
	}
}

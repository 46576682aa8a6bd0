package statistics

import "math"

// Estimate is a statement about a population with its uncertainty.
type Estimate struct {
	Value float64 // in the unit of the variable; a share lies in [0, 1]
	SE    float64 // standard error, same unit
	DF    float64 // design degrees of freedom: primary units less strata
	N     int     // rows that have a value and a weight above zero
	Sum   float64 // of their weights
	// Effective is Kish's effective number of rows, N over the design effect of
	// unequal weights. It knows neither strata nor clusters.
	Effective float64
	Rows      int // rows in the design or its domain, with a value or not
	Sample    int // rows in the whole sample that a domain is part of
	Units     int // primary units with a value
}

// Interval is a confidence interval.
type Interval struct {
	Low, High  float64
	Confidence float64 // such as 0.95
}

// Contains tells whether x lies in the interval, ends included.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// Interval is the symmetric interval by the t quantile with the design degrees
// of freedom: confint(svymean(...), df = degf(design)) in R. It is not for
// shares, which have [Estimate.ShareInterval].
func (e Estimate) Interval(confidence float64) (Interval, error) {
	margin, err := e.Margin(confidence)
	if err != nil {
		return Interval{}, err
	}
	return Interval{Low: e.Value - margin, High: e.Value + margin, Confidence: confidence}, nil
}

// Margin is the margin of error: half the width of the interval.
func (e Estimate) Margin(confidence float64) (float64, error) {
	if err := checkConfidence(confidence); err != nil {
		return 0, err
	}
	if e.SE == 0 {
		return 0, nil
	}
	if !(e.DF > 0) {
		return 0, refused("confidence interval", "the design has %g degrees of freedom: it needs more primary units than strata", e.DF)
	}
	return tQuantile((1+confidence)/2, e.DF) * e.SE, nil
}

// CV is the coefficient of variation: the standard error relative to the value.
func (e Estimate) CV() float64 { return e.SE / math.Abs(e.Value) }

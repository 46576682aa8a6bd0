package statistics

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Method is a confidence interval for a share. The symmetric interval of a mean
// is none: near 0 and 1 it leaves [0, 1] and covers far less than it says.
type Method string

const (
	// Wilson inverts the score test. It works at 0 and 1, and with few answers.
	Wilson Method = "wilson"
	// Logit is symmetric for the logarithm of the odds: svyciprop(method = "logit") in R.
	Logit Method = "logit"
	// Beta is Korn and Graubard's interval of Clopper and Pearson with an effective
	// number of answers: svyciprop(method = "beta") in R. It errs on the wide side.
	Beta Method = "beta"
)

// Share is the share of rows with value 1 among those with 0 or 1. NaN, such as
// "not applicable", leaves the denominator. Favorability is the share of the
// options that the instrument declares favorable.
func (d *Design) Share(success []float64) (Estimate, error) {
	if err := d.checkColumn("success", success); err != nil {
		return Estimate{}, err
	}
	for i, x := range success {
		if x != 0 && x != 1 && !math.IsNaN(x) {
			return Estimate{}, invalidRow("success", i, "is 1, 0, or NaN where there is no answer")
		}
	}
	return d.Mean(success)
}

// ShareBy estimates the share in each group, with the degrees of freedom that
// each group has by itself: svyby with svyciprop in R.
func (d *Design) ShareBy(success []float64, groups []string) ([]Group, error) {
	if _, err := d.Share(success); err != nil {
		return nil, err
	}
	return d.by(success, groups, func(domain *Design) (Estimate, error) { return domain.Mean(success) })
}

// Distribution is the share of each option among the rows that have one (""
// is a missing answer), in the order of the options given.
func (d *Design) Distribution(answers, options []string) ([]Group, error) {
	if err := checkLength("answers", len(answers), d.n); err != nil {
		return nil, err
	}
	known := map[string]bool{"": true}
	for _, o := range options {
		known[o] = true
	}
	for i, a := range answers {
		if !known[a] {
			return nil, invalidRow("answers", i, "%q is none of the options", a)
		}
	}
	shares := make([]Group, 0, len(options))
	for _, o := range options {
		e, err := d.Share(indicator(answers, o))
		if err != nil {
			return nil, err
		}
		shares = append(shares, Group{Name: o, Estimate: e})
	}
	return shares, nil
}

// indicator is 1 where the answer is the option, 0 elsewhere, NaN where missing.
func indicator(answers []string, option string) []float64 {
	x := make([]float64, len(answers))
	for i, a := range answers {
		switch a {
		case "":
			x[i] = math.NaN()
		case option:
			x[i] = 1
		}
	}
	return x
}

// ShareInterval is the interval of an estimate that is a share. All methods take
// strata, clusters, weights and the finite population correction from the
// standard error.
func (e Estimate) ShareInterval(method Method, confidence float64) (Interval, error) {
	if err := checkConfidence(confidence); err != nil {
		return Interval{}, err
	}
	if !(e.Value >= 0 && e.Value <= 1) {
		return Interval{}, invalid("estimate", "%g is no share: it lies in [0, 1]", e.Value)
	}
	atEnd := e.Value == 0 || e.Value == 1
	if method != Wilson && atEnd {
		return Interval{}, refused(string(method)+" interval", "all answers are on one side, so that the standard error is 0: take the Wilson interval")
	}
	if !(e.DF > 0) {
		return Interval{}, refused("confidence interval", "the design has %g degrees of freedom: it needs more primary units than strata", e.DF)
	}
	if e.SE == 0 && !atEnd {
		return Interval{Low: e.Value, High: e.Value, Confidence: confidence}, nil
	}
	var i Interval
	switch method {
	case Wilson:
		n := e.effective() * e.inflation(confidence)
		if atEnd {
			n = math.Min(e.Effective, float64(e.Units))
		}
		i = wilson(e.Value, n, confidence)
	case Logit:
		i = e.logit(confidence)
	case Beta:
		i = e.beta(confidence)
	default:
		return Interval{}, invalid("method", "%q is none of wilson, logit, beta", string(method))
	}
	i.Confidence = confidence
	return i, nil
}

// effective is the number of answers of a simple random sample with this error;
// of a simple random sample it is the number of answers.
func (e Estimate) effective() float64 {
	n := float64(e.Sample)
	return e.Value * (1 - e.Value) / (e.SE * e.SE) * n / (n - 1)
}

// inflation turns a number of rows into one that has the same interval with the
// degrees of freedom of the design (Korn and Graubard 1998); 1 without strata
// and clusters.
func (e Estimate) inflation(confidence float64) float64 {
	p := (1 + confidence) / 2
	r := tQuantile(p, float64(e.Rows-1)) / tQuantile(p, e.DF)
	return r * r
}

func (e Estimate) logit(confidence float64) Interval {
	odds := math.Log(e.Value / (1 - e.Value))
	margin := tQuantile((1+confidence)/2, e.DF) * e.SE / (e.Value * (1 - e.Value))
	return Interval{Low: 1 / (1 + math.Exp(margin-odds)), High: 1 / (1 + math.Exp(-margin-odds))}
}

func (e Estimate) beta(confidence float64) Interval {
	n := e.Value * (1 - e.Value) / (e.SE * e.SE) * e.inflation(confidence)
	tail := (1 - confidence) / 2
	yes, no := n*e.Value, n*(1-e.Value)
	return Interval{
		Low:  mathext.InvRegIncBeta(yes, no+1, tail),
		High: 1 - mathext.InvRegIncBeta(no, yes+1, tail),
	}
}

// WilsonInterval is the score interval of a share in a simple random sample:
// proportion_confint(method = "wilson") of Python's statsmodels. population is
// the number of people that the sample was drawn from, 0 for no finite
// population correction; with it, n counts as n / (1 - n/N).
func WilsonInterval(successes, n int, population, confidence float64) (Interval, error) {
	if err := checkConfidence(confidence); err != nil {
		return Interval{}, err
	}
	switch {
	case n < 1:
		return Interval{}, invalid("n", "is 1 or more")
	case successes < 0 || successes > n:
		return Interval{}, invalid("successes", "lie between 0 and n")
	case math.IsNaN(population) || population < 0 || (population > 0 && population < float64(n)):
		return Interval{}, invalid("population", "is 0, or at least n")
	}
	size, p := float64(n), float64(successes)/float64(n)
	if population > 0 && !math.IsInf(population, 1) {
		if population == size {
			return Interval{Low: p, High: p, Confidence: confidence}, nil
		}
		size /= 1 - size/population
	}
	return wilson(p, size, confidence), nil
}

func wilson(p, n, confidence float64) Interval {
	z := distuv.UnitNormal.Quantile((1 + confidence) / 2)
	q := z * z / n
	center, half := (p+q/2)/(1+q), z/(1+q)*math.Sqrt(p*(1-p)/n+q/(4*n))
	i := Interval{Low: math.Max(0, center-half), High: math.Min(1, center+half), Confidence: confidence}
	if p == 0 {
		i.Low = 0
	}
	if p == 1 {
		i.High = 1
	}
	return i
}

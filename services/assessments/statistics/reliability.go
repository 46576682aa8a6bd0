package statistics

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
)

// MinimumForReliability is how many people have to have answered each pair of
// items, unless a caller asks for another number.
const MinimumForReliability = 30

// Scale says what the items are to each other.
type Scale struct {
	// Composite marks items that add up to something without being caused by it,
	// such as barriers: that they agree is not expected, and reliability by
	// agreement says nothing about them.
	Composite bool
	// Minimum is how many people have to have answered each pair of items;
	// 0: MinimumForReliability.
	Minimum int
}

// Reliability is how well the items of a scale measure one thing together.
type Reliability struct {
	Estimator string // how Alpha was computed, in words
	Rows      int
	Alpha     // of all items that vary
	// ASE is the asymptotic standard error of Raw (Duhachek and Iacobucci 2004).
	ASE float64
	// Mean and SD are of people's mean scores over the items that they answered.
	Mean, SD float64
	// Items are in the order given, the constant ones left out.
	Items []ItemReliability
	// Constant are the items on which everybody said the same; they are in Mean and SD only.
	Constant []int
}

// Alpha are the coefficients of a set of items.
type Alpha struct {
	Raw          float64 // Cronbach's alpha, from covariances
	Standardized float64 // from correlations
	G6           float64 // Guttman's lambda 6, from squared multiple correlations
	AverageR     float64 // mean correlation between items
	MedianR      float64
	SignalNoise  float64 // k r / (1 - r), of AverageR
}

// ItemReliability is one item beside the others.
type ItemReliability struct {
	Item int // 0-based, as given
	N    int // people who answered it
	Mean float64
	SD   float64
	// Rest is the correlation with the sum of the other items (r.drop in psych).
	// Below zero the item may have to be reversed.
	Rest float64
	// Total is the correlation with the mean score, itself in it (raw.r in psych).
	Total float64
	// Dropped are the coefficients of the other items; nil with two items.
	Dropped *Alpha
}

// alphaEstimator names what Reliability computes.
const alphaEstimator = "Cronbach's alpha of pairwise covariances, no item reversed, rows unweighted"

// Reliability computes Cronbach's alpha and what belongs to it, as psych::alpha
// does with use = "pairwise" and check.keys = FALSE: items are taken as they
// are, so reverse those that run the other way before. It refuses composites and
// small samples. Alpha is a lower bound of reliability where errors of items are
// independent, and grows with the number of items.
func (s *Items) Reliability(scale Scale) (Reliability, error) {
	items, constant, err := s.check("reliability", scale, 2)
	if err != nil {
		return Reliability{}, err
	}
	c := s.covariances(items)
	r := correlationOf(c)
	result := Reliability{Estimator: alphaEstimator, Rows: s.rows, Constant: constant, Alpha: alphaOf(c, r)}
	result.ASE = math.Sqrt(alphaVariance(c) / float64(s.rows))
	result.Mean, result.SD = s.scores.x/s.scores.n+s.shift, math.Sqrt(s.scores.varianceX())
	for a, item := range items {
		result.Items = append(result.Items, s.itemReliability(a, item, c, r))
	}
	return result, nil
}

// Interval is Feldt's (1965) confidence interval of the raw alpha: alpha.ci in psych.
func (r Reliability) Interval(confidence float64) (Interval, error) {
	if err := checkConfidence(confidence); err != nil {
		return Interval{}, err
	}
	tail, n, k := (1-confidence)/2, float64(r.Rows), float64(len(r.Items))
	quantile := func(p float64) float64 { return fQuantile(p, n-1, (n-1)*(k-1)) }
	return Interval{Low: 1 - (1-r.Raw)*quantile(1-tail), High: 1 - (1-r.Raw)*quantile(tail), Confidence: confidence}, nil
}

// fQuantile is the quantile of the F distribution.
func fQuantile(p, d1, d2 float64) float64 {
	// The smaller tail keeps its digits.
	if p > 0.5 {
		y := mathext.InvRegIncBeta(d2/2, d1/2, 1-p)
		return d2 * (1 - y) / (d1 * y)
	}
	x := mathext.InvRegIncBeta(d1/2, d2/2, p)
	return d2 * x / (d1 * (1 - x))
}

// check finds the items to use, or refuses.
func (s *Items) check(statistic string, scale Scale, least int) (items, constant []int, err error) {
	if scale.Composite {
		return nil, nil, refused(statistic, "the items are a composite: they need not agree with each other, so that their agreement is no sign of quality")
	}
	if scale.Minimum < 0 {
		return nil, nil, invalid("minimum", "is above zero, or 0 for the default")
	}
	minimum := scale.Minimum
	if minimum == 0 {
		minimum = MinimumForReliability
	}
	items, constant = s.varying()
	if len(items) < least {
		return nil, nil, refused(statistic, "%d items vary between people, and it takes %d", len(items), least)
	}
	for a, i := range items {
		for _, j := range items[:a+1] {
			p := s.pair(i, j)
			if p.n < float64(max(minimum, 3)) {
				return nil, nil, refused(statistic, "%g people answered both item %d and item %d, and it takes %d", p.n, j+1, i+1, max(minimum, 3))
			}
			if v := p.correlation(); !finite(v) {
				return nil, nil, refused(statistic, "items %d and %d do not vary among the people who answered both", j+1, i+1)
			}
		}
	}
	return items, constant, nil
}

// alphaOf computes the coefficients from covariances and correlations.
func alphaOf(c, r *mat.SymDense) Alpha {
	k := float64(c.SymmetricDim())
	total, between := mat.Sum(c), mat.Sum(r)
	a := Alpha{
		Raw:          (1 - mat.Trace(c)/total) * k / (k - 1),
		Standardized: (1 - k/between) * k / (k - 1),
		G6:           1 - (k-sumOf(squaredMultiple(r)))/between,
		AverageR:     (between - k) / (k * (k - 1)),
		MedianR:      medianBelow(r),
	}
	a.SignalNoise = k * a.AverageR / (1 - a.AverageR)
	return a
}

// alphaVariance is the variance of raw alpha, times the number of rows.
func alphaVariance(c *mat.SymDense) float64 {
	k := float64(c.SymmetricDim())
	var square mat.Dense
	square.Mul(c, c)
	total, trace := mat.Sum(c), mat.Trace(c)
	inner := total*(mat.Trace(&square)+trace*trace) - 2*trace*mat.Sum(&square)
	return 2 * k * k / ((k - 1) * (k - 1) * total * total * total) * inner
}

// itemReliability is item a of the matrices.
func (s *Items) itemReliability(a, item int, c, r *mat.SymDense) ItemReliability {
	own := s.pair(item, item)
	it := ItemReliability{
		Item: item, N: int(own.n), Mean: own.y/own.n + s.shift, SD: math.Sqrt(own.varianceY()),
		Total: s.withItem[item].correlation(),
	}
	others := without(c, a)
	with := -c.At(a, a)
	for b := range c.SymmetricDim() {
		with += c.At(a, b)
	}
	it.Rest = with / math.Sqrt(c.At(a, a)*mat.Sum(others))
	if others.SymmetricDim() > 1 {
		dropped := alphaOf(others, without(r, a))
		it.Dropped = &dropped
	}
	return it
}

package rollup

import (
	"math"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// groupEstimates are what groups said at a place, compared with everybody else there,
// with p values adjusted over all groups and items of the place.
func (v *view) groupEstimates(place int) []GroupEstimate {
	var out []GroupEstimate
	var p []float64
	for _, key := range sorted(v.groups) {
		variable, value, _ := strings.Cut(key, "=")
		for q := range v.whole {
			t, ok := v.group(place, q, key)
			if !ok || !t.question.favorable() {
				continue
			}
			g, raw := v.noise.compare(t, v.tally(place, q))
			g.Variable, g.Group, g.Item = variable, value, t.question.ID
			out, p = append(out, g), append(p, raw)
		}
	}
	adjusted, err := statistics.AdjustP(p, statistics.Holm)
	for i := range out {
		if err != nil || math.IsNaN(adjusted[i]) {
			out[i].P = Measure{Reason: noComparison}
			continue
		}
		out[i].P = shown(adjusted[i], digits)
	}
	return out
}

const noComparison = "There is nothing to compare: a count is hidden, or all said the same."

// compare compares a group with all others, and returns the p value, NaN without.
func (n Noise) compare(group, whole tally) (GroupEstimate, float64) {
	var g GroupEstimate
	given, ok := group.sum(scored)
	g.Answers = count(given, ok, hiddenCount)
	own, ok := group.split()
	if !ok || own[0]+own[1] == 0 {
		g.Share, g.Gap = hiddenEstimate(hiddenShare), hiddenEstimate(hiddenShare)
		return g, math.NaN()
	}
	g.Share = simple(own[0], own[0]+own[1]).widen(n.ofShare(group, own)).share(digits)
	all, ok := whole.split()
	if !ok || whole.total == release.Withheld || all[0]+all[1] <= own[0]+own[1] {
		g.Gap = hiddenEstimate(noComparison)
		return g, math.NaN()
	}
	a := statistics.Count{Successes: int(own[0]), N: int(own[0] + own[1])}
	b := statistics.Count{Successes: int(all[0] - own[0]), N: int(all[0] + all[1] - own[0] - own[1])}
	test, err := n.difference(a, b, group)
	if err != nil {
		g.Gap = hiddenEstimate(noComparison)
		return g, math.NaN()
	}
	g.Gap = difference(test)
	return g, test.P
}

// simple is a share of answers that all count the same.
func simple(yes, all int64) number {
	t := statistics.Tally{Rows: int(all), Options: []statistics.OptionTally{
		{Option: "yes", Scored: true, Score: 1, Count: int(yes), Weight: float64(yes), Weight2: float64(yes)},
		{Option: "no", Scored: true, Count: int(all - yes), Weight: float64(all - yes), Weight2: float64(all - yes)},
	}}
	e, err := statistics.MeanOfTallies(statistics.LonelyAdjust, statistics.TallyStratum{Name: "all", Tally: t})
	if err != nil {
		return number{reason: noUncertainty}
	}
	return number{Estimate: e}
}

func difference(t statistics.Test) Estimate {
	return Estimate{
		Value: shown(t.Difference, digits), SE: shown(t.SE, digits), Low: shown(t.Interval.Low, digits), High: shown(t.Interval.High, digits),
	}
}

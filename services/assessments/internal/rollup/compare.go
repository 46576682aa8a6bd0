package rollup

import (
	"math"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// level is the greatest adjusted p of a difference that is called one.
const level = 0.05

// readings are findings in words.
var readings = map[statistics.Finding]string{
	statistics.Noise: "No difference shown.", statistics.Small: "A small difference.", statistics.Notable: "A notable difference.",
}

func practice(p policy.Policy) statistics.Practice {
	return statistics.Practice{Level: level, Least: p.PracticalDifference / 100}
}

// sample reads an estimate back from a page: what a reader could do too.
func sample(e Estimate, answers Count) (statistics.Estimate, bool) {
	if !e.Value.Shown || !e.SE.Shown || e.AtMost || e.AtLeast {
		return statistics.Estimate{}, false
	}
	df := math.Inf(1)
	if answers.Shown && answers.Value > 1 {
		df = float64(answers.Value - 1)
	}
	return statistics.Estimate{Value: e.Value.Value, SE: e.SE.Value, DF: df}, true
}

// contrast is a comparison of two published estimates.
type contrast struct {
	test statistics.Test
	ok   bool
}

func contrastOf(a Estimate, an Count, b Estimate, bn Count) contrast {
	left, ok := sample(a, an)
	right, also := sample(b, bn)
	if !ok || !also {
		return contrast{}
	}
	test, err := statistics.Difference(left, right, confidence)
	return contrast{test: test, ok: err == nil}
}

func (c contrast) estimate() Estimate {
	if !c.ok {
		return hiddenEstimate(noComparison)
	}
	return difference(c.test)
}

// adjust gives each comparison its adjusted p value and its reading.
func adjust(list []contrast, method statistics.Adjustment, p policy.Policy) ([]Measure, []string) {
	raw := make([]float64, len(list))
	for i, c := range list {
		raw[i] = math.NaN()
		if c.ok {
			raw[i] = c.test.P
		}
	}
	adjusted, err := statistics.AdjustP(raw, method)
	values, words := make([]Measure, len(list)), make([]string, len(list))
	for i := range list {
		if err != nil || math.IsNaN(adjusted[i]) {
			values[i], words[i] = Measure{Reason: noComparison}, noComparison
			continue
		}
		values[i] = shown(adjusted[i], digits)
		words[i] = readings[practice(p).Finding(list[i].test.Difference, adjusted[i])]
	}
	return values, words
}

// Gaps compares what families and staff said at one place, item by item. What is
// compared are two published pages of the same cycle and wave.
func Gaps(family, staff Page, p policy.Policy) []Gap {
	var out []Gap
	var list []contrast
	for _, f := range family.Items {
		i := slices.IndexFunc(staff.Items, func(s ItemEstimate) bool { return s.Item == f.Item })
		if i < 0 || f.Share.Value.Reason == noShare {
			continue
		}
		s := staff.Items[i]
		c := contrastOf(s.Share, s.Answers, f.Share, f.Answers)
		list = append(list, c)
		out = append(out, Gap{Item: f.Item, Standard: f.Standard, Family: f.Share.Value, Staff: s.Share.Value, Gap: c.estimate()})
	}
	values, words := adjust(list, statistics.Holm, p)
	for i := range out {
		out[i].P, out[i].Reading = values[i], words[i]
	}
	return out
}

// Compare fills in the changes of pages against those of the wave before, found by
// the id of their table: items with p values adjusted within a place (Holm), standards
// over all places of a level (Benjamini and Hochberg).
func Compare(now, before []Page, release string, p policy.Policy) {
	old := make(map[string]*Page, len(before))
	for i := range before {
		old[before[i].Table] = &before[i]
	}
	type entry struct {
		page   int
		change Change
	}
	over := map[Level][]entry{}
	tests := map[Level][]contrast{}
	for n := range now {
		page := &now[n]
		was, ok := old[page.Table]
		if !ok {
			continue
		}
		page.Changes = itemChanges(page, was, release, p)
		for _, s := range page.Standards {
			i := slices.IndexFunc(was.Standards, func(o StandardEstimate) bool { return o.Standard == s.Standard })
			if i < 0 {
				continue
			}
			c := contrastOf(s.Share, Count{}, was.Standards[i].Share, Count{})
			tests[page.Level] = append(tests[page.Level], c)
			over[page.Level] = append(over[page.Level], entry{n, Change{Standard: s.Standard, Before: release, Change: c.estimate()}})
		}
	}
	for l, list := range over {
		values, words := adjust(tests[l], statistics.BenjaminiHochberg, p)
		for i, e := range list {
			e.change.P, e.change.Reading = values[i], words[i]
			now[e.page].Changes = append(now[e.page].Changes, e.change)
		}
	}
}

func itemChanges(page, was *Page, release string, p policy.Policy) []Change {
	var out []Change
	var list []contrast
	for _, item := range page.Items {
		i := slices.IndexFunc(was.Items, func(o ItemEstimate) bool { return o.Item == item.Item })
		if i < 0 || item.Share.Value.Reason == noShare {
			continue
		}
		c := contrastOf(item.Share, item.Answers, was.Items[i].Share, was.Items[i].Answers)
		list = append(list, c)
		out = append(out, Change{Item: item.Item, Standard: item.Standard, Before: release, Change: c.estimate()})
	}
	values, words := adjust(list, statistics.Holm, p)
	for i := range out {
		out[i].P, out[i].Reading = values[i], words[i]
	}
	return out
}

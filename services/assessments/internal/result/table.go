package result

import (
	"fmt"
	"math"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// tableOf is the short table of a school: its page, to two decimals. A school that has
// no page, because too few answered, has a table without numbers.
func tableOf(page *rollup.Page, f rollup.Form, minimum int, proven bool) Table {
	few := fmt.Sprintf("Fewer than %d people answered.", minimum)
	t := Table{Responses: Count{Reason: few}, UnitProven: proven}
	if page != nil {
		t.Responses = page.Responses
	}
	at := map[string]rollup.ItemEstimate{}
	if page != nil {
		for _, i := range page.Items {
			at[i.Item] = i
		}
	}
	for _, q := range f.Questions {
		if q.Option != "" {
			continue // options of a choice of several stand on the page of the school
		}
		i, ok := at[q.ID]
		if !ok {
			i = without(q, few)
		}
		t.Items = append(t.Items, itemOf(i))
	}
	t.Standards = standardsOf(t.Items, f, few)
	return t
}

// without is a question of which nothing is told.
func without(q rollup.Question, reason string) rollup.ItemEstimate {
	m := rollup.Estimate{Value: Measure{Reason: reason}}
	out := rollup.ItemEstimate{Item: q.ID, Standard: q.Standard, Answers: Count{Reason: reason}, Share: m, Mean: m}
	for _, c := range q.Categories {
		if c.ID != rollup.NotScored {
			out.Options = append(out.Options, rollup.OptionCount{Option: c.ID, Count: Count{Reason: reason}})
		}
	}
	return out
}

func itemOf(i rollup.ItemEstimate) ItemResult {
	out := ItemResult{Item: i.Item, Standard: i.Standard, Answers: i.Answers, FavorableShare: short(i.Share.Value), MeanScore: short(i.Mean.Value)}
	for _, o := range i.Options {
		out.Options = append(out.Options, OptionCount(o))
	}
	return out
}

// short rounds to two decimals.
func short(m Measure) Measure {
	m.Value = math.Round(m.Value*100) / 100
	return m
}

// standardsOf are the means over the items of a standard whose numbers are shown.
func standardsOf(items []ItemResult, f rollup.Form, few string) []StandardResult {
	questions := map[string]rollup.Question{}
	for _, q := range f.Questions {
		questions[q.ID] = q
	}
	var out []StandardResult
	for _, id := range f.Standards {
		s := StandardResult{Standard: id, Answers: Count{Shown: true}}
		var shares, means []Measure
		for _, i := range items {
			q := questions[i.Item]
			if i.Standard != id || q.Type != instrument.Scale && q.Type != instrument.Matrix {
				continue
			}
			low, high := q.Range()
			if s.Low == 0 || low < s.Low {
				s.Low = low
			}
			s.High = max(s.High, high)
			shares, means = append(shares, i.FavorableShare), append(means, i.MeanScore)
			if s.Answers.Value += i.Answers.Value; !i.Answers.Shown {
				s.Answers = Count{Reason: i.Answers.Reason}
			}
		}
		if len(shares) == 0 {
			continue
		}
		s.FavorableShare, s.MeanScore = meanOf(shares, few), meanOf(means, few)
		out = append(out, s)
	}
	return out
}

// meanOf is the mean of what is shown.
func meanOf(list []Measure, none string) Measure {
	sum, n, reason := 0.0, 0, ""
	for _, m := range list {
		switch {
		case m.Shown:
			sum += m.Value
			n++
		default:
			none = m.Reason
		}
		if m.Shown && m.Reason != "" {
			reason = m.Reason
		}
	}
	if n == 0 {
		return hiddenMeasure(none)
	}
	return short(Measure{Shown: true, Value: sum / float64(n), Reason: reason})
}

func hiddenMeasure(reason string) Measure { return Measure{Reason: reason} }

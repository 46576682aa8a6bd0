package rollup

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Digits of shares and means on pages.
const digits = 1e4

// Edition is what a page needs of the questionnaire.
type Edition struct {
	Questions []Question
	Scales    []instrument.Measure
	Standards []string // of the framework, in its order
	Notes     []string // that belong on every page
}

// Pages are the tables of all places of a tree that have one, computed from what was
// published of it, and with what noise.
func Pages(t *Tree, published []release.Published, noise Noise, e Edition, p policy.Policy) ([]Page, error) {
	v, err := newView(t, published)
	if err != nil {
		return nil, err
	}
	v.noise = noise
	children := make([]int, len(t.Places))
	for i, place := range t.Places {
		if up := t.above(i); up >= 0 && place.Level > 0 {
			children[up]++
		}
	}
	var out []Page
	for i, place := range t.Places {
		if place.Level == 0 {
			continue
		}
		page := v.page(i, e)
		page.Children, page.Minimum = children[i], p.MinimumCell
		if p.TopBottomCode && noise.Epsilon == 0 { // noise keeps ends too
			page.code()
		}
		page.Standards = standards(page.Items, e.Standards)
		page.Scales = v.scales(i, e, page.Items)
		out = append(out, page)
	}
	return out, nil
}

func (v *view) page(i int, e Edition) Page {
	place := v.tree.Places[i]
	page := Page{Table: place.Table, Level: place.Level, Place: place.Name, Title: place.Title, UnitProven: place.Proven, Weighted: place.Asked > 0}
	if up := v.tree.above(i); up >= 0 {
		page.Parent = v.tree.Places[up].Table
	}
	answered := v.responses(i)
	page.Responses = count(answered, true, hiddenCount)
	page.ResponseRate = rate(answered, place.Asked)
	for q := range e.Questions {
		page.Items = append(page.Items, v.item(i, q))
	}
	page.Groups = v.groupEstimates(i)
	page.Notes = append(v.notes(i, page), e.Notes...)
	if note := v.noise.note(); note != "" {
		page.Notes = append(page.Notes, note)
	}
	return page
}

// rate is AAPOR's RR2: all usable answers over all who are or may be eligible.
func rate(answered int64, asked int) Measure {
	switch {
	case answered == release.Withheld:
		return Measure{Reason: hiddenCount}
	case asked == 0:
		return Measure{Reason: unknownUnits}
	}
	return shown(math.Min(1, float64(answered)/float64(asked)), digits)
}

func (v *view) item(place, q int) ItemEstimate {
	t := v.tally(place, q)
	out := ItemEstimate{Item: t.question.ID, Standard: t.question.Standard}
	given, ok := t.sum(scored)
	out.Answers = count(given, ok, hiddenCount)
	missing, ok := t.sum(notScored)
	out.NotScored = count(missing, ok, hiddenCount)
	out.Share = v.share(place, q).share(digits)
	out.Mean = v.mean(place, q).plain(digits)
	for k, c := range t.question.Categories {
		if c.ID != NotScored {
			out.Options = append(out.Options, OptionCount{Option: c.ID, Count: count(t.counts[k], true, hiddenCount)})
		}
	}
	return out
}

// standards are the means over the shares of their items that are shown. Answers to
// items of one person go together, by how much the tables do not tell: the standard
// error is the mean of the items' errors, which it can never exceed.
func standards(items []ItemEstimate, order []string) []StandardEstimate {
	var out []StandardEstimate
	for _, id := range order {
		asked := false
		var shares []Estimate
		for _, i := range items {
			if i.Standard != id || i.Share.Value.Reason == noShare {
				continue
			}
			asked = true
			if i.Share.Value.Shown && !i.Share.AtMost && !i.Share.AtLeast {
				shares = append(shares, i.Share)
			}
		}
		if asked {
			out = append(out, StandardEstimate{Standard: id, Share: together(shares, 0, 1, hiddenShare), Items: len(shares)})
		}
	}
	return out
}

// together is the mean of estimates from the same people.
func together(list []Estimate, low, high float64, none string) Estimate {
	if len(list) == 0 {
		return hiddenEstimate(none)
	}
	var value, se float64
	known, reason := true, ""
	for _, e := range list {
		value += e.Value.Value / float64(len(list))
		se += e.SE.Value / float64(len(list))
		known = known && e.SE.Shown
		if e.Value.Reason != "" {
			reason = e.Value.Reason
		}
	}
	out := Estimate{Value: Measure{Shown: true, Value: rounded(value, digits), Reason: reason}}
	if !known {
		out.SE, out.Low, out.High = Measure{Reason: noUncertainty}, Measure{Reason: noUncertainty}, Measure{Reason: noUncertainty}
		return out
	}
	margin := normal * se
	out.SE, out.Low, out.High = shown(se, digits), shown(math.Max(low, value-margin), digits), shown(math.Min(high, value+margin), digits)
	return out
}

// normal is the 97.5 percent quantile of the normal distribution.
const normal = 1.959963984540054

// notes are what a careful reader has to know.
func (v *view) notes(i int, page Page) []string {
	var out []string
	if !page.UnitProven {
		out = append(out, "Some answers came without a code for each family, so that one answer for each is not proven.")
	}
	if page.ResponseRate.Shown {
		if due, err := statistics.BiasAnalysisDue(page.ResponseRate.Value, true); err == nil && due.Due {
			out = append(out, due.Reason+" Those who did not answer may think otherwise.")
		}
	}
	if slices.ContainsFunc(page.Items, func(e ItemEstimate) bool { return e.Share.Value.Shown && e.Share.Value.Reason == approximate }) {
		out = append(out, "Some shares are approximate, as the number of answers that are not scored is hidden.")
	}
	return append(out, v.bias(i)...)
}

// bias compares the groups among those who answered with those among all who were
// asked, by the rules of NCES.
func (v *view) bias(i int) []string {
	place := v.tree.Places[i]
	if place.Asked == 0 || len(v.whole) == 0 {
		return nil
	}
	var found []statistics.Characteristic
	answered := v.responses(i)
	for _, key := range sorted(v.groups) {
		t, ok := v.group(i, 0, key)
		asked := v.tree.Places[i].AskedOf[key]
		if !ok || asked == 0 || t.total == release.Withheld || answered <= 1 {
			continue
		}
		share := float64(t.total) / float64(answered)
		se := math.Sqrt(math.Max(0, share*(1-share))/float64(answered-1) + v.noise.ofPart(t, share, answered))
		found = append(found, statistics.Characteristic{
			Name: key, Share: true, All: float64(asked) / float64(place.Asked),
			Respondents: statistics.Estimate{Value: share, SE: se, N: int(t.total), Rows: int(answered), DF: float64(answered - 1)},
		})
	}
	list, err := statistics.NonresponseBias(found...)
	if err != nil {
		return nil
	}
	var out []string
	for _, b := range list {
		if b.Notable {
			out = append(out, fmt.Sprintf("%s: %+.1f points among those who answered, compared with all who were asked. This is a notable sign of nonresponse bias.",
				strings.Replace(b.Name, "=", " ", 1), 100*b.Difference))
		}
	}
	return out
}

// scales are the scores made of several items.
func (v *view) scales(place int, e Edition, items []ItemEstimate) []ScaleEstimate {
	var out []ScaleEstimate
	for n, s := range e.Scales {
		var means []Estimate
		for _, i := range items {
			if slices.Contains(s.Items, i.Item) && i.Mean.Value.Shown {
				means = append(means, i.Mean)
			}
		}
		scale := ScaleEstimate{Scale: s.ID, Mean: hiddenEstimate(hiddenMean)}
		if len(means) == len(s.Items) {
			scale.Mean = together(means, math.Inf(-1), math.Inf(1), hiddenMean)
		}
		v.reliability(place, n, s, &scale)
		out = append(out, scale)
	}
	return out
}

// reliability fills in alpha and omega, or why there is none.
func (v *view) reliability(place, n int, s instrument.Measure, into *ScaleEstimate) {
	p := v.tree.Places[place]
	refuse := func(reason string) { into.Alpha, into.Omega = Measure{Reason: reason}, Measure{Reason: reason} }
	switch {
	case s.Kind == instrument.Composite:
		refuse(composite)
		return
	case v.noise.Epsilon != 0:
		refuse(noWholeAnswers)
		return
	case p.Level < District:
		refuse(belowDistricts)
		return
	case n >= len(p.scales) || p.scales[n].items == nil || v.responses(place) < leastForReliability:
		refuse(fewAnswers)
		return
	}
	scale := statistics.Scale{Minimum: leastForReliability}
	if r, err := p.scales[n].items.Reliability(scale); err != nil {
		into.Alpha = Measure{Reason: refusal(err)}
	} else {
		into.Alpha = shown(r.Raw, 100)
		for _, item := range r.Items {
			if item.Dropped != nil {
				into.Drops = append(into.Drops, ItemDrop{Item: s.Items[item.Item], Alpha: shown(item.Dropped.Raw, 100)})
			}
		}
	}
	if o, err := p.scales[n].items.Omega(scale); err != nil {
		into.Omega = Measure{Reason: refusal(err)}
	} else {
		into.Omega = shown(o.Total, 100)
	}
}

// leastForReliability is how many answers reliability takes.
const leastForReliability = 100

// refusal is why a statistic was refused, without its numbers.
func refusal(error) string {
	return "The answers do not allow it: too few people answered pairs of its items, or they all said the same."
}

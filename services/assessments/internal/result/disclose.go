package result

import (
	"fmt"
	"math"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Why a number is hidden, as readers see it.
var (
	fewResponses = fmt.Sprintf("Fewer than %d families answered.", MinimumCell)
	fewScored    = fmt.Sprintf("Fewer than %d families gave an answer that is scored.", MinimumCell)
	fewInOption  = fmt.Sprintf("An option was chosen by fewer than %d families, so all options are hidden.", MinimumCell)
	fewOnASide   = fmt.Sprintf("Fewer than %d answers are favorable, or fewer than %d are not.", MinimumCell, MinimumCell)
	fewAbstained = fmt.Sprintf("Fewer than %d answers are missing or not scored, and the number would tell how many.", MinimumCell)
	nearTheEnd   = fmt.Sprintf("So many chose the same end of the scale that the mean would tell about fewer than %d answers.", MinimumCell)
	besideHidden = "A number of another item of the standard is hidden and could be found by subtraction."
	notAScale    = "The item has no scores."
)

// Disclose makes the table that may be published of a tally:
//
//   - Nothing of a school with fewer responses than the minimum.
//   - The counts of an item's options all together or not at all, and only when
//     each of them, zero too, is at least the minimum. So no hidden count is a
//     total less those shown.
//   - Scored answers only where those that are not scored, which readers find by
//     subtracting from the responses, are none by construction or enough.
//   - A share only when the answers on both sides of it are enough.
//   - A mean only when enough answered and it lies so far from both ends of the
//     scale that it does not tell about a few answers at the other end.
//   - Within a standard the numbers of its items all together or not at all, so
//     that the standard less some items does not tell about the others.
//
// Shares and means are rounded to two places, so that they do not give exact
// counts away.
func (t *Tally) Disclose(unitProven bool) Table {
	table := Table{Responses: atLeast(t.responses, fewResponses), UnitProven: unitProven}
	enough := table.Responses.Shown
	byStandard := map[string]sums{}
	for i, item := range t.items {
		s := t.sumsOf(i)
		if item.Type == instrument.Scale && item.Standard != "" {
			byStandard[item.Standard] = byStandard[item.Standard].plus(s)
		}
		table.Items = append(table.Items, t.item(i, s, enough))
	}
	for _, id := range t.standards {
		if s, asked := byStandard[id]; asked {
			table.Standards = append(table.Standards, t.standard(id, s, enough))
		}
	}
	table.shareFate()
	return table
}

// shareFate hides what could be found by subtracting items from their standard.
func (t *Table) shareFate() {
	hiddenShare, hiddenAnswers := map[string]bool{}, map[string]bool{}
	for _, i := range t.Items {
		if i.Standard != "" && i.FavorableShare.Reason != notAScale {
			hiddenShare[i.Standard] = hiddenShare[i.Standard] || !i.FavorableShare.Shown
			hiddenAnswers[i.Standard] = hiddenAnswers[i.Standard] || !i.Answers.Shown
		}
	}
	for n := range t.Items {
		if i := &t.Items[n]; hiddenShare[i.Standard] {
			i.hideBeside()
		}
	}
	for n := range t.Standards {
		if s := &t.Standards[n]; hiddenAnswers[s.Standard] && s.Answers.Shown {
			s.Answers = Count{Reason: besideHidden}
		}
	}
}

// hideBeside hides what is still shown of an item with a hidden neighbor.
func (i *ItemResult) hideBeside() {
	if i.FavorableShare.Shown {
		i.FavorableShare = hiddenMeasure(besideHidden)
	}
	if i.MeanScore.Shown {
		i.MeanScore = hiddenMeasure(besideHidden)
	}
	for n := range i.Options {
		if i.Options[n].Count.Shown {
			i.Options[n].Count = Count{Reason: besideHidden}
		}
	}
}

func (t *Tally) item(i int, s sums, enough bool) ItemResult {
	item := t.items[i]
	r := ItemResult{Item: item.ID, Standard: item.Standard}
	r.Options = t.optionCounts(i, enough)
	if !enough {
		r.Answers, r.FavorableShare, r.MeanScore = Count{Reason: fewResponses}, Measure{Reason: fewResponses}, Measure{Reason: fewResponses}
		return r
	}
	r.Answers = s.count()
	if item.Type != instrument.Scale {
		r.FavorableShare, r.MeanScore = Measure{Reason: notAScale}, Measure{Reason: notAScale}
		return r
	}
	r.FavorableShare = s.share()
	r.MeanScore = s.mean()
	if !s.bothSides() {
		r.MeanScore = hiddenMeasure(s.why())
	}
	return r
}

func (t *Tally) standard(id string, s sums, enough bool) StandardResult {
	r := StandardResult{Standard: id, Low: s.low, High: s.high}
	reason := fewResponses
	if enough && t.spoke[id] < MinimumCell {
		enough, reason = false, fewScored
	}
	if !enough {
		r.Answers, r.FavorableShare, r.MeanScore = Count{Reason: reason}, Measure{Reason: reason}, Measure{Reason: reason}
		return r
	}
	r.Answers, r.FavorableShare, r.MeanScore = s.count(), s.share(), s.mean()
	return r
}

// optionCounts are all shown or all hidden.
func (t *Tally) optionCounts(i int, enough bool) []OptionCount {
	reason := fewResponses
	if enough {
		reason = fewInOption
		for _, o := range t.items[i].Options {
			enough = enough && t.options[i][o.ID] >= MinimumCell
		}
	}
	// A required item is answered by all, any other leaves out those who did not.
	if skipped := t.responses - t.chosen(i); enough && skipped > 0 && skipped < MinimumCell {
		enough, reason = false, fewAbstained
	}
	counts := make([]OptionCount, len(t.items[i].Options))
	for n, o := range t.items[i].Options {
		counts[n] = OptionCount{Option: o.ID, Count: Count{Reason: reason}}
		if enough {
			counts[n].Count = Count{Shown: true, Value: t.options[i][o.ID]}
		}
	}
	return counts
}

func (t *Tally) chosen(i int) int {
	n := 0
	for _, c := range t.options[i] {
		n += c
	}
	return n
}

// count is the number of scored answers.
func (s sums) count() Count {
	if missing := s.asked - s.answers; s.abstain && missing < MinimumCell {
		return Count{Reason: fewAbstained}
	}
	return atLeast(s.answers, fewScored)
}

func (s sums) bothSides() bool {
	return s.favorable >= MinimumCell && s.answers-s.favorable >= MinimumCell
}

// why is the reason for hiding a share.
func (s sums) why() string {
	if s.answers < MinimumCell {
		return fewScored
	}
	return fewOnASide
}

func (s sums) share() Measure {
	if !s.bothSides() {
		return hiddenMeasure(s.why())
	}
	return Measure{Shown: true, Value: rounded(float64(s.favorable) / float64(s.answers))}
}

// mean hides itself near the ends: there the distance from the end, in points, is
// at most the number of answers that are not at the end.
func (s sums) mean() Measure {
	switch {
	case s.answers < MinimumCell:
		return hiddenMeasure(fewScored)
	case s.score-s.low*s.answers < MinimumCell || s.high*s.answers-s.score < MinimumCell:
		return hiddenMeasure(nearTheEnd)
	}
	return Measure{Shown: true, Value: rounded(float64(s.score) / float64(s.answers))}
}

func atLeast(n int, reason string) Count {
	if n < MinimumCell {
		return Count{Reason: reason}
	}
	return Count{Shown: true, Value: n}
}

func hiddenMeasure(reason string) Measure { return Measure{Reason: reason} }

func rounded(x float64) float64 { return math.Round(x*100) / 100 }

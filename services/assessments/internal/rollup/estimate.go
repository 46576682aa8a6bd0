package rollup

import (
	"math"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// confidence of every interval.
const confidence = 0.95

// Why a number is not shown, or only about.
const (
	hiddenCount    = "The number is small, or would tell one that is."
	hiddenShare    = "The counts behind it are hidden."
	hiddenMean     = "Not all options can be shown."
	noShare        = "No option of the item is favorable."
	noScores       = "The item has no scores."
	noAnswers      = "Nobody gave an answer that is scored."
	noUncertainty  = "There is no standard error for so few answers."
	unknownUnits   = "It is not known how many were asked."
	approximate    = "About: how many answers are not scored is hidden here, and their share is taken from the place above."
	codedEnd       = "The share is so near an end that only a bound is shown."
	fewAnswers     = "It takes 100 answers."
	composite      = "The items of this scale add up to something, and need not agree: reliability has no meaning."
	noWholeAnswers = "Reliability takes whole answers, of which a release with noise tells nothing."
	belowDistricts = "Reliability is computed for districts and above."
)

// number is an estimate on its way to a page.
type number struct {
	statistics.Estimate
	about  bool
	reason string // why there is none
}

func (n number) ok() bool { return n.reason == "" }

// parts of a tally that a statistic needs, and their scores.
type parts struct {
	counts  func(tally) ([]int64, bool)
	options func(*Question) []statistics.OptionTally
	// categories are how many categories each count is the sum of.
	categories func(*Question) []int
}

var shareParts = parts{counts: tally.split, options: func(*Question) []statistics.OptionTally {
	return []statistics.OptionTally{{Option: "yes", Scored: true, Score: 1}, {Option: "no", Scored: true}}
}, categories: func(q *Question) []int {
	var yes, no int
	for _, c := range q.Categories {
		switch {
		case favorable(c):
			yes++
		case unfavorable(c):
			no++
		}
	}
	return []int{yes, no}
}}

var meanParts = parts{counts: tally.scores, options: func(q *Question) []statistics.OptionTally {
	var out []statistics.OptionTally
	for _, c := range q.Categories {
		if c.Scored {
			out = append(out, statistics.OptionTally{Option: c.ID, Scored: true, Score: float64(c.Score)})
		}
	}
	return out
}, categories: func(q *Question) []int {
	var out []int
	for _, c := range q.Categories {
		if c.Scored {
			out = append(out, 1)
		}
	}
	return out
}}

// share is the share of favorable answers among scored ones.
func (v *view) share(place, q int) number {
	t := v.tally(place, q)
	if !t.question.favorable() {
		return number{reason: noShare}
	}
	n := v.estimate(place, q, shareParts, hiddenShare)
	if n.reason == hiddenShare {
		return v.shareAbout(place, q, t)
	}
	return n
}

// mean is the mean score.
func (v *view) mean(place, q int) number {
	if !v.tree.questions[q].scored() {
		return number{reason: noScores}
	}
	return v.estimate(place, q, meanParts, hiddenMean)
}

// estimate computes a ratio at a place from its published counts, weighted to those
// who were asked where that is known.
func (v *view) estimate(place, q int, p parts, hidden string) number {
	t := v.tally(place, q)
	counts, ok := p.counts(t)
	if !ok {
		return number{reason: hidden}
	}
	var answered int64
	for _, n := range counts {
		answered += n
	}
	if answered == 0 {
		return number{reason: noAnswers}
	}
	strata := v.strata(place, q, p, counts, t.total)
	e, err := statistics.MeanOfTallies(statistics.LonelyAdjust, strata...)
	if err != nil {
		return number{reason: noUncertainty}
	}
	return number{Estimate: e}.widen(v.noiseOf(place, q, p, e.Value))
}

// strata are the schools whose counts are shown, and the rest of the place as one,
// which is known by subtraction. Each stands for those it asked. Without their number
// the place is one stratum.
func (v *view) strata(place, q int, p parts, counts []int64, total int64) []statistics.TallyStratum {
	at := v.tree.Places[place]
	options := p.options(&v.tree.questions[q])
	if at.Asked == 0 || len(v.leaves[place]) < 2 {
		return []statistics.TallyStratum{stratum(at.Key, options, counts, total, at.Asked, 1)}
	}
	rest, restTotal, restAsked := append([]int64(nil), counts...), total, at.Asked
	var out []statistics.TallyStratum
	for _, leaf := range v.leaves[place] {
		t := v.tally(leaf, q)
		own, ok := p.counts(t)
		if !ok || t.total == 0 {
			continue
		}
		asked := v.tree.Places[leaf].Asked
		out = append(out, stratum(v.tree.Places[leaf].Key, options, own, t.total, asked, weight(asked, t.total)))
		for k, n := range own {
			rest[k] -= n
		}
		restTotal -= t.total
		restAsked -= asked
	}
	if restTotal > 0 {
		out = append(out, stratum(at.Key, options, rest, restTotal, restAsked, weight(restAsked, restTotal)))
	}
	return out
}

// weight is how many of those asked each answer stands for.
func weight(asked int, answered int64) float64 {
	return math.Max(1, float64(asked)/float64(answered))
}

func stratum(name string, options []statistics.OptionTally, counts []int64, total int64, asked int, w float64) statistics.TallyStratum {
	s := statistics.TallyStratum{Name: name, Tally: statistics.Tally{Rows: int(total), Options: append([]statistics.OptionTally(nil), options...)}}
	if int64(asked) >= total {
		s.Population = float64(asked)
	}
	for k, n := range counts {
		s.Tally.Options[k].Count = int(n)
		s.Tally.Options[k].Weight = float64(n) * w
		s.Tally.Options[k].Weight2 = float64(n) * w * w
	}
	return s
}

// shareAbout is the share where one side and the total are shown and the number of
// answers that are not scored is hidden: its share is taken from the nearest place
// above that shows it.
func (v *view) shareAbout(place, q int, t tally) number {
	yes, isYes := t.sum(favorable)
	no, isNo := t.sum(unfavorable)
	if t.total == release.Withheld || t.total == 0 || isYes == isNo {
		return number{reason: hiddenShare}
	}
	missing, ok := v.missing(place, q)
	if !ok {
		return number{reason: hiddenShare}
	}
	given := float64(t.total) * (1 - missing)
	share := float64(yes) / given
	if isNo {
		share = 1 - float64(no)/given
	}
	share = math.Min(1, math.Max(0, share))
	if !(given > 1) {
		return number{reason: hiddenShare}
	}
	se := math.Sqrt(share * (1 - share) / (given - 1))
	if asked := v.tree.Places[place].Asked; int64(asked) >= t.total {
		se *= math.Sqrt(1 - float64(t.total)/float64(asked))
	}
	return number{about: true, Estimate: statistics.Estimate{
		Value: share, SE: se, DF: given - 1, N: int(given), Sum: given, Effective: given, Rows: int(t.total), Units: int(t.total),
	}}
}

// missing is the share of answers that are not scored, at the nearest place above
// that shows it.
func (v *view) missing(place, q int) (float64, bool) {
	for up := v.tree.Places[place].Parent; up >= 0; up = v.tree.Places[up].Parent {
		t := v.tally(up, q)
		if n, ok := t.sum(notScored); ok && t.total > 0 {
			return float64(n) / float64(t.total), true
		}
	}
	return 0, false
}

// estimate puts a share on a page.
func (n number) share(digits float64) Estimate {
	if !n.ok() {
		return hiddenEstimate(n.reason)
	}
	i, err := n.ShareInterval(statistics.Wilson, confidence)
	return n.print(i, err, digits)
}

// plain puts a mean or a difference on a page.
func (n number) plain(digits float64) Estimate {
	if !n.ok() {
		return hiddenEstimate(n.reason)
	}
	i, err := n.Interval(confidence)
	return n.print(i, err, digits)
}

func (n number) print(i statistics.Interval, err error, digits float64) Estimate {
	reason := ""
	if n.about {
		reason = approximate
	}
	e := Estimate{Value: Measure{Shown: true, Value: rounded(n.Value, digits), Reason: reason}}
	if err != nil || math.IsNaN(n.SE) || math.IsNaN(i.Low) {
		e.SE, e.Low, e.High = Measure{Reason: noUncertainty}, Measure{Reason: noUncertainty}, Measure{Reason: noUncertainty}
		return e
	}
	e.SE, e.Low, e.High = shown(n.SE, digits), shown(i.Low, digits), shown(i.High, digits)
	return e
}

func shown(x, digits float64) Measure { return Measure{Shown: true, Value: rounded(x, digits)} }

func rounded(x, digits float64) float64 {
	r := math.Round(x*digits) / digits
	if r == 0 {
		return 0 // never "-0"
	}
	return r
}

func hiddenEstimate(reason string) Estimate {
	m := Measure{Reason: reason}
	return Estimate{Value: m, SE: m, Low: m, High: m}
}

func count(n int64, ok bool, reason string) Count {
	if !ok || n == release.Withheld {
		return Count{Reason: reason}
	}
	return Count{Shown: true, Value: int(n)}
}

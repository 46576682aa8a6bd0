package rollup

import (
	"slices"
	"strconv"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// NotScored is the category of answers that never count: "does not apply", "don't
// know", and missing ones.
const NotScored = "_none"

// Categories of an option that could be chosen beside others.
const (
	Chosen    = "chosen"
	NotChosen = "not_chosen"
)

// Question is what is counted by itself: an item, a row of a matrix, or an option of
// an item that takes several.
type Question struct {
	ID         string
	Key        string // under which answers keep it
	Option     string // of a choice of several, or of a ranking
	Type       instrument.Type
	Standard   string
	Categories []Category // the last one is NotScored
	mayAbstain bool
}

// Category is what an answer is counted as.
type Category struct {
	ID        string
	Scored    bool // carries a score
	Score     int
	Favorable bool
}

// Questions lists what is counted of a questionnaire. Texts, numbers and days are
// not: they have no categories.
func Questions(b instrument.Body) []Question {
	sometimes := map[string]bool{}
	for _, s := range b.Sections {
		sometimes[s.ID] = s.Relevant != ""
	}
	var out []Question
	for _, item := range b.Items {
		always := item.Required && item.Relevant == "" && !sometimes[item.Section]
		for _, q := range item.Questions() {
			switch item.Type {
			case instrument.Scale, instrument.SingleChoice, instrument.Matrix:
				out = append(out, single(q, always || q.Required && item.Relevant == "" && !sometimes[item.Section]))
			case instrument.MultipleChoice, instrument.Ranking:
				out = append(out, several(q, always)...)
			default: // words, numbers and days are no categories
			}
		}
	}
	return out
}

func single(q instrument.Question, always bool) Question {
	out := Question{ID: q.ID, Key: q.ID, Type: q.Type, Standard: q.Standard, mayAbstain: !always}
	for _, o := range q.Options {
		if o.NotApplicable {
			out.mayAbstain = true
			continue
		}
		out.Categories = append(out.Categories, Category{ID: o.ID, Scored: q.Type.Scored(), Score: o.Score, Favorable: o.Favorable})
	}
	out.Categories = append(out.Categories, Category{ID: NotScored})
	return out
}

func several(q instrument.Question, always bool) []Question {
	var out []Question
	for _, o := range q.Options {
		one := Question{ID: q.ID + "/" + o.ID, Key: q.ID, Option: o.ID, Type: q.Type, Standard: q.Standard, mayAbstain: true}
		if q.Type == instrument.MultipleChoice {
			one.mayAbstain = !always
			one.Categories = []Category{{ID: Chosen}, {ID: NotChosen}}
		} else {
			for i := range q.Options {
				one.Categories = append(one.Categories, Category{ID: strconv.Itoa(i + 1)})
			}
		}
		one.Categories = append(one.Categories, Category{ID: NotScored})
		out = append(out, one)
	}
	return out
}

// favorable tells whether the question has favorable options: whether a share exists.
func (q Question) favorable() bool {
	for _, c := range q.Categories {
		if c.Favorable {
			return true
		}
	}
	return false
}

func (q Question) scored() bool { return q.Type.Scored() }

// Range is the lowest and highest score.
func (q Question) Range() (low, high int) {
	for _, c := range q.Categories {
		if !c.Scored {
			continue
		}
		if low == 0 || c.Score < low {
			low = c.Score
		}
		high = max(high, c.Score)
	}
	return low, high
}

// Comparable tells whether two editions count the same: answers to both may be added.
func Comparable(a, b instrument.Body) bool {
	left, right := Questions(a), Questions(b)
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		l, r := left[i], right[i]
		if l.ID != r.ID || l.Key != r.Key || l.Type != r.Type || l.Standard != r.Standard || len(l.Categories) != len(r.Categories) {
			return false
		}
		if l.mayAbstain != r.mayAbstain || !slices.Equal(l.Categories, r.Categories) {
			return false
		}
	}
	return slices.EqualFunc(a.Scales, b.Scales, func(l, r instrument.Measure) bool {
		return l.ID == r.ID && l.Kind == r.Kind && slices.Equal(l.Items, r.Items)
	})
}

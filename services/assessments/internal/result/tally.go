package result

import (
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Tally counts the answers of one school exactly. It never leaves the service:
// only what Disclose makes of it does.
type Tally struct {
	standards []string // in the order of the framework
	items     []instrument.Item
	responses int
	options   []map[string]int // by item, counts by option
	spoke     map[string]int   // respondents with at least one scored answer, by standard
}

// NewTally returns an empty tally of a questionnaire.
func NewTally(f framework.Body, body instrument.Body) *Tally {
	t := &Tally{spoke: map[string]int{}}
	for _, s := range f.Standards {
		t.standards = append(t.standards, s.ID)
	}
	for _, item := range body.Items {
		if item.Type == instrument.Text {
			continue // open text never leaves
		}
		t.items = append(t.items, item)
		t.options = append(t.options, map[string]int{})
	}
	return t
}

// Add counts one response: the option chosen by item.
func (t *Tally) Add(chosen map[string]string) {
	t.responses++
	spoke := map[string]bool{}
	for i, item := range t.items {
		o, ok := item.Option(chosen[item.ID])
		if !ok {
			continue
		}
		t.options[i][o.ID]++
		if item.Type == instrument.Scale && !o.NotApplicable {
			spoke[item.Standard] = true
		}
	}
	for s := range spoke {
		t.spoke[s]++
	}
}

// sums is what the scored answers of one or more items add up to.
type sums struct {
	answers   int // scored, so without "does not apply"
	favorable int
	score     int
	low, high int  // range of the scale; both 0 without a scale
	asked     int  // answers there would be if nobody abstained
	abstain   bool // whether somebody may
}

func (t *Tally) sumsOf(i int) sums {
	item := t.items[i]
	s := sums{asked: t.responses, abstain: item.MayAbstain()}
	if item.Type == instrument.Scale {
		s.low, s.high = item.Range()
	}
	for _, o := range item.Options {
		if o.NotApplicable {
			continue
		}
		n := t.options[i][o.ID]
		s.answers += n
		s.score += n * o.Score
		if o.Favorable {
			s.favorable += n
		}
	}
	return s
}

// plus adds the answers of another item.
func (s sums) plus(o sums) sums {
	if s.low == 0 || o.low < s.low {
		s.low = o.low
	}
	s.high = max(s.high, o.high)
	s.answers += o.answers
	s.favorable += o.favorable
	s.score += o.score
	s.asked += o.asked
	s.abstain = s.abstain || o.abstain
	return s
}

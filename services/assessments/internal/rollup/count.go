package rollup

import (
	"fmt"
	"math"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Language is the group variable that every campaign has.
const Language = "language"

// maxValues bounds the values of a group variable; one with more is no grouping.
const maxValues = 40

// Counts are the answers of some people: how many, and by question and category. The
// category NotScored is the rest, never counted by itself.
type Counts struct {
	Answers int64     `json:"n"`
	Cells   [][]int64 `json:"c"`
}

func newCounts(questions []Question) Counts {
	c := Counts{Cells: make([][]int64, len(questions))}
	for i, q := range questions {
		c.Cells[i] = make([]int64, len(q.Categories)-1)
	}
	return c
}

// add adds other counts of the same questions.
func (c *Counts) add(o Counts) {
	c.Answers += o.Answers
	for i, row := range o.Cells {
		for k, n := range row {
			c.Cells[i][k] += n
		}
	}
}

// grown tells whether no count of c is below the one of before.
func (c Counts) grown(before Counts) bool {
	if c.Answers < before.Answers {
		return false
	}
	for i, row := range before.Cells {
		for k, n := range row {
			if c.Cells[i][k] < n {
				return false
			}
		}
	}
	return true
}

// GroupKey is a value of a group variable.
type GroupKey struct{ Variable, Value string }

// String is how the release engine names the part of the people.
func (k GroupKey) String() string { return k.Variable + "=" + k.Value }

// SchoolCounts are the exact counts of a school. They never leave the service.
type SchoolCounts struct {
	Counts
	Groups map[string]Counts `json:"g,omitempty"` // by variable=value
}

// Answer is a stored answer as it is counted: documents as they are kept.
type Answer struct {
	School   string
	Language []byte
	Options  []byte
	Groups   []byte
}

// Counter counts the answers of one campaign, school by school, in one pass and
// without keeping any of them.
type Counter struct {
	questions []Question
	byKey     map[string][]int // positions of questions, by the key of answers
	schools   map[string]*SchoolCounts
	values    map[string]map[string]bool // by variable
	scales    []scaleCounter
	choice    []int16 // category by question of the answer at hand, -1 without
	scores    []float64
	groups    []GroupKey
	last      *SchoolCounts
	lastID    string
}

// scaleCounter sums up what reliability needs.
type scaleCounter struct {
	questions []int
	ScaleSums
}

// ScaleSums is what the reliability of a scale is computed of. It is confidential.
type ScaleSums struct {
	middle float64
	k      int
	items  *statistics.Items
}

func newScaleSums(k int, middle float64) (ScaleSums, error) {
	items, err := statistics.NewItems(k, middle)
	return ScaleSums{middle: middle, k: k, items: items}, err
}

// plus returns the sums of both; none when they are of different scales.
func (s ScaleSums) plus(o ScaleSums) ScaleSums {
	sum, err := newScaleSums(o.k, o.middle)
	if err != nil || sum.items.Merge(o.items) != nil {
		return ScaleSums{}
	}
	if s.items != nil && sum.items.Merge(s.items) != nil {
		return ScaleSums{}
	}
	return sum
}

// NewCounter returns a counter of answers to a questionnaire.
func NewCounter(b instrument.Body) (*Counter, error) {
	c := &Counter{questions: Questions(b), byKey: map[string][]int{}, schools: map[string]*SchoolCounts{}, values: map[string]map[string]bool{}}
	at := map[string]int{}
	for i, q := range c.questions {
		c.byKey[q.Key] = append(c.byKey[q.Key], i)
		at[q.ID] = i
	}
	c.choice = make([]int16, len(c.questions))
	for _, s := range b.Scales {
		var sc scaleCounter
		low, high := math.Inf(1), math.Inf(-1)
		for _, id := range s.Items {
			i, ok := at[id]
			if !ok {
				return nil, fmt.Errorf("scale %s: there is no item %s", s.ID, id)
			}
			l, h := c.questions[i].Range()
			low, high = min(low, float64(l)), max(high, float64(h))
			sc.questions = append(sc.questions, i)
		}
		var err error
		if sc.ScaleSums, err = newScaleSums(len(sc.questions), (low+high)/2); err != nil {
			return nil, err
		}
		c.scales = append(c.scales, sc)
	}
	return c, nil
}

// Add counts one answer.
func (c *Counter) Add(a Answer) error {
	for i := range c.choice {
		c.choice[i] = -1
	}
	s := scanner{raw: a.Options}
	if err := s.each(c.one, c.many); err != nil {
		return err
	}
	school := c.school(a.School)
	if err := c.group(a); err != nil {
		return err
	}
	c.count(&school.Counts)
	for _, g := range c.groups {
		if !c.admit(g) {
			continue
		}
		key := g.String()
		part, ok := school.Groups[key]
		if !ok {
			part = newCounts(c.questions)
		}
		c.count(&part)
		school.Groups[key] = part
	}
	return c.reliability()
}

func (c *Counter) school(id string) *SchoolCounts {
	if c.last != nil && c.lastID == id {
		return c.last
	}
	s, ok := c.schools[id]
	if !ok {
		s = &SchoolCounts{Counts: newCounts(c.questions), Groups: map[string]Counts{}}
		c.schools[id] = s
	}
	c.last, c.lastID = s, id
	return s
}

// one takes a single choice.
func (c *Counter) one(key, value []byte) {
	for _, i := range c.byKey[string(key)] {
		for k, category := range c.questions[i].Categories {
			if category.ID == string(value) {
				c.choice[i] = int16(k)
			}
		}
	}
}

// many takes one of several choices: chosen, or ranked at a place.
func (c *Counter) many(key, value []byte, place int) {
	for _, i := range c.byKey[string(key)] {
		q := &c.questions[i]
		switch {
		case q.Option == string(value) && q.Type == instrument.Ranking:
			c.choice[i] = int16(place) //nolint:gosec // at most 50 options
		case q.Option == string(value):
			c.choice[i] = 0
		case q.Type == instrument.MultipleChoice && c.choice[i] < 0:
			c.choice[i] = 1 // answered, and this option not chosen so far
		}
	}
}

func (c *Counter) count(into *Counts) {
	into.Answers++
	for i, k := range c.choice {
		if k >= 0 && int(k) < len(into.Cells[i]) {
			into.Cells[i][k]++
		}
	}
}

// group reads the values of the group variables.
func (c *Counter) group(a Answer) error {
	c.groups = c.groups[:0]
	if len(a.Language) > 0 {
		c.groups = append(c.groups, GroupKey{Language, string(a.Language)})
	}
	if len(a.Groups) == 0 {
		return nil
	}
	s := scanner{raw: a.Groups}
	return s.each(func(key, value []byte) {
		if len(value) > 0 {
			c.groups = append(c.groups, GroupKey{string(key), string(value)})
		}
	}, func([]byte, []byte, int) {})
}

// admit remembers a value; a variable with too many is left out from there on, and
// whole in Finish.
func (c *Counter) admit(g GroupKey) bool {
	known := c.values[g.Variable]
	if known == nil {
		known = map[string]bool{}
		c.values[g.Variable] = known
	}
	if len(known) <= maxValues {
		known[g.Value] = true
	}
	return len(known) <= maxValues
}

func (c *Counter) reliability() error {
	for _, s := range c.scales {
		c.scores = c.scores[:0]
		for _, i := range s.questions {
			score := math.NaN()
			if k := c.choice[i]; k >= 0 && c.questions[i].Categories[k].Scored {
				score = float64(c.questions[i].Categories[k].Score)
			}
			c.scores = append(c.scores, score)
		}
		if err := s.items.Add(c.scores); err != nil {
			return err
		}
	}
	return nil
}

// Counted is what a counter found.
type Counted struct {
	Schools map[string]*SchoolCounts
	Scales  []ScaleSums
}

// Finish returns what was counted; the counter must not be used after it.
func (c *Counter) Finish() Counted {
	for variable, values := range c.values {
		if len(values) <= maxValues {
			continue
		}
		for _, s := range c.schools {
			for value := range values {
				delete(s.Groups, GroupKey{variable, value}.String())
			}
		}
	}
	out := Counted{Schools: c.schools}
	for _, s := range c.scales {
		out.Scales = append(out.Scales, s.ScaleSums)
	}
	return out
}

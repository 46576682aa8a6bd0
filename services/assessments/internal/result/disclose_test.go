package result_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
)

// questionnaire has two standards with two scale items each, of which q4 may be
// skipped, and a choice and a text without a standard.
func questionnaire() (framework.Body, instrument.Body) {
	scale := []instrument.Option{
		{ID: "1", Score: 1}, {ID: "2", Score: 2}, {ID: "3", Score: 3, Favorable: true}, {ID: "na", NotApplicable: true},
	}
	return framework.Body{Standards: []framework.Standard{{ID: "a"}, {ID: "b"}, {ID: "unasked"}}}, instrument.Body{Items: []instrument.Item{
		{ID: "q1", Type: instrument.Scale, Standard: "a", Required: true, Options: scale},
		{ID: "q2", Type: instrument.Scale, Standard: "a", Required: true, Options: scale[:3]},
		{ID: "q3", Type: instrument.Scale, Standard: "b", Required: true, Options: scale[:3]},
		{ID: "q4", Type: instrument.Scale, Standard: "b", Options: scale[:3]},
		{ID: "q5", Type: instrument.SingleChoice, Options: []instrument.Option{{ID: "x"}, {ID: "y"}}},
		{ID: "q6", Type: instrument.Text},
	}}
}

// drawTally draws a school: for each item how often each option was chosen.
func drawTally(t *rapid.T) (*result.Tally, []map[string]string) {
	f, body := questionnaire()
	tally := result.NewTally(f, body)
	n := rapid.IntRange(0, 80).Draw(t, "responses")
	answers := make([]map[string]string, n)
	for i := range answers {
		answers[i] = map[string]string{}
	}
	for _, item := range body.Items[:5] {
		left, chosen := n, []string(nil)
		for k, o := range item.Options {
			count := rapid.IntRange(0, left).Draw(t, item.ID+o.ID)
			if k == len(item.Options)-1 && item.Required {
				count = left
			}
			left -= count
			for range count {
				chosen = append(chosen, o.ID)
			}
		}
		for i, option := range chosen {
			answers[i][item.ID] = option
		}
	}
	for _, a := range answers {
		tally.Add(a)
	}
	return tally, answers
}

func TestNoPublishedCountTellsAboutFewPeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally, answers := drawTally(t)
		table := tally.Disclose(false)
		_, body := questionnaire()
		check := func(c result.Count, what string) {
			if c.Shown && c.Value < result.MinimumCell {
				t.Fatalf("%s is %d", what, c.Value)
			}
			if !c.Shown && (c.Value != 0 || c.Reason == "") {
				t.Fatalf("%s is hidden with value %d and reason %q", what, c.Value, c.Reason)
			}
		}
		check(table.Responses, "responses")
		for _, s := range table.Standards {
			check(s.Answers, "answers of "+s.Standard)
		}
		for i, item := range table.Items {
			check(item.Answers, "answers of "+item.Item)
			shown := 0
			for _, o := range item.Options {
				check(o.Count, item.Item+" option "+o.Option)
				if o.Count.Shown {
					shown++
				}
			}
			if shown != 0 && shown != len(item.Options) {
				t.Fatalf("%s shows %d of %d options: the hidden ones are a total less those shown", item.Item, shown, len(item.Options))
			}
			abstained := len(answers) - scored(body.Items[i], answers)
			if item.Answers.Shown && body.Items[i].MayAbstain() && abstained < result.MinimumCell {
				t.Fatalf("responses less the answers of %s tell that %d did not score it", item.Item, abstained)
			}
			if favorable := count(body.Items[i], answers, true); item.FavorableShare.Shown &&
				(favorable < result.MinimumCell || scored(body.Items[i], answers)-favorable < result.MinimumCell) {
				t.Fatalf("the share of %s tells about %d favorable answers", item.Item, favorable)
			}
		}
	})
}

func TestItemsOfAStandardAreShownTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally, _ := drawTally(t)
		table := tally.Disclose(false)
		for _, s := range table.Standards {
			shares, hiddenAnswers := map[bool]int{}, 0
			for _, i := range table.Items {
				if i.Standard != s.Standard {
					continue
				}
				shares[i.FavorableShare.Shown]++
				if !i.Answers.Shown {
					hiddenAnswers++
				}
				if i.Options[0].Count.Shown && !i.FavorableShare.Shown {
					t.Fatalf("%s shows options beside a hidden share", i.Item)
				}
			}
			if len(shares) == 2 {
				t.Fatalf("%s shows the shares of some items: the others are its share less theirs", s.Standard)
			}
			if hiddenAnswers > 0 && s.Answers.Shown {
				t.Fatalf("%s shows its answers although %d items hide theirs", s.Standard, hiddenAnswers)
			}
		}
	})
}

func scored(item instrument.Item, answers []map[string]string) int {
	return count(item, answers, false)
}

// count counts scored answers, or only the favorable ones.
func count(item instrument.Item, answers []map[string]string, favorable bool) int {
	n := 0
	for _, a := range answers {
		if o, ok := item.Option(a[item.ID]); ok && !o.NotApplicable && (o.Favorable || !favorable) {
			n++
		}
	}
	return n
}

// tallyOf counts answers given as runs of options: {"q1": {"1": 12, "3": 20}}.
func tallyOf(n int, counts map[string]map[string]int) *result.Tally {
	f, body := questionnaire()
	tally := result.NewTally(f, body)
	answers := make([]map[string]string, n)
	for i := range answers {
		answers[i] = map[string]string{}
	}
	for item, options := range counts {
		at := 0
		for _, o := range []string{"1", "2", "3", "na", "x", "y"} {
			for range options[o] {
				answers[at][item] = o
				at++
			}
		}
	}
	for _, a := range answers {
		tally.Add(a)
	}
	return tally
}

func TestDisclosureByExample(t *testing.T) {
	full := map[string]int{"1": 10, "2": 10, "3": 20}
	tests := map[string]struct {
		n     int
		q1    map[string]int
		q2    map[string]int
		check func(r *require.Assertions, table result.Table)
	}{
		"nine families hide everything": {n: 9, q1: map[string]int{"1": 9}, q2: map[string]int{"1": 9}, check: func(r *require.Assertions, table result.Table) {
			r.Equal(result.Count{Reason: "Fewer than 10 families answered."}, table.Responses)
			r.False(table.Standards[0].MeanScore.Shown)
			r.False(table.Items[0].Answers.Shown)
		}},
		"enough in every option shows all of it": {n: 50, q1: map[string]int{"1": 10, "2": 10, "3": 20, "na": 10}, q2: map[string]int{"1": 20, "2": 10, "3": 20}, check: func(r *require.Assertions, table result.Table) {
			r.Equal(result.Count{Shown: true, Value: 10}, table.Items[0].Options[3].Count)
			r.Equal(result.Count{Shown: true, Value: 40}, table.Items[0].Answers)
			r.Equal(result.Measure{Shown: true, Value: 0.5}, table.Items[0].FavorableShare)
			r.Equal(result.Measure{Shown: true, Value: 2.25}, table.Items[0].MeanScore)
			r.Equal(result.Measure{Shown: true, Value: 0.44}, table.Standards[0].FavorableShare)
			r.Equal(result.Count{Shown: true, Value: 90}, table.Standards[0].Answers)
		}},
		"an option that nobody chose hides all options": {n: 40, q1: map[string]int{"1": 20, "3": 20}, q2: full, check: func(r *require.Assertions, table result.Table) {
			for _, o := range table.Items[0].Options {
				r.False(o.Count.Shown)
			}
			r.True(table.Items[0].FavorableShare.Shown, "the share is about 20 and 20 families")
			r.False(table.Items[0].Answers.Shown, "40 of 40 would tell that nobody abstained")
			r.True(table.Items[1].Answers.Shown, "nobody may abstain from q2")
		}},
		"few that are not favorable hide the share but not the mean of the standard": {n: 40, q1: map[string]int{"2": 4, "3": 36}, q2: map[string]int{"2": 9, "3": 31}, check: func(r *require.Assertions, table result.Table) {
			r.Equal("Fewer than 10 answers are favorable, or fewer than 10 are not.", table.Items[0].FavorableShare.Reason)
			r.True(table.Standards[0].FavorableShare.Shown, "13 answers of the standard are not favorable")
			r.True(table.Standards[0].MeanScore.Shown)
			r.False(table.Items[0].MeanScore.Shown)
		}},
		"an item beside a hidden one is hidden too": {n: 40, q1: map[string]int{"2": 4, "3": 36}, q2: full, check: func(r *require.Assertions, table result.Table) {
			r.Equal("A number of another item of the standard is hidden and could be found by subtraction.", table.Items[1].FavorableShare.Reason)
			r.False(table.Items[1].Options[0].Count.Shown)
		}},
		"all at one end hide the mean": {n: 40, q1: map[string]int{"3": 40}, q2: map[string]int{"3": 40}, check: func(r *require.Assertions, table result.Table) {
			r.False(table.Standards[0].MeanScore.Shown)
			r.Contains(table.Standards[0].MeanScore.Reason, "same end of the scale")
		}},
		"a standard on which few have an opinion is hidden": {n: 40, q1: map[string]int{"1": 5, "3": 4, "na": 31}, q2: nil, check: func(r *require.Assertions, table result.Table) {
			r.Equal("Fewer than 10 families gave an answer that is scored.", table.Standards[0].MeanScore.Reason)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.check(require.New(t), tallyOf(tt.n, map[string]map[string]int{"q1": tt.q1, "q2": tt.q2}).Disclose(true))
		})
	}
}

func TestOpenTextAndUnaskedStandardsAreNotInATable(t *testing.T) {
	table := tallyOf(20, nil).Disclose(true)
	require.Len(t, table.Items, 5)
	require.Len(t, table.Standards, 2)
	require.NotContains(t, fmt.Sprint(table), "q6")
}

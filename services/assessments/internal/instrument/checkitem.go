package instrument

import (
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

func (c *checker) item(path string, it Item) {
	c.text(path+".text", it.Text)
	c.optional(path+".hint", it.Hint)
	c.optional(path+".constraint_message", it.Message)
	c.mapping(path, it.Standard, it.Goal, it.Indicator)
	switch {
	case it.Type.Choosing():
		c.options(path, it)
		c.rows(path, it)
	case it.Type == Number, it.Type == Date, it.Type.Free():
		c.bad.Need(len(it.Options) == 0, path+".options", "text_has_no_options", "Leave the options of an item out that offers none.")
	default:
		c.bad.Add(path+".type", "known_type", "Choose scale, single choice, multiple choice, matrix, ranking, number, date, text or long text.")
		return
	}
	c.limits(path, it)
}

// mapping checks what an item or row speaks to.
func (c *checker) mapping(path, standard, goal, indicator string) {
	if c.framework == nil {
		return
	}
	if standard == "" {
		c.bad.Need(indicator == "", path+".indicator", "indicator_needs_standard", "Name the standard of the indicator too.")
		c.bad.Need(goal == "", path+".goal", "goal_needs_standard", "Name the standard of the goal too.")
		return
	}
	s, ok := c.framework.Standard(standard)
	if !ok {
		c.bad.Add(path+".standard", "standard_of_framework", "Name a standard of the framework version, or none.")
		return
	}
	c.bad.Need(indicator == "" || s.HasIndicator(indicator), path+".indicator", "indicator_of_standard", "Name an indicator of that standard, or none.")
	if goal == "" {
		return
	}
	n := slices.IndexFunc(s.Goals, func(g framework.Goal) bool { return g.ID == goal })
	if n < 0 {
		c.bad.Add(path+".goal", "goal_of_standard", "Name a goal of that standard, or none.")
		return
	}
	of := slices.ContainsFunc(s.Goals[n].Indicators, func(i framework.Indicator) bool { return i.ID == indicator })
	c.bad.Need(indicator == "" || of || !s.HasIndicator(indicator), path+".indicator", "indicator_of_goal", "Name an indicator of that goal, or none.")
}

func (c *checker) options(path string, it Item) {
	seen, answers, favorable, last := map[string]bool{}, 0, 0, 0
	for i, o := range it.Options {
		at := at(path, "options", i)
		c.id(at, o.ID, seen, "option of the item")
		c.text(at+".text", o.Text)
		c.option(at, it.Type, o)
		if o.NotApplicable {
			continue
		}
		answers++
		if o.Favorable {
			favorable++
		}
		if it.Type.Scored() {
			c.bad.Need(o.Score > last, at+".score", "scores_rise_from_one", "Give the options of a scale rising scores, the lowest at least 1.")
			last = o.Score
		} else {
			c.bad.Need(o.Score == 0, at+".score", "only_scales_have_scores", "Leave the score out, or make the item a scale.")
		}
	}
	c.bad.Need(answers >= 2, path+".options", "two_options", "Give at least two options besides those that are not applicable.")
	if it.Type.Scored() {
		c.bad.Need(favorable > 0 && favorable < answers, path+".options", "favorable_and_not", "Mark some of the options of a scale favorable, and not all.")
	}
}

// option checks the marks of one option.
func (c *checker) option(at string, t Type, o Option) {
	c.bad.Need(!o.Exclusive || t == MultipleChoice, at+".exclusive", "exclusive_of_multiple_choice", "Mark options exclusive only where several can be chosen.")
	if o.NotApplicable {
		c.bad.Need(o.Score == 0 && !o.Favorable, at+".not_applicable", "not_applicable_is_not_scored", "Leave score and favorable out of an option that is not applicable.")
		c.bad.Need(t != Ranking, at+".not_applicable", "ranking_ranks_all", "Leave it out: everything in a ranking has a place.")
	}
}

func (c *checker) rows(path string, it Item) {
	if it.Type != Matrix {
		c.bad.Need(len(it.Rows) == 0, path+".rows", "rows_of_matrix", "Leave the rows out, or make the item a matrix.")
		return
	}
	c.bad.Need(len(it.Rows) > 0, path+".rows", "required", "Give a matrix at least one row.")
	c.bad.Need(it.Constraint == "", path+".constraint", "constraint_of_item", "Leave the constraint of a matrix out: its rows have options only.")
	seen := map[string]bool{}
	for i, r := range it.Rows {
		at := at(path, "rows", i)
		c.id(at, r.ID, seen, "row of the item")
		c.text(at+".text", r.Text)
		if r.Standard != "" || r.Goal != "" || r.Indicator != "" {
			q := it.Questions()[i]
			c.mapping(at, q.Standard, q.Goal, q.Indicator)
		}
	}
}

// limits checks the bounds of an answer: each only where it means something.
func (c *checker) limits(path string, it Item) {
	only := func(set, applies bool, field string) {
		c.bad.Need(!set || applies, path+"."+field, "field_of_type", fmt.Sprintf("Leave %s out: it says nothing about an item of this type.", field))
	}
	several := it.Type == MultipleChoice || it.Type == Ranking
	only(it.MaxLength != 0, it.Type.Free(), "max_length")
	only(it.MinValue != nil, it.Type == Number, "min_value")
	only(it.MaxValue != nil, it.Type == Number, "max_value")
	only(it.Integer, it.Type == Number, "integer")
	only(it.MinDate != "", it.Type == Date, "min_date")
	only(it.MaxDate != "", it.Type == Date, "max_date")
	only(it.MinChoices != 0, several, "min_choices")
	only(it.MaxChoices != 0, several, "max_choices")
	only(len(it.Message) > 0, it.Constraint != "", "constraint_message")
	c.bad.Need(it.MinValue == nil || it.MaxValue == nil || *it.MinValue <= *it.MaxValue, path+".max_value", "range", "Give a largest number that is not below the smallest.")
	c.day(path+".min_date", it.MinDate)
	c.day(path+".max_date", it.MaxDate)
	c.bad.Need(it.MinDate == "" || it.MaxDate == "" || it.MinDate <= it.MaxDate, path+".max_date", "range", "Give a last day that is not before the first.")
	if several {
		fewest, most := it.Choices()
		c.bad.Need(it.MinChoices >= 0 && it.MaxChoices >= 0 && it.MaxChoices <= len(it.Options) && fewest <= max(most, 1),
			path+".max_choices", "range", "Give numbers of choices that the options allow, the most not below the fewest.")
	}
}

func (c *checker) day(field, day string) {
	if day == "" {
		return
	}
	_, err := time.Parse(time.DateOnly, day)
	c.bad.Need(err == nil, field, "date_form", "Give a day as YYYY-MM-DD.")
}

package instrument

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// Validate lists all that is wrong with answers to the questionnaire. prefix is the
// path of the message that holds them, with a dot at its end, or empty. Answers to
// items that were not asked are not looked at: Relevant drops them.
func (b Body) Validate(bad *check.List, prefix string, answers []Answer) {
	b.logic = b.prepared()
	place := make(map[string]int, len(answers))
	for i, a := range answers {
		if _, ok := b.logic.place[a.Item]; !ok {
			bad.Add(answerPath(prefix, i)+".item", "item_of_form", fmt.Sprintf("Answer only items of the form: %q is none.", a.Item))
			continue
		}
		if first, twice := place[a.Item]; twice {
			bad.Add(answerPath(prefix, i)+".item", "item_once", fmt.Sprintf("Answer each item once: answers[%d] answers %q too.", first, a.Item))
			continue
		}
		place[a.Item] = i
	}
	b.ask(answers, func(it *Item, asked bool, a *Answer, values map[string]any) {
		switch {
		case !asked:
		case a != nil:
			j := judge{bad: bad, at: answerPath(prefix, place[it.ID]), item: it}
			j.answer(*a)
			j.constraint(b, values)
		case it.needed():
			bad.Add(prefix+"answers", "required_item", fmt.Sprintf("Answer the item %q: it is required.", it.ID))
		}
	})
}

func answerPath(prefix string, i int) string { return prefix + "answers[" + strconv.Itoa(i) + "]" }

// needed tells whether the item, or a row of it, must be answered.
func (i *Item) needed() bool {
	return i.Required || slices.ContainsFunc(i.Rows, func(r Row) bool { return r.Required })
}

// judge checks one answer.
type judge struct {
	bad  *check.List
	at   string
	item *Item
}

// Field is the field of an answer that counts, by its name in the API.
func (t Type) Field() string {
	switch t {
	case MultipleChoice, Ranking:
		return "options"
	case Matrix:
		return "rows"
	case Number:
		return "number"
	case Date:
		return "date"
	case Text, LongText:
		return "text"
	}
	return "option"
}

// rules are the words for "answered in another way than the item asks", by field.
func fieldRule(field string) (rule, fix string) {
	switch field {
	case "options":
		return "several_options_item", "Answer this item with options, a list of ids."
	case "rows":
		return "matrix_item", "Answer this item with rows, an option for each."
	case "number":
		return "number_item", "Answer this item with a number."
	case "date":
		return "date_item", "Answer this item with a date."
	case "text":
		return "text_item", "Answer this item with text, not with an option."
	}
	return "choice_item", "Answer this item with one of its options, not with text."
}

func (j judge) answer(a Answer) {
	field := j.item.Type.Field()
	rule, fix := fieldRule(field)
	for _, other := range []struct {
		field string
		given bool
	}{
		{"option", a.Option != ""},
		{"options", len(a.Options) > 0},
		{"rows", len(a.Rows) > 0},
		{"number", a.Number != nil},
		{"date", a.Date != ""},
		{"text", a.Text != ""},
	} {
		if other.given && other.field != field {
			j.bad.Add(j.at+"."+other.field, rule, fix)
		}
	}
	switch field {
	case "options":
		j.options(a.Options)
	case "rows":
		j.rows(a.Rows)
	case "number":
		j.number(a.Number)
	case "date":
		j.date(a.Date)
	case "text":
		j.text(a.Text)
	default:
		j.option(j.at+".option", a.Option)
	}
}

func (j judge) required(given bool, field string) bool {
	j.bad.Need(given || !j.item.Required, j.at+"."+field, "required_item", "Answer this: the item is required.")
	return given
}

func (j judge) option(field, id string) {
	if _, ok := j.item.Option(id); ok {
		return
	}
	choices := make([]string, len(j.item.Options))
	for i, o := range j.item.Options {
		choices[i] = o.ID
	}
	j.bad.Add(field, "option_of_item", "Choose one of: "+strings.Join(choices, ", ")+".")
}

func (j judge) options(chosen []string) {
	field := j.at + ".options"
	if !j.required(len(chosen) > 0, "options") {
		return
	}
	alone := false
	for i, id := range chosen {
		at := fmt.Sprintf("%s[%d]", field, i)
		j.option(at, id)
		j.bad.Need(slices.Index(chosen, id) == i, at, "option_once", "Name each option once.")
		o, _ := j.item.Option(id)
		alone = alone || o.Exclusive || o.NotApplicable
	}
	if alone {
		j.bad.Need(len(chosen) == 1, field, "exclusive_option", "Leave the other options out: one that was chosen stands alone.")
		return
	}
	fewest, most := j.item.Choices()
	j.bad.Need(len(chosen) >= fewest, field, "min_choices", fmt.Sprintf("Name at least %d options.", fewest))
	j.bad.Need(len(chosen) <= most, field, "max_choices", fmt.Sprintf("Name at most %d options.", most))
}

func (j judge) rows(chosen map[string]string) {
	for _, r := range j.item.Rows {
		at := j.at + ".rows." + r.ID
		if option, ok := chosen[r.ID]; ok {
			j.option(at, option)
			continue
		}
		j.bad.Need(!r.Required && !j.item.Required, at, "required_item", "Answer this row: it is required.")
	}
	for id := range chosen {
		if _, ok := j.item.Row(id); !ok {
			j.bad.Add(j.at+".rows", "row_of_item", fmt.Sprintf("Answer only rows of the item: %q is none.", id))
		}
	}
}

func (j judge) number(n *float64) {
	field := j.at + ".number"
	if !j.required(n != nil, "number") {
		return
	}
	it := j.item
	if math.IsNaN(*n) || math.IsInf(*n, 0) {
		j.bad.Add(field, "finite_number", "Give a number.")
		return
	}
	j.bad.Need(!it.Integer || *n == math.Trunc(*n), field, "whole_number", "Give a whole number.")
	if it.MinValue != nil {
		j.bad.Need(*n >= *it.MinValue, field, "min_value", "Give at least "+expression.Number(*it.MinValue)+".")
	}
	if it.MaxValue != nil {
		j.bad.Need(*n <= *it.MaxValue, field, "max_value", "Give at most "+expression.Number(*it.MaxValue)+".")
	}
}

func (j judge) date(day string) {
	field := j.at + ".date"
	if !j.required(day != "", "date") {
		return
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		j.bad.Add(field, "date_form", "Give a day as YYYY-MM-DD.")
		return
	}
	it := j.item
	j.bad.Need(it.MinDate == "" || day >= it.MinDate, field, "min_date", "Give a day not before "+it.MinDate+".")
	j.bad.Need(it.MaxDate == "" || day <= it.MaxDate, field, "max_date", "Give a day not after "+it.MaxDate+".")
}

func (j judge) text(words string) {
	field := j.at + ".text"
	j.bad.Need(utf8.RuneCountInString(words) <= j.item.Limit(), field, "max_length", fmt.Sprintf("Write at most %d characters.", j.item.Limit()))
	j.bad.Need(!j.item.Required || strings.TrimSpace(words) != "", field, "required_item", "Write something: the item is required.")
}

// constraint checks what the questionnaire itself says of a good answer. An answer left
// empty is not judged.
func (j judge) constraint(b Body, values map[string]any) {
	e := b.logic.constraints[j.item.ID]
	if e == nil {
		return
	}
	value := values[j.item.ID]
	if empty(value) || e.Judge(values, value) != expression.False {
		return
	}
	fix := "Change the answer: it has to fulfil " + e.String() + "."
	if message := j.item.Message[b.fallback()]; message != "" {
		fix = message
	}
	j.bad.Add(j.at+"."+j.item.Type.Field(), "constraint", fix)
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []string:
		return len(v) == 0
	}
	return false
}

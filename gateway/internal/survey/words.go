package survey

import (
	"strconv"
	"strings"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// words say what is wrong with an answer by the rule that it breaks.
func words(lang string, item *assessmentsv1.FormItem, rule string) string {
	if rule == "constraint" && item.GetConstraintMessage() != "" {
		return item.GetConstraintMessage()
	}
	text, known := map[string]string{
		"required_item":    "Please answer this question.",
		"max_length":       "This text is too long.",
		"max_choices":      "These are too many answers.",
		"min_choices":      "These are too few answers.",
		"exclusive_option": "One of these answers cannot be chosen together with others.",
		"min_value":        "This number is too small.",
		"max_value":        "This number is too large.",
		"whole_number":     "Write a whole number.",
		"min_date":         "This day is too early.",
		"max_date":         "This day is too late.",
	}[rule]
	if !known {
		text = "This answer does not fit the question. Please look at it again."
	}
	return translate(lang, text)
}

// hints say beside a question what its answer has to be like.
func hints(lang string, item *assessmentsv1.FormItem) (out []string) {
	add := func(text string, values ...any) { out = append(out, sayf(lang, text, values...)) }
	switch item.GetType() {
	case assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE:
		add("You can choose several answers.")
		if item.GetMinChoices() > 1 {
			add("Fewest: %d.", item.GetMinChoices())
		}
		if limited(item) {
			add("Most: %d.", item.GetMaxChoices())
		}
	case assessmentsv1.ItemType_ITEM_TYPE_RANKING:
		add("Give each answer a place; 1 is the first.")
		if limited(item) {
			add("Places to give, at most: %d.", item.GetMaxChoices())
		}
	case assessmentsv1.ItemType_ITEM_TYPE_NUMBER:
		out = append(out, numbers(lang, item)...)
	case assessmentsv1.ItemType_ITEM_TYPE_DATE:
		if item.GetMinDate() != "" {
			add("Not before %s.", calendar(lang, item.GetMinDate()))
		}
		if item.GetMaxDate() != "" {
			add("Not after %s.", calendar(lang, item.GetMaxDate()))
		}
	case assessmentsv1.ItemType_ITEM_TYPE_TEXT, assessmentsv1.ItemType_ITEM_TYPE_LONG_TEXT:
		add("Please write no names.")
	}
	return out
}

// limited tells whether fewer options can be chosen than there are.
func limited(item *assessmentsv1.FormItem) bool {
	return item.GetMaxChoices() > 0 && int(item.GetMaxChoices()) < len(item.GetOptions())
}

func numbers(lang string, item *assessmentsv1.FormItem) (out []string) {
	if item.GetInteger() {
		out = append(out, translate(lang, "Write a whole number."))
	}
	if item.MinValue != nil {
		out = append(out, sayf(lang, "Smallest: %s.", plain(item.GetMinValue())))
	}
	if item.MaxValue != nil {
		out = append(out, sayf(lang, "Largest: %s.", plain(item.GetMaxValue())))
	}
	return out
}

func plain(number float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(number, 'f', -1, 64), ".0")
}

// scriptTexts are what the script says, by the names it knows them by.
func scriptTexts() map[string]string {
	return map[string]string{
		"required":  "Please answer this question.",
		"line":      "Please answer each line that needs an answer.",
		"nothing":   "Nothing was sent yet: please answer at least one question.",
		"look":      "Nothing was sent yet: please look at these answers.",
		"number":    "Write a number.",
		"whole":     "Write a whole number.",
		"small":     "This number is too small.",
		"large":     "This number is too large.",
		"day":       "Write a day that exists, with all four digits of the year.",
		"early":     "This day is too early.",
		"late":      "This day is too late.",
		"many":      "These are too many answers.",
		"few":       "These are too few answers.",
		"exclusive": "One of these answers cannot be chosen together with others.",
		"places":    "Give each place to one answer only.",
		"gap":       "Begin with place 1 and leave no place out.",
		"long":      "This text is too long.",
		"unfit":     "This answer does not fit the question. Please look at it again.",
		"sending":   "Sending…",
		"offline":   "No connection. You can go on: the answer is kept on this device and sent when there is one.",
		"queued":    "Your answer is kept on this device",
		"queuedWhy": "There is no connection at the moment. Your answer is sent by itself as soon as there is one and this page is open. Please do not answer again.",
		"waiting":   "Answers that wait on this device: %d",
		"sent":      "The answer that waited on this device is stored. Thank you.",
		"refused":   "Answers that were not taken: %d. The survey was over, or the code was used.",
		"needsLine": "For this a connection is needed. Your answers are still here.",
		"clear":     "Clear this answer",
		"print":     "Print",
		"copy":      "Copy the link",
		"copied":    "Copied.",
		"full":      "Full screen",
		"again":     "Begin a new form now",
		"reset":     "A new form begins in %d seconds.",
		"longer":    "Wait longer",
		"still":     "Are you still there?",
		"empties":   "The form is emptied in %d seconds.",
		"stay":      "I am still here",
		"empty":     "Empty the form",
	}
}

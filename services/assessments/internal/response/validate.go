package response

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// validate lists all that is wrong with answers to the questionnaire. prefix is
// the path of the message that holds them, with a dot at its end, or empty.
func validate(bad *check.List, prefix string, body instrument.Body, answers []Answer) {
	given := make(map[string]int, len(answers))
	for i, a := range answers {
		at := fmt.Sprintf("%sanswers[%d]", prefix, i)
		item, ok := body.Item(a.Item)
		if !ok {
			bad.Add(at+".item", "item_of_form", fmt.Sprintf("Answer only items of the form: %q is none.", a.Item))
			continue
		}
		if first, twice := given[a.Item]; twice {
			bad.Add(at+".item", "item_once", fmt.Sprintf("Answer each item once: answers[%d] answers %q too.", first, a.Item))
			continue
		}
		given[a.Item] = i
		if item.Type == instrument.Text {
			text(bad, at, item, a)
		} else {
			option(bad, at, item, a)
		}
	}
	for _, item := range body.Items {
		if _, ok := given[item.ID]; item.Required && !ok {
			bad.Add(prefix+"answers", "required_item", fmt.Sprintf("Answer the item %q: it is required.", item.ID))
		}
	}
}

func text(bad *check.List, at string, item instrument.Item, a Answer) {
	bad.Need(a.Option == "", at+".option", "text_item", "Answer this item with text, not with an option.")
	bad.Need(utf8.RuneCountInString(a.Text) <= item.Limit(), at+".text", "max_length", fmt.Sprintf("Write at most %d characters.", item.Limit()))
	bad.Need(!item.Required || strings.TrimSpace(a.Text) != "", at+".text", "required_item", "Write something: the item is required.")
}

func option(bad *check.List, at string, item instrument.Item, a Answer) {
	bad.Need(a.Text == "", at+".text", "choice_item", "Answer this item with one of its options, not with text.")
	if _, ok := item.Option(a.Option); !ok {
		choices := make([]string, len(item.Options))
		for i, o := range item.Options {
			choices[i] = o.ID
		}
		bad.Add(at+".option", "option_of_item", "Choose one of: "+strings.Join(choices, ", ")+".")
	}
}

package interchange

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Sheets and columns of XLSForm. Those that begin with tandem_ are ours: other programs
// pass over them, and with them a questionnaire comes back as it was.
const (
	sheetSurvey   = "survey"
	sheetChoices  = "choices"
	sheetSettings = "settings"
	sheetScales   = "tandem_scales"

	colStandard      = "tandem_standard"
	colGoal          = "tandem_goal"
	colIndicator     = "tandem_indicator"
	colMaxLength     = "tandem_max_length"
	colMinValue      = "tandem_min_value"
	colMaxValue      = "tandem_max_value"
	colMinDate       = "tandem_min_date"
	colMaxDate       = "tandem_max_date"
	colMinChoices    = "tandem_min_choices"
	colMaxChoices    = "tandem_max_choices"
	colScore         = "tandem_score"
	colFavorable     = "tandem_favorable"
	colNotApplicable = "tandem_not_applicable"
	colExclusive     = "tandem_exclusive"
	colItemType      = "tandem_type"
)

// rowMark stands between item and row in the name of a row of a matrix. Ids have no
// underscores, so that it cannot be part of one.
const rowMark = "__"

// name is how a question is called in XLSForm: names begin with a letter or underscore.
func name(id string) string {
	id = strings.ReplaceAll(id, "/", rowMark)
	if id != "" && unicode.IsDigit(rune(id[0])) {
		return "_" + id
	}
	return id
}

var unusual = regexp.MustCompile(`[^a-z0-9]+`)

// idOf makes an id of a name, and tells whether it says the same.
func idOf(name string) (id string, same bool) {
	plain := name
	if len(name) > 1 && name[0] == '_' && name[1] >= '0' && name[1] <= '9' {
		plain = name[1:]
	}
	id = strings.Trim(unusual.ReplaceAllString(strings.ToLower(plain), "-"), "-")
	if len(id) > 64 {
		id = strings.Trim(id[:64], "-")
	}
	return id, id == plain
}

// limits are the bounds of an answer as conditions on it, which XLSForm has no other
// way to say.
func limits(it instrument.Item) []expression.Node {
	value := expression.Node{Op: expression.Value}
	size := expression.Node{Op: expression.Size, Args: []expression.Node{value}}
	var out []expression.Node
	add := func(of expression.Node, op expression.Op, bound expression.Node) {
		out = append(out, expression.Node{Op: op, Args: []expression.Node{of, bound}})
	}
	number := func(f float64) expression.Node { return expression.Node{Op: expression.Numeral, Number: f} }
	text := func(s string) expression.Node { return expression.Node{Op: expression.String, Text: s} }
	if it.MinValue != nil {
		add(value, expression.GreaterEqual, number(*it.MinValue))
	}
	if it.MaxValue != nil {
		add(value, expression.LessEqual, number(*it.MaxValue))
	}
	if it.MinDate != "" {
		add(value, expression.GreaterEqual, text(it.MinDate))
	}
	if it.MaxDate != "" {
		add(value, expression.LessEqual, text(it.MaxDate))
	}
	if it.MinChoices > 0 {
		add(size, expression.GreaterEqual, number(float64(it.MinChoices)))
	}
	if it.MaxChoices > 0 {
		add(size, expression.LessEqual, number(float64(it.MaxChoices)))
	}
	if it.MaxLength > 0 {
		add(size, expression.LessEqual, number(float64(it.MaxLength)))
	}
	return out
}

// kindOf is what expressions see of the answer to an item.
func kindOf(t instrument.Type) expression.Kind {
	switch t {
	case instrument.Number:
		return expression.Amount
	case instrument.Date:
		return expression.Day
	case instrument.Text, instrument.LongText:
		return expression.Words
	case instrument.MultipleChoice, instrument.Ranking:
		return expression.Several
	}
	return expression.Choice
}

// labelled is a column in one language: label::Spanish (es).
func labelled(column, tag string) string {
	called := tag
	if t, err := language.Parse(tag); err == nil {
		if n := display.English.Tags().Name(t); n != "" {
			called = strings.NewReplacer("(", "", ")", "").Replace(n)
		}
	}
	return column + "::" + called + " (" + tag + ")"
}

var inParentheses = regexp.MustCompile(`\(([A-Za-z0-9-]+)\)\s*$`)

// languageOf finds the language in what follows label::, as "Spanish (es)", "es" or
// "Spanish".
func languageOf(called string) (string, bool) {
	called = strings.TrimSpace(called)
	if m := inParentheses.FindStringSubmatch(called); m != nil {
		called = m[1]
	}
	if _, err := language.Parse(called); err == nil && len(called) <= 3 || strings.Contains(called, "-") && err == nil {
		return called, true
	}
	for _, tag := range display.Supported.Tags() {
		for _, known := range []string{display.English.Tags().Name(tag), display.Self.Name(tag)} {
			if known != "" && strings.EqualFold(known, called) {
				return tag.String(), true
			}
		}
	}
	return "", false
}

package interchange

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// maxGroups bounds how deep groups nest.
const maxGroups = 20

// group is an open group of the survey sheet.
type group struct {
	section  string // id; of the outermost group
	matrix   int    // index of its item; -1 for none
	skipped  bool   // a repeat: nothing in it is taken
	relevant string
}

// pending is an expression as it stands in the sheet.
type pending struct {
	at       string
	section  int      // index, -1 for an item
	item     int      // index
	relevant []string // those of groups around it first
	good     string   // constraint
}

func (r *reader) survey(g grid) error {
	for _, row := range g.rows {
		kind := strings.Join(strings.Fields(row.get("type")), " ")
		word, rest, _ := strings.Cut(kind, " ")
		if after, ok := strings.CutPrefix(kind, word+" group"); ok && (word == "begin" || word == "end") {
			word, rest = word+"_group", after
		}
		if after, ok := strings.CutPrefix(kind, word+" repeat"); ok && (word == "begin" || word == "end") {
			word, rest = word+"_repeat", after
		}
		switch {
		case word == "end_group" || word == "end_repeat":
			if len(r.groups) == 0 {
				return refused("xlsform", "Correct sheet survey: a group ends in row %d that did not begin.", row.number)
			}
			r.groups = r.groups[:len(r.groups)-1]
		case len(r.groups) >= maxGroups:
			return refused("too_many", "Nest groups at most %d deep.", maxGroups)
		case word == "begin_group" || word == "begin_repeat":
			r.begin(row, word == "begin_repeat")
		case r.skipping() || word == "":
		default:
			r.question(row, word, strings.TrimSpace(rest))
		}
	}
	if len(r.groups) > 0 {
		return refused("xlsform", "Correct sheet survey: a group that begins does not end.")
	}
	return nil
}

func (r *reader) skipping() bool {
	return slices.ContainsFunc(r.groups, func(g group) bool { return g.skipped })
}

func (r *reader) begin(row gridRow, repeat bool) {
	g := group{matrix: -1, section: r.section()}
	switch {
	case r.skipping():
	case repeat:
		g.skipped = true
		r.note(row.at(sheetSurvey), "repeat_not_taken", "Ask the questions of the repeat in another way: it was left out.")
	case strings.Contains(row.get("appearance"), "table-list"):
		g.matrix = len(r.doc.Body.Items)
		item := r.common(row, r.id(row, row.get("name"), ""))
		item.Type = instrument.Matrix
		r.add(row, item)
	case g.section == "":
		g.section = r.id(row, row.get("name"), "section")
		r.pending = append(r.pending, pending{at: row.at(sheetSurvey), section: len(r.doc.Body.Sections), item: -1, relevant: some(row.get("relevant"))})
		r.doc.Body.Sections = append(r.doc.Body.Sections, instrument.Section{ID: g.section, Title: r.texts(sheetSurvey, "label", row)})
	default:
		g.relevant = row.get("relevant")
		r.note(row.at(sheetSurvey), "group_in_group", "Sections hold items only: the items of this group were put into the one around it.")
	}
	r.groups = append(r.groups, g)
}

// section is the one that an item stands in.
func (r *reader) section() string {
	if len(r.groups) == 0 {
		return ""
	}
	return r.groups[len(r.groups)-1].section
}

// id gives a question or section its id, and remembers what its name stands for.
func (r *reader) id(row gridRow, given, sort string) string {
	id, same := idOf(given)
	if id == "" {
		id, same = "row-"+strconv.Itoa(row.number), false
	}
	for n := 2; r.taken[sort+id]; n++ {
		id, same = strings.TrimRight(id[:min(len(id), 58)], "-")+"-"+strconv.Itoa(n), false
	}
	r.taken[sort+id] = true
	if sort == "" {
		r.ids[given] = id
	}
	if !same {
		r.note(row.at(sheetSurvey), "name_changed", "%q is called %q here.", given, id)
	}
	return id
}

func some(text string) []string {
	if text == "" || text == "true()" {
		return nil
	}
	return []string{text}
}

// question takes over one row that asks, or says what it cannot take over.
func (r *reader) question(row gridRow, word, rest string) {
	if word == "note" {
		r.noted(row)
		return
	}
	kind, ok := r.kind(row, word, rest)
	if !ok {
		r.note(row.at(sheetSurvey), "type_not_taken", "Ask it in another way, or leave it: %q has no counterpart.", word)
		return
	}
	if n := len(r.groups); n > 0 && r.groups[n-1].matrix >= 0 {
		r.row(row, r.groups[n-1].matrix, word, rest)
		return
	}
	item := r.common(row, r.id(row, row.get("name"), ""))
	item.Type, item.Integer = kind, word == "integer" || word == "range"
	if kind.Choosing() {
		item.Options = r.options(row, rest)
	}
	if word == "range" {
		r.span(row, &item)
	}
	r.add(row, item)
}

func (r *reader) add(row gridRow, item instrument.Item) {
	p := pending{at: row.at(sheetSurvey), section: -1, item: len(r.doc.Body.Items), good: row.get("constraint")}
	for _, g := range r.groups {
		p.relevant = append(p.relevant, some(g.relevant)...)
	}
	p.relevant = append(p.relevant, some(row.get("relevant"))...)
	r.pending = append(r.pending, p)
	r.doc.Body.Items = append(r.doc.Body.Items, item)
}

// noted takes a note over as the introduction of a section.
func (r *reader) noted(row gridRow) {
	at := slices.IndexFunc(r.doc.Body.Sections, func(s instrument.Section) bool { return s.ID == r.section() })
	first := at >= 0 && !slices.ContainsFunc(r.doc.Body.Items, func(it instrument.Item) bool { return it.Section == r.section() })
	if !first || len(r.doc.Body.Sections[at].Text) > 0 || row.get("relevant") != "" {
		r.note(row.at(sheetSurvey), "note_not_taken", "Put the note into a hint: only one at the beginning of a section can be taken.")
		return
	}
	r.doc.Body.Sections[at].Text = r.texts(sheetSurvey, "label", row)
}

// kind is how a row is answered.
func (r *reader) kind(row gridRow, word, rest string) (instrument.Type, bool) {
	own := instrument.Type(row.get(colItemType))
	switch word {
	case "select_one":
		scored := slices.ContainsFunc(r.lists[firstWord(rest)], func(o instrument.Option) bool { return o.Score > 0 })
		if own == instrument.Scale || own == "" && scored {
			return instrument.Scale, true
		}
		return instrument.SingleChoice, true
	case "select_multiple":
		return instrument.MultipleChoice, true
	case "rank":
		return instrument.Ranking, true
	case "integer", "decimal", "range":
		return instrument.Number, true
	case "date":
		return instrument.Date, true
	case "text":
		if strings.Contains(row.get("appearance"), "multiline") || own == instrument.LongText {
			return instrument.LongText, true
		}
		return instrument.Text, true
	}
	return "", false
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// options are the choices of a list, for an item of its own.
func (r *reader) options(row gridRow, rest string) []instrument.Option {
	list := firstWord(rest)
	if strings.TrimSpace(strings.TrimPrefix(rest, list)) != "" {
		r.note(row.at(sheetSurvey), "or_other_not_taken", `Add an option "other" and a text item after it: only the list %q was taken.`, list)
	}
	known, ok := r.lists[list]
	if !ok {
		r.note(row.at(sheetSurvey), "list_unknown", "Give the list %q in sheet choices.", list)
	}
	return slices.Clone(known)
}

// common is what every item has.
func (r *reader) common(row gridRow, id string) instrument.Item {
	return instrument.Item{
		ID: id, Section: r.section(), Text: r.texts(sheetSurvey, "label", row), Hint: r.texts(sheetSurvey, "hint", row),
		Message: r.texts(sheetSurvey, "constraint_message", row), Required: row.yes("required"),
		Standard: row.get(colStandard), Goal: row.get(colGoal), Indicator: row.get(colIndicator),
		MinValue: r.number(row, colMinValue), MaxValue: r.number(row, colMaxValue), MinDate: row.get(colMinDate), MaxDate: row.get(colMaxDate),
		MinChoices: r.count(row, sheetSurvey, colMinChoices), MaxChoices: r.count(row, sheetSurvey, colMaxChoices), MaxLength: r.count(row, sheetSurvey, colMaxLength),
	}
}

func (r *reader) number(row gridRow, column string) *float64 {
	n, err := expression.ParseNumber(row.get(column))
	if row.get(column) == "" {
		return nil
	}
	if err != nil {
		r.note(row.at(sheetSurvey), "number", "Give a number in %s.", column)
		return nil
	}
	return &n
}

// span reads the parameters of a range: start=1 end=5.
func (r *reader) span(row gridRow, item *instrument.Item) {
	for _, p := range strings.FieldsFunc(row.get("parameters"), func(c rune) bool { return c == ' ' || c == ',' || c == ';' }) {
		key, value, _ := strings.Cut(p, "=")
		n, err := expression.ParseNumber(value)
		if err != nil {
			continue
		}
		switch key {
		case "start":
			item.MinValue = &n
		case "end":
			item.MaxValue = &n
		case "step":
			item.Integer = n == float64(int64(n))
		}
	}
}

// row takes over a row of a matrix. The rows share their options.
func (r *reader) row(row gridRow, item int, word, rest string) {
	it := &r.doc.Body.Items[item]
	var options []instrument.Option
	if word == "select_one" {
		options = r.options(row, rest)
	}
	if word != "select_one" || it.Options != nil && !sameIDs(it.Options, options) {
		r.note(row.at(sheetSurvey), "row_not_taken", "Ask it outside of the table: its rows are answered with one of the same options.")
		return
	}
	it.Options = options
	given := row.get("name")
	short := given
	if _, after, ok := strings.Cut(given, rowMark); ok {
		short = after
	}
	id := r.id(row, short, it.ID+"/")
	r.ids[given] = it.ID + "/" + id
	if some(row.get("relevant")) != nil || row.get("constraint") != "" {
		r.note(row.at(sheetSurvey), "row_condition_not_taken", "Ask it outside of the table: rows are asked together.")
	}
	line := instrument.Row{
		ID: id, Text: r.texts(sheetSurvey, "label", row), Required: row.yes("required") && !it.Required,
		Standard: row.get(colStandard), Goal: row.get(colGoal), Indicator: row.get(colIndicator),
	}
	it.Rows = append(it.Rows, line)
}

func sameIDs(a, b []instrument.Option) bool {
	return slices.EqualFunc(a, b, func(a, b instrument.Option) bool { return a.ID == b.ID })
}

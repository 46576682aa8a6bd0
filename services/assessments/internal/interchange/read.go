package interchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// ReadXLSForm reads a workbook. Notes say what could not be taken over as it was.
func ReadXLSForm(content []byte) (Document, []instrument.Note, error) {
	if len(content) > MaxContent {
		return Document{}, nil, refused("too_large", "Send at most %d bytes.", MaxContent)
	}
	sheets, err := open(content)
	if err != nil {
		return Document{}, nil, err
	}
	survey, ok := sheets[sheetSurvey]
	if !ok || !slices.Contains(survey.columns, "type") || !slices.Contains(survey.columns, "name") {
		return Document{}, nil, refused("xlsform", "Give a sheet survey with the columns type and name.")
	}
	r := reader{sheets: sheets, ids: map[string]string{}, taken: map[string]bool{}}
	r.settings()
	r.languages()
	r.choices()
	r.unknownColumns()
	if err := r.survey(survey); err != nil {
		return Document{}, nil, err
	}
	r.translate()
	r.scales()
	return r.doc, r.notes, bounded(r.doc)
}

type reader struct {
	sheets map[string]grid
	doc    Document
	notes  []instrument.Note

	columns map[string]map[string]string // column by language, by what it holds: label, hint ...
	lists   map[string][]instrument.Option
	ids     map[string]string // question by name
	taken   map[string]bool
	groups  []group
	pending []pending // expressions, translated when all questions are known
}

func (r *reader) note(field, rule, advice string, args ...any) {
	r.notes = append(r.notes, instrument.Note{Field: field, Rule: rule, Advice: fmt.Sprintf(advice, args...)})
}

func (r *reader) settings() {
	g := r.sheets[sheetSettings]
	if len(g.rows) == 0 {
		return
	}
	s := g.rows[0]
	r.doc.Title = s.get("form_title")
	r.doc.Body.FrameworkVersion = s.get("tandem_framework_version")
	r.doc.Body.Audience = instrument.Audience(s.get("tandem_audience"))
	r.doc.Body.Parallel = s.get("tandem_parallel_instrument")
	if first, ok := languageOf(s.get("default_language")); ok {
		r.doc.Body.Languages = []string{first}
	}
}

// languages finds the columns with texts: label::Spanish (es), or label alone.
func (r *reader) languages() {
	r.columns = map[string]map[string]string{}
	for _, sheet := range []string{sheetSurvey, sheetChoices, sheetScales} {
		for _, column := range r.sheets[sheet].columns {
			what, called, translated := strings.Cut(column, "::")
			what = strings.ToLower(strings.TrimSpace(what))
			switch what {
			case "label", "hint", "constraint_message", "title":
			default:
				continue
			}
			tag := ""
			if translated {
				var ok bool
				if tag, ok = languageOf(called); !ok {
					r.note(sheet, "language_unknown", "Name the language with its code, e.g. label::Spanish (es): %q was left out.", column)
					continue
				}
			} else if what == "title" {
				continue
			}
			r.speak(sheet, what, tag, column)
		}
	}
	if len(r.doc.Body.Languages) == 0 {
		r.doc.Body.Languages = []string{"en"}
		r.note(sheetSettings, "language_assumed", "Say in default_language which language the texts are in: English was taken.")
	}
}

func (r *reader) speak(sheet, what, tag, column string) {
	if tag != "" && !slices.Contains(r.doc.Body.Languages, tag) {
		r.doc.Body.Languages = append(r.doc.Body.Languages, tag)
	}
	key := sheet + " " + what
	if r.columns[key] == nil {
		r.columns[key] = map[string]string{}
	}
	r.columns[key][tag] = column
}

// texts reads a text in all its languages. What names no language is in the first.
func (r *reader) texts(sheet, what string, row gridRow) map[string]string {
	var out map[string]string
	for tag, column := range r.columns[sheet+" "+what] {
		text := row.cells[column]
		if strings.TrimSpace(text) == "" {
			continue
		}
		if tag == "" {
			if tag = r.doc.Body.Languages[0]; row.cells[r.columns[sheet+" "+what][tag]] != "" {
				continue
			}
		}
		if strings.Contains(text, "${") {
			r.note(row.at(sheet), "answer_in_text", "Say it without ${...}: answers to other items are not put into texts.")
		}
		if out == nil {
			out = map[string]string{}
		}
		out[tag] = text
	}
	return out
}

func (r *reader) choices() {
	r.lists = map[string][]instrument.Option{}
	for _, row := range r.sheets[sheetChoices].rows {
		list := row.get("list_name")
		if list == "" {
			list = row.get("list name")
		}
		given := row.get("name")
		if given == "" {
			given = row.get("value")
		}
		id, same := idOf(given)
		if list == "" || id == "" {
			r.note(row.at(sheetChoices), "choice_without_name", "Give list_name and name: the line was left out.")
			continue
		}
		if !same {
			r.note(row.at(sheetChoices), "name_changed", "The option %q is called %q here.", given, id)
		}
		r.lists[list] = append(r.lists[list], instrument.Option{
			ID: id, Text: r.texts(sheetChoices, "label", row), Score: r.count(row, sheetChoices, colScore),
			Favorable: row.yes(colFavorable), NotApplicable: row.yes(colNotApplicable), Exclusive: row.yes(colExclusive),
		})
	}
}

// count reads a whole number.
func (r *reader) count(row gridRow, sheet, column string) int {
	text := row.get(column)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1_000_000 {
		r.note(row.at(sheet), "whole_number", "Give a whole number in %s: %q was left out.", column, text)
		return 0
	}
	return n
}

// unknownColumns tells once of each column with content that has no counterpart.
func (r *reader) unknownColumns() {
	known := map[string]bool{
		"type": true, "name": true, "label": true, "hint": true, "required": true, "relevant": true, "constraint": true, "constraint_message": true, "appearance": true, "parameters": true,
		colItemType: true, colStandard: true, colGoal: true, colIndicator: true, colMinValue: true, colMaxValue: true, colMinDate: true, colMaxDate: true,
		colMinChoices: true, colMaxChoices: true, colMaxLength: true, "": true,
	}
	g := r.sheets[sheetSurvey]
	for _, c := range g.columns {
		what, _, _ := strings.Cut(c, "::")
		used := slices.ContainsFunc(g.rows, func(row gridRow) bool { return row.get(c) != "" })
		if used && !known[strings.ToLower(strings.TrimSpace(what))] {
			r.note(sheetSurvey, "column_not_taken", "Look at what the column %q says: it was left out.", c)
		}
	}
}

func (r *reader) scales() {
	for _, row := range r.sheets[sheetScales].rows {
		r.doc.Body.Scales = append(r.doc.Body.Scales, instrument.Measure{
			ID: row.get("id"), Title: r.texts(sheetScales, "title", row), Kind: instrument.MeasureKind(row.get("kind")),
			Items: strings.Fields(row.get("items")), Standard: row.get("standard"),
		})
	}
}

package interchange

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// sheet collects rows under columns that appear as they are needed.
type sheet struct {
	columns []string
	rows    []map[string]string
}

func (s *sheet) add(row map[string]string) {
	s.rows = append(s.rows, row)
}

// has makes sure that columns are there, in this order.
func (s *sheet) has(columns ...string) {
	for _, c := range columns {
		if !slices.Contains(s.columns, c) {
			s.columns = append(s.columns, c)
		}
	}
}

// WriteXLSForm writes a workbook that Kobo, ODK and Survey123 read.
func WriteXLSForm(d Document) ([]byte, error) {
	w := writer{d: d, kinds: kinds{}, lists: map[string]string{}}
	for _, q := range d.Body.Questions() {
		w.kinds[q.ID] = kindOf(q.Type)
	}
	w.columns()
	w.body()
	w.scalesAndSettings()
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", sheetSurvey); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name string
		*sheet
	}{{sheetSurvey, &w.survey}, {sheetChoices, &w.choices}, {sheetSettings, &w.settings}, {sheetScales, &w.scales}} {
		if err := fill(f, s.name, *s.sheet); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	_, err := f.WriteTo(&out)
	return out.Bytes(), err
}

// fill writes a sheet. Every cell is a text: none is ever taken for a formula.
func fill(f *excelize.File, name string, s sheet) error {
	if i, err := f.GetSheetIndex(name); err != nil || i < 0 {
		if _, err := f.NewSheet(name); err != nil {
			return err
		}
	}
	rows := append([]map[string]string{{}}, s.rows...)
	for _, c := range s.columns {
		rows[0][c] = c
	}
	for r, row := range rows {
		for c, column := range s.columns {
			if row[column] == "" {
				continue
			}
			cell, err := excelize.CoordinatesToCellName(c+1, r+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(name, cell, row[column]); err != nil {
				return err
			}
		}
	}
	return nil
}

type writer struct {
	d     Document
	kinds kinds
	lists map[string]string // name of a list of choices by its content

	survey, choices, settings, scales sheet
}

func (w *writer) columns() {
	translated := func(s *sheet, columns ...string) {
		for _, c := range columns {
			for _, l := range w.d.Body.Languages {
				s.has(labelled(c, l))
			}
		}
	}
	w.survey.has("type", "name")
	translated(&w.survey, "label", "hint")
	w.survey.has("required", "relevant", "constraint")
	translated(&w.survey, "constraint_message")
	w.survey.has("appearance", colItemType, colStandard, colGoal, colIndicator, colMinValue, colMaxValue, colMinDate, colMaxDate, colMinChoices, colMaxChoices, colMaxLength)
	w.choices.has("list_name", "name")
	translated(&w.choices, "label")
	w.choices.has(colScore, colFavorable, colNotApplicable, colExclusive)
	w.settings.has("form_title", "form_id", "default_language", "tandem_framework_version", "tandem_audience", "tandem_parallel_instrument")
	w.scales.has("id", "kind", "items", "standard")
	translated(&w.scales, "title")
}

// put sets a text in all its languages.
func put(row map[string]string, column string, text map[string]string) {
	for l, t := range text {
		row[labelled(column, l)] = t
	}
}

// body writes the items, each section as a group around its own.
func (w *writer) body() {
	open := ""
	for _, it := range w.d.Body.Items {
		if it.Section != open {
			if open != "" {
				w.survey.add(map[string]string{"type": "end_group"})
			}
			if open = it.Section; open != "" {
				w.begin(open)
			}
		}
		w.item(it)
	}
	if open != "" {
		w.survey.add(map[string]string{"type": "end_group"})
	}
}

func (w *writer) begin(id string) {
	s, _ := w.d.Body.Section(id)
	row := map[string]string{"type": "begin_group", "name": name(id), "relevant": w.expression(s.Relevant)}
	put(row, "label", s.Title)
	w.survey.add(row)
	if len(s.Text) > 0 {
		note := map[string]string{"type": "note", "name": name(id) + rowMark + "text"}
		put(note, "label", s.Text)
		w.survey.add(note)
	}
}

// expression writes a condition; one that is wrong stays as it is, for people to see.
func (w *writer) expression(text string) string {
	if text == "" {
		return ""
	}
	n, err := expression.Parse(text)
	if err != nil {
		return text
	}
	return w.kinds.toXPath(n)
}

func (w *writer) item(it instrument.Item) {
	row := map[string]string{
		"name": name(it.ID), "required": yes(it.Required), "relevant": w.expression(it.Relevant), "constraint": w.constraint(it),
		colStandard: it.Standard, colGoal: it.Goal, colIndicator: it.Indicator, colItemType: string(it.Type),
		colMinDate: it.MinDate, colMaxDate: it.MaxDate,
		colMinChoices: count(it.MinChoices), colMaxChoices: count(it.MaxChoices), colMaxLength: count(it.MaxLength),
	}
	if it.MinValue != nil {
		row[colMinValue] = expression.Number(*it.MinValue)
	}
	if it.MaxValue != nil {
		row[colMaxValue] = expression.Number(*it.MaxValue)
	}
	put(row, "label", it.Text)
	put(row, "hint", it.Hint)
	put(row, "constraint_message", it.Message)
	w.typed(row, it)
}

// typed adds how the item is answered, and the rows of a matrix below it.
func (w *writer) typed(row map[string]string, it instrument.Item) {
	switch it.Type {
	case instrument.Matrix:
		row["type"], row["appearance"] = "begin_group", "table-list"
		w.survey.add(row)
		for _, r := range it.Rows {
			line := map[string]string{
				"type": "select_one " + w.list(it), "name": name(it.ID + "/" + r.ID), "required": yes(it.Required || r.Required),
				colStandard: r.Standard, colGoal: r.Goal, colIndicator: r.Indicator,
			}
			put(line, "label", r.Text)
			w.survey.add(line)
		}
		w.survey.add(map[string]string{"type": "end_group"})
		return
	case instrument.MultipleChoice:
		row["type"] = "select_multiple " + w.list(it)
	case instrument.Ranking:
		row["type"] = "rank " + w.list(it)
	case instrument.Number:
		row["type"] = "decimal"
		if it.Integer {
			row["type"] = "integer"
		}
	case instrument.Date:
		row["type"] = "date"
	case instrument.Text:
		row["type"] = "text"
	case instrument.LongText:
		row["type"], row["appearance"] = "text", "multiline"
	default:
		row["type"] = "select_one " + w.list(it)
	}
	w.survey.add(row)
}

// constraint joins what the item says of a good answer and its bounds.
func (w *writer) constraint(it instrument.Item) string {
	all := limits(it)
	if it.Constraint != "" {
		n, err := expression.Parse(it.Constraint)
		if err != nil {
			return it.Constraint
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return ""
	}
	own := kinds{"": kindOf(it.Type)}
	for id, k := range w.kinds {
		own[id] = k
	}
	return own.toXPath(joined(expression.And, all))
}

// list is the name of the item's list of choices. Items with the same options share one.
func (w *writer) list(it instrument.Item) string {
	var rows []map[string]string
	key := string(it.Type.Field())
	for _, o := range it.Options {
		row := map[string]string{
			"name": o.ID, colScore: count(o.Score), colFavorable: yes(o.Favorable), colNotApplicable: yes(o.NotApplicable), colExclusive: yes(o.Exclusive),
		}
		put(row, "label", o.Text)
		rows = append(rows, row)
		for _, c := range w.choices.columns {
			key += "\x00" + row[c]
		}
		key += "\x01"
	}
	if known, ok := w.lists[key]; ok {
		return known
	}
	list := "list_" + strconv.Itoa(len(w.lists)+1)
	w.lists[key] = list
	for _, row := range rows {
		row["list_name"] = list
		w.choices.add(row)
	}
	return list
}

func (w *writer) scalesAndSettings() {
	b := w.d.Body
	for _, m := range b.Scales {
		row := map[string]string{"id": m.ID, "kind": string(m.Kind), "items": strings.Join(m.Items, " "), "standard": m.Standard}
		put(row, "title", m.Title)
		w.scales.add(row)
	}
	settings := map[string]string{
		"form_title": w.d.Title, "tandem_framework_version": b.FrameworkVersion, "tandem_audience": string(b.Audience), "tandem_parallel_instrument": b.Parallel,
	}
	if len(b.Languages) > 0 {
		settings["default_language"] = strings.TrimPrefix(labelled("", b.Languages[0]), "::")
	}
	id, _ := idOf(w.d.Title)
	settings["form_id"] = name(id)
	w.settings.add(settings)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

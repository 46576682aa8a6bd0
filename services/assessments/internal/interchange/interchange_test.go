package interchange_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/interchange"
)

// workbook makes a file of sheets, each a list of rows.
func workbook(t testing.TB, sheets map[string][][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for name, rows := range sheets {
		_, err := f.NewSheet(name)
		require.NoError(t, err)
		for i, row := range rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			require.NoError(t, err)
			require.NoError(t, f.SetSheetRow(name, cell, &row))
		}
	}
	var out bytes.Buffer
	_, err := f.WriteTo(&out)
	require.NoError(t, err)
	return out.Bytes()
}

// foreign is a form as others write them.
func foreign() map[string][][]string {
	return map[string][][]string{
		"survey": {
			{"type", "name", "label::English (en)", "label::Español", "hint::English (en)", "required", "relevant", "constraint", "constraint_message::English (en)", "appearance", "calculation", "parameters"},
			{"start", "start"},
			{"begin group", "About_You", "About you", "Sobre usted"},
			{"note", "intro", "Thank you.", "Gracias."},
			{"select_one yes_no", "Has_Kids", "Do you have children?", "¿Tiene hijos?", "", "yes"},
			{"integer", "kids", "How many?", "¿Cuántos?", "", "", "${Has_Kids} = 'Yes'", ". > 0 and . < 20", "Between 1 and 19."},
			{"begin group", "inner", "Inner", "", "", "", "${kids} > 2"},
			{"text", "names", "Tell us about ${kids} children", "", "", "", "${Has_Kids} = 'Yes'", "", "", "multiline"},
			{"end group"},
			{"geopoint", "where", "Where?"},
			{"end group"},
			{"begin_group", "rating", "How good is it?", "¿Qué tal?", "", "", "", "", "", "table-list"},
			{"select_one good", "food", "Food", "Comida", "", "yes"},
			{"select_one good", "bus", "Bus", "Autobús"},
			{"text", "odd", "Odd"},
			{"end_group"},
			{"select_multiple ways or_other", "ways", "How?", "¿Cómo?"},
			{"rank ways", "order", "Order?", "¿Orden?", "", "", "${food} = 'bad'"},
			{"range", "score", "Score?", "", "", "", "", "", "", "", "", "start=1 end=5 step=1"},
			{"date", "day", "Day?", "", "", "", "", ". <= today()"},
			{"begin_repeat", "child", "Child"},
			{"text", "child_name", "Name?"},
			{"end_repeat"},
			{"calculate", "total", "", "", "", "", "", "", "", "", "1 + 1"},
		},
		"choices": {
			{"list_name", "name", "label::English (en)", "label::Español"},
			{"yes_no", "Yes", "Yes", "Sí"},
			{"yes_no", "No", "No", "No"},
			{"good", "bad", "Bad", "Malo"},
			{"good", "ok", "Fine", "Bien"},
			{"ways", "1", "Bus", "Autobús"},
			{"ways", "2", "Car", "Coche"},
			{"", "lost", "Lost"},
		},
		"settings": {{"form_title", "default_language"}, {"Our form", "English (en)"}},
	}
}

func TestAFormOfOthers(t *testing.T) {
	d, notes, err := interchange.ReadXLSForm(workbook(t, foreign()))
	require.NoError(t, err)
	require.Equal(t, "Our form", d.Title)
	b := d.Body
	require.Equal(t, []string{"en", "es"}, b.Languages)
	require.Equal(t, []instrument.Section{{ID: "about-you", Title: map[string]string{"en": "About you", "es": "Sobre usted"}, Text: map[string]string{"en": "Thank you.", "es": "Gracias."}}}, b.Sections)
	var ids []string
	for _, it := range b.Items {
		ids = append(ids, string(it.Type)+" "+it.ID)
	}
	require.Equal(t, []string{"single_choice has-kids", "number kids", "long_text names", "matrix rating", "multiple_choice ways", "ranking order", "number score", "date day"}, ids)
	kids, _ := b.Item("kids")
	require.Equal(t, []any{`answers["has-kids"] == "yes"`, `value > 0 && value < 20`, "Between 1 and 19.", true, "about-you"}, []any{kids.Relevant, kids.Constraint, kids.Message["en"], kids.Integer, kids.Section})
	names, _ := b.Item("names")
	require.Equal(t, `answers["kids"] > 2 && answers["has-kids"] == "yes"`, names.Relevant, "the condition of the group around it joins in")
	rating, _ := b.Item("rating")
	require.Equal(t, []instrument.Row{{ID: "food", Text: map[string]string{"en": "Food", "es": "Comida"}, Required: true}, {ID: "bus", Text: map[string]string{"en": "Bus", "es": "Autobús"}}}, rating.Rows)
	order, _ := b.Item("order")
	require.Equal(t, `answers["rating/food"] == "bad"`, order.Relevant)
	score, _ := b.Item("score")
	require.Equal(t, []float64{1, 5}, []float64{*score.MinValue, *score.MaxValue})
	day, _ := b.Item("day")
	require.Empty(t, day.Constraint, "today() has no counterpart")
	said := map[string]int{}
	for _, n := range notes {
		said[n.Rule]++
		require.NotEmpty(t, n.Advice)
		require.NotEmpty(t, n.Field)
	}
	require.Equal(t, map[string]int{
		"type_not_taken": 3, "group_in_group": 1, "answer_in_text": 1, "row_not_taken": 1, "or_other_not_taken": 1, "constraint_not_taken": 1, "repeat_not_taken": 1,
		"column_not_taken": 1, "name_changed": 4, "choice_without_name": 1,
	}, said)
}

func TestHostileFiles(t *testing.T) {
	long := make([][]string, 5100)
	for i := range long {
		long[i] = []string{"", "q"} // asks nothing: only their number is too much
	}
	long[0] = []string{"type", "name"}
	many := make([][]string, 260)
	for i := range many {
		many[i] = []string{"text", "q", "Q"}
	}
	many[0] = []string{"type", "name", "label"}
	deep := [][]string{{"type", "name"}}
	for range 30 {
		deep = append(deep, []string{"begin_group", "g"})
	}
	for name, tt := range map[string]struct {
		content []byte
		rule    string
	}{
		"nothing":            {nil, "xlsform"},
		"no workbook":        {[]byte("PK\x03\x04 nonsense"), "xlsform"},
		"a bomb":             {bomb(t), "xlsform"},
		"too large":          {make([]byte, interchange.MaxContent+1), "too_large"},
		"no survey":          {workbook(t, map[string][][]string{"other": {{"a"}}}), "xlsform"},
		"no columns":         {workbook(t, map[string][][]string{"survey": {{"a", "b"}}}), "xlsform"},
		"many rows":          {workbook(t, map[string][][]string{"survey": long}), "too_many"},
		"many items":         {workbook(t, map[string][][]string{"survey": many}), "too_many"},
		"many groups":        {workbook(t, map[string][][]string{"survey": deep}), "too_many"},
		"a group left open":  {workbook(t, map[string][][]string{"survey": deep[:3]}), "xlsform"},
		"a group never open": {workbook(t, map[string][][]string{"survey": {{"type", "name"}, {"end_group"}}}), "xlsform"},
		"a long text":        {workbook(t, map[string][][]string{"survey": {{"type", "name", "label"}, {"text", "q", strings.Repeat("x", 4001)}}}), "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := interchange.ReadXLSForm(tt.content)
			require.Equal(t, tt.rule, ruleOf(t, err))
		})
	}
}

// bomb is a small workbook that unpacks to 100 MiB.
func bomb(t *testing.T) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	require.NoError(t, err)
	for range 100 {
		_, err = w.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.Less(t, out.Len(), 1<<20)
	return out.Bytes()
}

func ruleOf(t *testing.T, err error) string {
	t.Helper()
	var p *problem.Error
	require.ErrorAs(t, err, &p)
	require.Equal(t, problem.KindInvalid, p.Kind)
	require.NotEmpty(t, p.Violations)
	return p.Violations[0].Rule
}

// TestFormulasAreNotComputed: a cell has the value that was stored with its formula, or none.
func TestFormulasAreNotComputed(t *testing.T) {
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetName("Sheet1", "survey"))
	require.NoError(t, f.SetSheetRow("survey", "A1", &[]string{"type", "name", "label"}))
	require.NoError(t, f.SetSheetRow("survey", "A2", &[]string{"text", "q"}))
	require.NoError(t, f.SetCellFormula("survey", "C2", `=CONCATENATE("a","b")`))
	var out bytes.Buffer
	_, err := f.WriteTo(&out)
	require.NoError(t, err)
	d, _, err := interchange.ReadXLSForm(out.Bytes())
	require.NoError(t, err)
	require.Empty(t, d.Body.Items[0].Text)
}

func TestWhatJSONIsRefused(t *testing.T) {
	good, err := interchange.WriteJSON(interchange.Document{Title: "T"})
	require.NoError(t, err)
	for name, tt := range map[string]struct{ content, rule string }{
		"nothing":            {"", "json"},
		"no JSON":            {"{", "json"},
		"a list":             {"[]", "json"},
		"a field more":       {`{"format":"tandem-instrument","format_version":1,"colour":1}`, "json"},
		"more after it":      {string(good) + "{}", "json"},
		"another format":     {`{"format":"other","format_version":1}`, "format"},
		"a later version":    {`{"format":"tandem-instrument","format_version":2}`, "format"},
		"a title of a book":  {strings.Replace(string(good), `"T"`, `"`+strings.Repeat("x", 201)+`"`, 1), "too_long"},
		"deeper than it has": {strings.Repeat("[", 100000), "json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := interchange.ReadJSON([]byte(tt.content))
			require.Equal(t, tt.rule, ruleOf(t, err))
		})
	}
	_, err = interchange.ReadJSON(make([]byte, interchange.MaxContent+1))
	require.Equal(t, "too_large", ruleOf(t, err))
}

// drawDocument draws anything that a document can hold, well formed or not.
func drawDocument(t *rapid.T) interchange.Document {
	short := rapid.StringOfN(rapid.RuneFrom([]rune("ab1-_ é=\"'<&\u2028😀")), 0, 8, -1)
	texts := func(name string) map[string]string {
		if m := rapid.MapOfN(rapid.SampledFrom([]string{"en", "es", "ar"}), short, 0, 3).Draw(t, name); len(m) > 0 {
			return m
		}
		return nil
	}
	number := func(name string) *float64 {
		if rapid.Bool().Draw(t, name) {
			return nil
		}
		f := rapid.Float64().Draw(t, name)
		return &f
	}
	d := interchange.Document{Title: short.Draw(t, "title"), Body: instrument.Body{
		FrameworkVersion: short.Draw(t, "framework"), Languages: []string{"en", "es"}, Audience: instrument.Audience(short.Draw(t, "audience")), Parallel: short.Draw(t, "parallel"),
	}}
	for range rapid.IntRange(0, 2).Draw(t, "sections") {
		d.Body.Sections = append(d.Body.Sections, instrument.Section{ID: short.Draw(t, "id"), Title: texts("title"), Text: texts("text"), Relevant: short.Draw(t, "relevant")})
	}
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		it := instrument.Item{
			ID: short.Draw(t, "id"), Type: instrument.Type(short.Draw(t, "type")), Section: short.Draw(t, "section"), Text: texts("text"), Hint: texts("hint"),
			Standard: short.Draw(t, "standard"), Goal: short.Draw(t, "goal"), Indicator: short.Draw(t, "indicator"), Required: rapid.Bool().Draw(t, "required"),
			Relevant: short.Draw(t, "relevant"), Constraint: short.Draw(t, "constraint"), Message: texts("message"), MaxLength: rapid.IntRange(0, 9).Draw(t, "length"),
			MinValue: number("min"), MaxValue: number("max"), Integer: rapid.Bool().Draw(t, "integer"), MinDate: short.Draw(t, "from"), MaxDate: short.Draw(t, "to"),
			MinChoices: rapid.IntRange(0, 3).Draw(t, "fewest"), MaxChoices: rapid.IntRange(0, 3).Draw(t, "most"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "options") {
			it.Options = append(it.Options, instrument.Option{
				ID: short.Draw(t, "id"), Text: texts("text"), Score: rapid.IntRange(0, 5).Draw(t, "score"), Favorable: rapid.Bool().Draw(t, "favorable"),
				NotApplicable: rapid.Bool().Draw(t, "na"), Exclusive: rapid.Bool().Draw(t, "exclusive"),
			})
			it.Rows = append(it.Rows, instrument.Row{ID: short.Draw(t, "id"), Text: texts("text"), Standard: short.Draw(t, "standard"), Required: rapid.Bool().Draw(t, "required")})
		}
		d.Body.Items = append(d.Body.Items, it)
	}
	if rapid.Bool().Draw(t, "scaled") {
		d.Body.Scales = []instrument.Measure{{ID: short.Draw(t, "id"), Title: texts("title"), Kind: instrument.Reflective, Items: []string{"a", "b"}, Standard: short.Draw(t, "standard")}}
	}
	return d
}

func TestOurJSONComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDocument(t)
		raw, err := interchange.WriteJSON(d)
		require.NoError(t, err)
		back, err := interchange.ReadJSON(raw)
		require.NoError(t, err)
		require.Equal(t, d, back)
	})
}

// TestNoCellOfACodebookIsAFormula, whatever a questionnaire says.
func TestNoCellOfACodebookIsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDocument(t)
		d.Body.Items[0].Text = map[string]string{"en": rapid.SampledFrom([]string{"=", "+", "-", "@", "\t", "\r"}).Draw(t, "first") + "cmd|' /C calc'!A0"}
		raw, err := interchange.WriteCodebook(d)
		require.NoError(t, err)
		rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		require.NoError(t, err)
		for _, row := range rows {
			require.Len(t, row, len(rows[0]))
			for _, cell := range row {
				require.NotRegexp(t, `^[=+\-@\t\r\n]`, cell)
			}
		}
	})
}

func TestTheLinesOfACodebook(t *testing.T) {
	low := 1.0
	d := interchange.Document{Body: instrument.Body{Languages: []string{"en"}, Items: []instrument.Item{
		{ID: "m", Type: instrument.Matrix, Text: map[string]string{"en": "How?"}, Standard: "s", Rows: []instrument.Row{{ID: "r", Text: map[string]string{"en": "Bus"}}}, Options: []instrument.Option{
			{ID: "1", Text: map[string]string{"en": "Bad"}, Score: 1}, {ID: "na", Text: map[string]string{"en": "?"}, NotApplicable: true},
		}},
		{ID: "n", Type: instrument.Number, Text: map[string]string{"en": "How many?"}, MinValue: &low, Required: true},
	}, Scales: []instrument.Measure{{ID: "sc", Items: []string{"m/r"}}}}}
	raw, err := interchange.WriteCodebook(d)
	require.NoError(t, err)
	require.Equal(t, `question,type,section,scales,standard,goal,indicator,required,relevant,constraint,range,value,score,favorable,not_applicable,text_en,value_text_en
m/r,matrix,,sc,s,,,,,,,1,1,,,Bus,Bad
m/r,matrix,,sc,s,,,,,,,na,,,yes,Bus,?
n,number,,,,,,yes,,,1 to ,,,,,How many?,
`, string(raw))
}

package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/export"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func en(text string) map[string]string { return map[string]string{"en": text} }

func about() export.About {
	return export.About{
		Release: "districts/d1/releases/fall", District: "d1", InstrumentVersion: "instruments/family-survey/versions/2", Title: "Family survey", Cycle: "cycles/2026-27",
		Wave: 1, Round: 1, Minimum: 10, CreateTime: now,
		Body: instrument.Body{
			Languages: []string{"en"}, Sections: []instrument.Section{{ID: "s1", Title: en("Welcome")}},
			Items: []instrument.Item{
				{ID: "q1", Type: instrument.Scale, Section: "s1", Standard: "welcome", Text: en("=How often?"), Options: []instrument.Option{
					{ID: "1", Score: 1, Text: en("Never")}, {ID: "2", Score: 2, Favorable: true, Text: en("Always")}, {ID: "na", NotApplicable: true, Text: en("I don’t know")},
				}},
				{ID: "q2", Type: instrument.LongText, Text: en("Anything else?")},
			},
			Scales: []instrument.Measure{{ID: "all", Kind: instrument.Reflective, Title: en("All"), Items: []string{"q1"}}},
		},
	}
}

func shown(v float64) rollup.Measure { return rollup.Measure{Shown: true, Value: v} }

// page is what was said at a place: one share is shown, one count is hidden.
func page(level rollup.Level, table, parent, title string) rollup.Page {
	return rollup.Page{
		Table: table, Level: level, Place: "districts/d1/schools/" + table, Title: title, Parent: parent, Responses: rollup.Count{Shown: true, Value: 40},
		ResponseRate: rollup.Measure{Reason: "Not known."},
		Items: []rollup.ItemEstimate{{
			Item: "q1", Standard: "welcome", Answers: rollup.Count{Shown: true, Value: 38}, NotScored: rollup.Count{Reason: "Few."},
			Share:   rollup.Estimate{Value: shown(1.0 / 3), SE: shown(0.05), Low: shown(0.2), High: shown(0.42)},
			Mean:    rollup.Estimate{Value: rollup.Measure{Reason: "Few."}},
			Options: []rollup.OptionCount{{Option: "1", Count: rollup.Count{Reason: "Few."}}},
		}},
		Standards: []rollup.StandardEstimate{{Standard: "welcome", Share: rollup.Estimate{Value: shown(0.95), AtLeast: true}, Items: 1}},
		Scales:    []rollup.ScaleEstimate{{Scale: "all", Alpha: shown(0.81), Drops: []rollup.ItemDrop{{Item: "q1", Alpha: shown(0.7)}}}},
		Groups:    []rollup.GroupEstimate{{Variable: "language", Group: "es", Item: "q1", P: shown(0.04)}},
		Changes:   []rollup.Change{{Item: "q1", Before: "releases/spring", P: shown(0.2), Reading: "No difference shown."}},
		Minimum:   10,
	}
}

func pages() []rollup.Page {
	return []rollup.Page{page(rollup.District, "district-d1", "", "District One"), page(rollup.School, "school-oak", "district-d1", "=HYPERLINK(\"x\")")}
}

func written(t *testing.T, f export.Format) ([]byte, int64) {
	t.Helper()
	var out bytes.Buffer
	w, err := export.NewWriter(f, about(), &out)
	require.NoError(t, err)
	for _, p := range pages() {
		require.NoError(t, w.Page(p))
	}
	require.NoError(t, w.Close())
	return out.Bytes(), w.Rows()
}

// line is a row by the names of its columns.
func lines(t *testing.T, header []string, rows [][]string) (out []map[string]string) {
	t.Helper()
	for _, r := range rows {
		line := map[string]string{}
		for i, v := range r {
			line[header[i]] = v
		}
		out = append(out, line)
	}
	return out
}

func checkLines(t *testing.T, all []map[string]string, title string) {
	t.Helper()
	found := map[string]map[string]string{}
	for _, l := range all {
		found[l["title"]+" "+l["kind"]+" "+l["measure"]] = l
	}
	share := found["District One item favorable_share"]
	require.Equal(t, "0.3333333333333333", share["value"], "all digits")
	require.Equal(t, "0.42", share["high_95"])
	require.Equal(t, "2026-27", strings.TrimPrefix(share["cycle"], "cycles/"))
	hidden := found["District One item not_scored"]
	require.Empty(t, hidden["count"], "hidden is empty, not zero")
	require.Equal(t, "Few.", hidden["reason"])
	require.Equal(t, "at_least", found["District One standard favorable_share"]["bound"])
	require.Equal(t, "q1", found["District One scale alpha_without"]["option"])
	require.Equal(t, "0.04", found["District One group gap"]["p_adjusted"])
	require.Contains(t, found, title+" place responses")
}

func TestCSVIsForPeopleAndPrograms(t *testing.T) {
	raw, rows := written(t, export.CSV)
	all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, export.Columns, all[0])
	require.EqualValues(t, len(all)-1, rows)
	checkLines(t, lines(t, all[0], all[1:]), "'=HYPERLINK(\"x\")")
}

func TestTheWorkbookHasNoFormulas(t *testing.T) {
	raw, rows := written(t, export.XLSX)
	book, err := excelize.OpenReader(bytes.NewReader(raw))
	require.NoError(t, err)
	all, err := book.GetRows("Results", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.EqualValues(t, len(all)-1, rows)
	checkLines(t, lines(t, all[0], all[1:]), `=HYPERLINK("x")`)
	for i := range all {
		for j := range all[0] {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			formula, err := book.GetCellFormula("Results", cell)
			require.NoError(t, err)
			require.Empty(t, formula)
		}
	}
	entries, err := book.GetRows("Codebook")
	require.NoError(t, err)
	require.Greater(t, len(entries), len(export.Columns))
}

func TestParquetHasTypesAndNulls(t *testing.T) {
	raw, rows := written(t, export.Parquet)
	all, err := parquet.Read[export.Row](bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	require.Len(t, all, int(rows))
	var names []string
	file, err := parquet.OpenFile(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	for _, c := range file.Schema().Columns() {
		names = append(names, c[0])
	}
	require.ElementsMatch(t, export.Columns, names)
	for _, r := range all {
		if r.Kind == "item" && r.Measure == "not_scored" {
			require.Nil(t, r.Count)
		}
		if r.Kind == "item" && r.Measure == "answers" {
			require.EqualValues(t, 38, *r.Count)
		}
	}
}

func TestTheCodebookExplainsEveryColumn(t *testing.T) {
	raw, _ := written(t, export.Codebook)
	all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	require.NoError(t, err)
	explained := map[string]bool{}
	for _, l := range lines(t, all[0], all[1:]) {
		if l["part"] == "column" {
			require.NotEmpty(t, l["explanation"], l["name"])
			explained[l["name"]] = true
		}
		if l["part"] == "item" && l["name"] == "q1" {
			require.Equal(t, "'=How often?", l["label"])
		}
	}
	for _, c := range export.Columns {
		require.True(t, explained[c], c)
	}
}

func TestEdFiHasTheSurveyAndNobodysAnswers(t *testing.T) {
	raw, rows := written(t, export.EdFi)
	require.EqualValues(t, 4, rows)
	files, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	got := map[string][]map[string]any{}
	for _, f := range files.File {
		r, err := f.Open()
		require.NoError(t, err)
		for d := json.NewDecoder(r); d.More(); {
			var body map[string]any
			require.NoError(t, d.Decode(&body))
			got[f.Name] = append(got[f.Name], body)
		}
	}
	require.Len(t, got, 3)
	survey := got["surveys.jsonl"][0]
	require.Equal(t, "uri://ed-fi.org/SurveyCategoryDescriptor#Parent", survey["surveyCategoryDescriptor"])
	require.Equal(t, map[string]any{"schoolYear": 2027.0}, survey["schoolYearTypeReference"])
	require.InDelta(t, 40, survey["numberAdministered"], 0)
	reference := map[string]any{"namespace": survey["namespace"], "surveyIdentifier": survey["surveyIdentifier"]}
	q := got["surveyQuestions.jsonl"][0]
	require.Equal(t, reference, q["surveyReference"])
	require.Len(t, q["responseChoices"], 3)
	require.Equal(t, "Welcome", got["surveySections.jsonl"][0]["surveySectionTitle"])
}

// memory is a store and a source of many pages.
type memory struct {
	export.Store
	kept  map[string]export.Export
	pages int
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) AddExport(_ context.Context, e export.Export) error {
	m.kept[e.ID] = e
	return nil
}

func (m *memory) Export(_ context.Context, _, _, id string) (export.Export, error) {
	if e, ok := m.kept[id]; ok {
		return e, nil
	}
	return export.Export{}, problem.NotFound("exports/" + id)
}

func (m *memory) Expired(context.Context) (out []export.Export, _ error) {
	for _, e := range m.kept {
		out = append(out, e)
	}
	return out, nil
}

func (m *memory) DeleteExport(_ context.Context, e export.Export) error {
	delete(m.kept, e.ID)
	return nil
}

func (m *memory) About(_ context.Context, _, release string) (export.About, error) {
	if release != "fall" {
		return export.About{}, problem.NotFound("releases/" + release)
	}
	a := about()
	a.Pages = m.pages
	return a, nil
}

func (m *memory) Pages(_ context.Context, _, _, after string, limit int) (out []rollup.Page, _ error) {
	for i := range m.pages {
		if id := fmt.Sprintf("school-%05d", i); id > after && len(out) < limit {
			out = append(out, page(rollup.School, id, "district-d1", id))
		}
	}
	return out, nil
}

func TestAFileIsMadeWholeAndReadInPieces(t *testing.T) {
	blobs, err := blob.Open(t.Context(), "mem://")
	require.NoError(t, err)
	m := &memory{kept: map[string]export.Export{}, pages: 250}
	s := export.NewService(m, m, blobs, clock.NewFake(now))
	_, _, err = s.Plan(t.Context(), "d1", "fall", 99)
	require.True(t, problem.Is(err, problem.KindInvalid))
	_, _, err = s.Plan(t.Context(), "d1", "winter", export.CSV)
	require.True(t, problem.Is(err, problem.KindNotFound))
	e, total, err := s.Plan(t.Context(), "d1", "fall", export.CSV)
	require.NoError(t, err)
	require.Equal(t, 250, total)

	broken := errors.New("cut off")
	_, err = s.Make(t.Context(), e, func(pages int) error {
		if pages > 100 {
			return broken
		}
		return nil
	}, nil)
	require.ErrorIs(t, err, broken)
	_, err = s.Get(t.Context(), "d1", "fall", e.ID)
	require.True(t, problem.Is(err, problem.KindNotFound), "half a file is none")

	var told []int
	finished := 0
	progress := func(pages int) error { told = append(told, pages); return nil }
	made, err := s.Make(t.Context(), e, progress, func(context.Context, export.Export) error { finished++; return nil })
	require.NoError(t, err)
	require.Equal(t, []int{100, 200, 250}, told)
	again, err := s.Make(t.Context(), e, progress, func(context.Context, export.Export) error { finished++; return nil })
	require.NoError(t, err)
	require.Equal(t, 1, finished, "what is made is made")
	require.Equal(t, m.kept[e.ID], again)
	require.NotEmpty(t, made.SHA256)

	var whole []byte
	for {
		_, piece, err := s.Read(t.Context(), "d1", "fall", e.ID, int64(len(whole)), 10_007)
		require.NoError(t, err)
		if len(piece) == 0 {
			break
		}
		whole = append(whole, piece...)
	}
	require.EqualValues(t, made.Size, len(whole))
	all, err := csv.NewReader(bytes.NewReader(whole)).ReadAll()
	require.NoError(t, err)
	require.EqualValues(t, made.Rows, len(all)-1)

	require.NoError(t, s.Clean(t.Context()))
	_, _, err = s.Read(t.Context(), "d1", "fall", e.ID, 0, 1)
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = blobs.Read(t.Context(), m.kept[e.ID].Key)
	require.Error(t, err)
}

func TestNamesOfTheStateAndOfDistricts(t *testing.T) {
	e := export.Export{District: tenant.State, Release: "r", ID: "x", Format: export.EdFi}
	require.Equal(t, "releases/r/exports/x", e.Name())
	require.Equal(t, "tandem-r.ed-fi.zip", e.Filename())
	e.District = "d1"
	require.Equal(t, "districts/d1/releases/r/exports/x", e.Name())
	_, err := export.NewWriter(export.CSV, about(), io.Discard)
	require.NoError(t, err)
}

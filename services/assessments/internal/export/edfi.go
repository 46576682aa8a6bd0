package export

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Ed-Fi's Survey domain (Ed-Fi Data Standard 4 and 5, resources surveys,
// surveySections, surveyQuestions). Its resources for answers hold one person's
// answers each and are left out: nothing of one answer is published. Descriptors
// are those of the standard's default set where it has one.
const (
	edfiNamespace   = "uri://tandem-badges.org"
	edfiFormChoice  = "uri://ed-fi.org/QuestionFormDescriptor#Radio box"
	edfiFormSeveral = "uri://ed-fi.org/QuestionFormDescriptor#Checkbox"
	edfiFormMatrix  = "uri://ed-fi.org/QuestionFormDescriptor#Matrix of dropdowns"
	edfiFormRanking = "uri://ed-fi.org/QuestionFormDescriptor#Ranking"
	edfiFormText    = "uri://ed-fi.org/QuestionFormDescriptor#Textbox"
	edfiMostText    = 1024 // characters of a question
	edfiMostChoice  = 255  // characters of a choice
	edfiMostTitle   = 255
)

var edfiCategories = map[instrument.Audience]string{
	instrument.Families: "Parent", "": "Parent", instrument.Staff: "Teacher", instrument.Students: "Student",
}

type object = map[string]any

type edfiWriter struct {
	zip   *zip.Writer
	about About
	rows  int64
	done  bool
}

func newEdFi(about About, to io.Writer) (*edfiWriter, error) {
	return &edfiWriter{zip: zip.NewWriter(to), about: about}, nil
}

// Page adds the survey when the first page comes: how many answered the whole of
// it, where that is shown.
func (w *edfiWriter) Page(p rollup.Page) error {
	if w.done || p.Parent != "" {
		return nil
	}
	w.done = true
	return w.survey(p.Responses)
}

func (w *edfiWriter) survey(administered rollup.Count) error {
	category, ok := edfiCategories[w.about.Body.Audience]
	if !ok {
		category = "Other"
	}
	survey := object{
		"namespace": edfiNamespace, "surveyIdentifier": w.identifier(), "surveyTitle": cut(w.about.Title, edfiMostTitle),
		"surveyCategoryDescriptor": "uri://ed-fi.org/SurveyCategoryDescriptor#" + category,
		"schoolYearTypeReference":  object{"schoolYear": schoolYear(w.about)},
	}
	if administered.Shown {
		survey["numberAdministered"] = administered.Value
	}
	if err := w.file("surveys", survey); err != nil {
		return err
	}
	if err := w.file("surveySections", w.sections()...); err != nil {
		return err
	}
	return w.file("surveyQuestions", w.questions()...)
}

// identifier is one for each wave of an instrument's edition.
func (w *edfiWriter) identifier() string {
	edition := strings.NewReplacer("instruments/", "", "/versions/", "-").Replace(w.about.InstrumentVersion)
	return cut(fmt.Sprintf("%s-%s-%d", edition, strings.TrimPrefix(w.about.Cycle, "cycles/"), w.about.Wave), 60)
}

func (w *edfiWriter) reference() object {
	return object{"namespace": edfiNamespace, "surveyIdentifier": w.identifier()}
}

func (w *edfiWriter) sections() (out []object) {
	for _, s := range w.about.Body.Sections {
		out = append(out, object{"surveyReference": w.reference(), "surveySectionTitle": w.sectionTitle(s)})
	}
	return out
}

func (w *edfiWriter) sectionTitle(s instrument.Section) string {
	return cut(in(s.Title, w.about.Body.Languages), edfiMostTitle)
}

func (w *edfiWriter) questions() (out []object) {
	for _, item := range w.about.Body.Items {
		q := object{
			"surveyReference": w.reference(), "questionCode": cut(item.ID, 60),
			"questionText": cut(in(item.Text, w.about.Body.Languages), edfiMostText), "questionFormDescriptor": questionForm(item.Type),
		}
		if s, ok := w.about.Body.Section(item.Section); ok {
			q["surveySectionReference"] = object{"namespace": edfiNamespace, "surveyIdentifier": w.identifier(), "surveySectionTitle": w.sectionTitle(s)}
		}
		if len(item.Options) > 0 {
			q["responseChoices"] = w.choices(item)
		}
		if len(item.Rows) > 0 {
			q["matrices"] = w.matrices(item)
		}
		out = append(out, q)
	}
	return out
}

func (w *edfiWriter) choices(item instrument.Item) (out []object) {
	for i, o := range item.Options {
		choice := object{"sortOrder": i + 1, "textValue": cut(in(o.Text, w.about.Body.Languages), edfiMostChoice)}
		if o.Score != 0 {
			choice["numericValue"] = o.Score
		}
		out = append(out, choice)
	}
	return out
}

func (w *edfiWriter) matrices(item instrument.Item) (out []object) {
	low, high := item.Range()
	for _, r := range item.Rows {
		m := object{"matrixElement": cut(in(r.Text, w.about.Body.Languages), edfiMostChoice)}
		if high > 0 {
			m["minRawScore"], m["maxRawScore"] = low, high
		}
		out = append(out, m)
	}
	return out
}

func questionForm(t instrument.Type) string {
	switch t {
	case instrument.Scale, instrument.SingleChoice:
		return edfiFormChoice
	case instrument.MultipleChoice:
		return edfiFormSeveral
	case instrument.Matrix:
		return edfiFormMatrix
	case instrument.Ranking:
		return edfiFormRanking
	default:
		return edfiFormText
	}
}

// file adds resources as JSON lines.
func (w *edfiWriter) file(resource string, bodies ...object) error {
	to, err := w.zip.Create(resource + ".jsonl")
	if err != nil {
		return err
	}
	lines := json.NewEncoder(to)
	lines.SetEscapeHTML(false)
	for _, b := range bodies {
		if err := lines.Encode(b); err != nil {
			return err
		}
		w.rows++
	}
	return nil
}

// Rows is how many resources were written.
func (w *edfiWriter) Rows() int64 { return w.rows }

// Close ends the file.
func (w *edfiWriter) Close() error {
	if !w.done {
		if err := w.survey(rollup.Count{}); err != nil {
			return err
		}
	}
	return w.zip.Close()
}

var years = regexp.MustCompile(`(\d{4})(?:-(\d{2}|\d{4}))?`)

// schoolYear is the calendar year in which the cycle ends, as Ed-Fi counts: 2027 for
// cycles/2026-27. A cycle without years has the year after its release.
func schoolYear(about About) int {
	m := years.FindStringSubmatch(about.Cycle)
	if m == nil {
		return about.CreateTime.Year() + 1
	}
	first, _ := strconv.Atoi(m[1])
	if m[2] == "" {
		return first + 1
	}
	last, _ := strconv.Atoi(m[2])
	if last < 100 {
		last += first / 100 * 100
	}
	if last < first {
		last += 100
	}
	return last
}

// cut bounds a text by characters.
func cut(s string, most int) string {
	r := []rune(s)
	return string(r[:min(most, len(r))])
}

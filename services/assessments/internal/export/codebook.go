package export

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// codebookColumns are the columns of a codebook.
var codebookColumns = []string{"part", "name", "value", "label", "explanation"}

// entry is one line of a codebook.
type entry struct{ part, name, value, label, explanation string }

func (e entry) fields() []string {
	return []string{e.part, e.name, e.value, e.label, e.explanation}
}

// columnNotes explain the columns of a file.
var columnNotes = map[string]string{
	"release":        "Name of the release. What a release says never changes.",
	"cycle":          "School year.",
	"wave":           "Number of the survey in its cycle.",
	"round":          "Number of the release of this wave; a later one takes in late answers.",
	"kind":           "What the line is about: place, item, option, standard, scale, group, gap or change.",
	"level":          "Level of the place: school, feeder, district, region or state.",
	"place":          "Resource name of the place; empty for the state.",
	"title":          "Name of the place.",
	"parent_table":   "Table of the place above.",
	"standard":       "Standard that the item speaks to.",
	"item":           "Item, or item/row of a matrix, or item/option of a choice of several; for scales the scale.",
	"option":         "Answer that was chosen; for alpha_without the item that was left out.",
	"group_variable": "What groups are told apart by.",
	"group":          "The group.",
	"measure":        "What the number is: responses, response_rate (AAPOR RR2), answers, not_scored, favorable_share, mean_score, alpha, omega, alpha_without, gap, staff_less_families.",
	"count":          "A number of people or answers.",
	"value":          "The estimate; shares from 0 to 1.",
	"standard_error": "Standard error of the estimate.",
	"low_95":         "Lower end of the 95 percent interval.",
	"high_95":        "Upper end of the 95 percent interval.",
	"bound":          "at_most or at_least: the value is a bound, since nearly all or nearly nobody answered so.",
	"p_adjusted":     "p of the difference, adjusted for how many were tested.",
	"reason":         "Why a number is hidden or approximate. An empty number is hidden, never zero.",
	"reading":        "The difference in words.",
}

// entries explain a release: its columns, then its questionnaire.
func entries(about About) []entry {
	out := []entry{
		{"release", "instrument", about.InstrumentVersion, about.Title, ""},
		{"release", "minimum_cell", strconv.Itoa(about.Minimum), "", "Counts of fewer people are hidden, and others with them that would give them away."},
	}
	for _, c := range Columns {
		out = append(out, entry{"column", c, "", "", columnNotes[c]})
	}
	for _, item := range about.Body.Items {
		out = append(out, itemEntries(item, about.Body.Languages)...)
	}
	for _, s := range about.Body.Scales {
		out = append(out, entry{"scale", s.ID, string(s.Kind), in(s.Title, about.Body.Languages), "Items: " + strings.Join(s.Items, ", ")})
	}
	return out
}

func itemEntries(item instrument.Item, languages []string) []entry {
	out := []entry{{"item", item.ID, string(item.Type), in(item.Text, languages), said("standard", item.Standard, "indicator", item.Indicator)}}
	for _, r := range item.Rows {
		out = append(out, entry{"item", item.ID + "/" + r.ID, "matrix row", in(r.Text, languages), said("standard", r.Standard, "indicator", r.Indicator)})
	}
	for _, o := range item.Options {
		var notes []string
		if o.Score != 0 {
			notes = append(notes, "score "+strconv.Itoa(o.Score))
		}
		if o.Favorable {
			notes = append(notes, "favorable")
		}
		if o.NotApplicable {
			notes = append(notes, "never scored")
		}
		out = append(out, entry{"option", item.ID, o.ID, in(o.Text, languages), strings.Join(notes, ", ")})
	}
	return out
}

// in is a text in the first language that has it.
func in(text map[string]string, languages []string) string {
	for _, l := range languages {
		if t := text[l]; t != "" {
			return t
		}
	}
	return ""
}

// said lists what is known of pairs of name and value.
func said(pairs ...string) string {
	var out []string
	for p := range slices.Chunk(pairs, 2) {
		if p[1] != "" {
			out = append(out, p[0]+" "+p[1])
		}
	}
	return strings.Join(out, ", ")
}

type codebookWriter struct {
	*table
	about About
}

func newCodebook(about About, to io.Writer) (*codebookWriter, error) {
	t, err := newTable(to, codebookColumns)
	return &codebookWriter{t, about}, err
}

// Page adds nothing: a codebook is about the questionnaire.
func (w *codebookWriter) Page(rollup.Page) error { return nil }

// Close writes the codebook.
func (w *codebookWriter) Close() error {
	for _, e := range entries(w.about) {
		if err := w.line(anyOf(e.fields())...); err != nil {
			return err
		}
	}
	return w.table.Close()
}

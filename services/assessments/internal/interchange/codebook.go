package interchange

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/spreadsheet"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// WriteCodebook writes a line for each value that an answer can have, and one for each
// question whose answers are no options. Exported answers use the same names.
func WriteCodebook(d Document) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	head := []string{"question", "type", "section", "scales", "standard", "goal", "indicator", "required", "relevant", "constraint", "range", "value", "score", "favorable", "not_applicable"}
	for _, l := range d.Body.Languages {
		head = append(head, "text_"+l, "value_text_"+l)
	}
	if err := w.Write(cells(head)); err != nil {
		return nil, err
	}
	for _, it := range d.Body.Items {
		for _, q := range it.Questions() {
			if err := w.WriteAll(lines(d.Body, it, q)); err != nil {
				return nil, err
			}
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

func lines(b instrument.Body, it instrument.Item, q instrument.Question) [][]string {
	about := []string{
		q.ID, string(q.Type), it.Section, strings.Join(scalesOf(b, q.ID), " "), q.Standard, q.Goal, q.Indicator,
		yes(q.Required), it.Relevant, it.Constraint, span(it),
	}
	line := func(o instrument.Option, value ...string) []string {
		out := append(append([]string(nil), about...), value...)
		for _, l := range b.Languages {
			out = append(out, q.Text[l], o.Text[l])
		}
		return cells(out)
	}
	if len(q.Options) == 0 {
		return [][]string{line(instrument.Option{}, "", "", "", "")}
	}
	var out [][]string
	for _, o := range q.Options {
		score := ""
		if o.Score != 0 {
			score = strconv.Itoa(o.Score)
		}
		out = append(out, line(o, o.ID, score, yes(o.Favorable), yes(o.NotApplicable)))
	}
	return out
}

func scalesOf(b instrument.Body, question string) []string {
	var out []string
	for _, m := range b.Scales {
		for _, id := range m.Items {
			if id == question {
				out = append(out, m.ID)
			}
		}
	}
	return out
}

// span is what an answer without options may be.
func span(it instrument.Item) string {
	low, high := it.MinDate, it.MaxDate
	if it.MinValue != nil {
		low = expression.Number(*it.MinValue)
	}
	if it.MaxValue != nil {
		high = expression.Number(*it.MaxValue)
	}
	if it.Type.Free() {
		high = strconv.Itoa(it.Limit()) + " characters"
	}
	if low == "" && high == "" {
		return ""
	}
	return low + " to " + high
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// cells are safe to open in a spreadsheet.
func cells(line []string) []string {
	out := make([]string, len(line))
	for i, c := range line {
		out[i] = spreadsheet.Text(c)
	}
	return out
}

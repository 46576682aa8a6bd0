package api

import (
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// encodeForm encodes a questionnaire in one language. What the door to it adds, such as
// the school, is not known here. Scores are for previews: see withoutScores.
func encodeForm(f instrument.Form) *assessmentsv1.Form {
	return &assessmentsv1.Form{
		Language: f.Language, Languages: f.Languages, Direction: f.Direction, EstimatedMinutes: int32(f.Minutes), //nolint:gosec // a few
		Sections: encodeAll(f.Sections, func(s instrument.FormSection) *assessmentsv1.FormSection {
			return &assessmentsv1.FormSection{Id: s.ID, Title: s.Title, Text: s.Text, Relevant: s.Relevant}
		}),
		Items: encodeAll(f.Items, encodeFormItem),
	}
}

func encodeFormItem(i instrument.FormItem) *assessmentsv1.FormItem {
	item := &assessmentsv1.FormItem{
		Id: i.ID, Type: itemTypes()[i.Type], Text: i.Text, Required: i.Required, Section: i.Section, Hint: i.Hint,
		Relevant: i.Relevant, Constraint: i.Constraint, ConstraintMessage: i.Message,
		MinValue: i.MinValue, MaxValue: i.MaxValue, Integer: i.Integer, MinDate: i.MinDate, MaxDate: i.MaxDate,
		Language: i.Language, RelevantItems: i.RelevantItems,
		Options: encodeAll(i.Options, encodeFormOption),
		Rows: encodeAll(i.Rows, func(r instrument.FormRow) *assessmentsv1.FormRow {
			return &assessmentsv1.FormRow{Id: r.ID, Text: r.Text, Required: r.Required}
		}),
	}
	if i.Type.Free() {
		item.MaxLength = int32(i.Limit()) //nolint:gosec // at most 4000
	}
	if i.Type == instrument.MultipleChoice || i.Type == instrument.Ranking {
		fewest, most := i.Choices()
		item.MinChoices, item.MaxChoices = int32(fewest), int32(most) //nolint:gosec // at most 50
	}
	return item
}

func encodeFormOption(o instrument.FormOption) *assessmentsv1.FormOption {
	return &assessmentsv1.FormOption{
		Id: o.ID, Text: o.Text, NotApplicable: o.NotApplicable, Exclusive: o.Exclusive || o.NotApplicable,
		Score: int32(o.Score), //nolint:gosec // came as int32
	}
}

// withoutScores takes out of a form what respondents have no use for.
func withoutScores(f *assessmentsv1.Form) *assessmentsv1.Form {
	for _, i := range f.GetItems() {
		for _, o := range i.GetOptions() {
			o.Score = 0
		}
	}
	return f
}

package api

import (
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func encodeInstrumentVersion(e instrument.Version) *assessmentsv1.InstrumentVersion {
	b := e.Body
	return &assessmentsv1.InstrumentVersion{
		Name: instrument.Kind().VersionName(e.Family, e.ID), Title: e.Title, State: assessmentsv1.PublishState(e.State), //nolint:gosec // 1 or 2
		FrameworkVersion: b.FrameworkVersion, Languages: b.Languages, Items: encodeAll(b.Items, encodeItem),
		Sections: encodeAll(b.Sections, func(s instrument.Section) *assessmentsv1.Section {
			return &assessmentsv1.Section{Id: s.ID, Title: s.Title, Text: s.Text, Relevant: s.Relevant}
		}),
		Scales: encodeAll(b.Scales, func(m instrument.Measure) *assessmentsv1.Scale {
			return &assessmentsv1.Scale{Id: m.ID, Title: m.Title, Kind: measureKinds()[m.Kind], Items: m.Items, Standard: m.Standard}
		}),
		Audience: audiences()[b.Audience], ParallelInstrument: b.Parallel,
		EstimatedMinutes: int32(b.Minutes("")), //nolint:gosec // a few
		PublishTime:      stamp(e.PublishTime), CreateTime: stamp(e.CreateTime), UpdateTime: stamp(e.UpdateTime), Etag: etag.Of(e.Version),
	}
}

func decodeInstrument(v *assessmentsv1.InstrumentVersion) instrument.Body {
	return instrument.Body{
		FrameworkVersion: v.GetFrameworkVersion(), Languages: v.GetLanguages(),
		Audience: nameOf(audiences(), v.GetAudience()), Parallel: v.GetParallelInstrument(),
		Sections: encodeAll(v.GetSections(), func(s *assessmentsv1.Section) instrument.Section {
			return instrument.Section{ID: s.GetId(), Title: s.GetTitle(), Text: s.GetText(), Relevant: s.GetRelevant()}
		}),
		Items: encodeAll(v.GetItems(), decodeItem),
		Scales: encodeAll(v.GetScales(), func(m *assessmentsv1.Scale) instrument.Measure {
			return instrument.Measure{
				ID: m.GetId(), Title: m.GetTitle(), Kind: nameOf(measureKinds(), m.GetKind()), Items: m.GetItems(), Standard: m.GetStandard(),
			}
		}),
	}
}

// nameOf is the domain's word for a number of the API; empty for none.
func nameOf[K comparable, N comparable](names map[K]N, number N) K {
	for name, n := range names {
		if n == number {
			return name
		}
	}
	var none K
	return none
}

// itemTypes are the types of items in both spellings.
func itemTypes() map[instrument.Type]assessmentsv1.ItemType {
	return map[instrument.Type]assessmentsv1.ItemType{
		instrument.Scale:          assessmentsv1.ItemType_ITEM_TYPE_SCALE,
		instrument.SingleChoice:   assessmentsv1.ItemType_ITEM_TYPE_SINGLE_CHOICE,
		instrument.Text:           assessmentsv1.ItemType_ITEM_TYPE_TEXT,
		instrument.MultipleChoice: assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE,
		instrument.Matrix:         assessmentsv1.ItemType_ITEM_TYPE_MATRIX,
		instrument.Number:         assessmentsv1.ItemType_ITEM_TYPE_NUMBER,
		instrument.Date:           assessmentsv1.ItemType_ITEM_TYPE_DATE,
		instrument.Ranking:        assessmentsv1.ItemType_ITEM_TYPE_RANKING,
		instrument.LongText:       assessmentsv1.ItemType_ITEM_TYPE_LONG_TEXT,
	}
}

// measureKinds are the kinds of scales in both spellings.
func measureKinds() map[instrument.MeasureKind]assessmentsv1.ScaleKind {
	return map[instrument.MeasureKind]assessmentsv1.ScaleKind{
		instrument.Reflective: assessmentsv1.ScaleKind_SCALE_KIND_REFLECTIVE,
		instrument.Composite:  assessmentsv1.ScaleKind_SCALE_KIND_COMPOSITE,
	}
}

// audiences are those who are asked in both spellings.
func audiences() map[instrument.Audience]assessmentsv1.Audience {
	return map[instrument.Audience]assessmentsv1.Audience{
		instrument.Families:     assessmentsv1.Audience_AUDIENCE_FAMILY,
		instrument.Staff:        assessmentsv1.Audience_AUDIENCE_STAFF,
		instrument.Students:     assessmentsv1.Audience_AUDIENCE_STUDENT,
		instrument.Team:         assessmentsv1.Audience_AUDIENCE_TEAM,
		instrument.District:     assessmentsv1.Audience_AUDIENCE_DISTRICT,
		instrument.Participants: assessmentsv1.Audience_AUDIENCE_PARTICIPANT,
	}
}

func encodeItem(i instrument.Item) *assessmentsv1.Item {
	return &assessmentsv1.Item{
		Id: i.ID, Type: itemTypes()[i.Type], Text: i.Text, Standard: i.Standard, Indicator: i.Indicator, Goal: i.Goal,
		Required: i.Required, MaxLength: int32(i.MaxLength), //nolint:gosec // at most 4000
		Section: i.Section, Hint: i.Hint, Relevant: i.Relevant, Constraint: i.Constraint, ConstraintMessage: i.Message,
		MinValue: i.MinValue, MaxValue: i.MaxValue, Integer: i.Integer, MinDate: i.MinDate, MaxDate: i.MaxDate,
		MinChoices: int32(i.MinChoices), MaxChoices: int32(i.MaxChoices), //nolint:gosec // at most 50
		Rows: encodeAll(i.Rows, func(r instrument.Row) *assessmentsv1.MatrixRow {
			return &assessmentsv1.MatrixRow{Id: r.ID, Text: r.Text, Standard: r.Standard, Goal: r.Goal, Indicator: r.Indicator, Required: r.Required}
		}),
		Options: encodeAll(i.Options, func(o instrument.Option) *assessmentsv1.Option {
			return &assessmentsv1.Option{
				Id: o.ID, Text: o.Text, Score: int32(o.Score), Favorable: o.Favorable, NotApplicable: o.NotApplicable, Exclusive: o.Exclusive, //nolint:gosec // came as int32
			}
		}),
	}
}

func decodeItem(i *assessmentsv1.Item) instrument.Item {
	return instrument.Item{
		ID: i.GetId(), Type: nameOf(itemTypes(), i.GetType()), Text: i.GetText(), Standard: i.GetStandard(), Goal: i.GetGoal(), Indicator: i.GetIndicator(),
		Required: i.GetRequired(), MaxLength: int(i.GetMaxLength()),
		Section: i.GetSection(), Hint: i.GetHint(), Relevant: i.GetRelevant(), Constraint: i.GetConstraint(), Message: i.GetConstraintMessage(),
		MinValue: i.MinValue, MaxValue: i.MaxValue, Integer: i.GetInteger(), MinDate: i.GetMinDate(), MaxDate: i.GetMaxDate(),
		MinChoices: int(i.GetMinChoices()), MaxChoices: int(i.GetMaxChoices()),
		Rows: encodeAll(i.GetRows(), func(r *assessmentsv1.MatrixRow) instrument.Row {
			return instrument.Row{
				ID: r.GetId(), Text: r.GetText(), Standard: r.GetStandard(), Goal: r.GetGoal(), Indicator: r.GetIndicator(), Required: r.GetRequired(),
			}
		}),
		Options: encodeAll(i.GetOptions(), func(o *assessmentsv1.Option) instrument.Option {
			return instrument.Option{
				ID: o.GetId(), Text: o.GetText(), Score: int(o.GetScore()), Favorable: o.GetFavorable(), NotApplicable: o.GetNotApplicable(), Exclusive: o.GetExclusive(),
			}
		}),
	}
}

package api

import (
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// EncodeStateRelease encodes a statewide release, also as the response of its operation.
func EncodeStateRelease(r rollup.Release) *assessmentsv1.StateRelease {
	return &assessmentsv1.StateRelease{
		Name: r.Name(), Instrument: r.Instrument, InstrumentVersion: r.InstrumentVersion, FrameworkVersion: r.FrameworkVersion, Cycle: r.Cycle,
		Wave: int32(r.Wave), Round: int32(r.Round), Districts: int32(r.Districts), Schools: int32(r.Schools), MinimumCell: int32(r.Minimum), //nolint:gosec // some thousands
		Digest: r.Digest, CreateTime: stamp(r.CreateTime), Audit: encodeAudit(r.Audit),
	}
}

func encodeAudit(a rollup.Audit) *assessmentsv1.ReleaseAudit {
	return &assessmentsv1.ReleaseAudit{
		Shown: a.Shown, Hidden: a.Hidden, Primary: a.Primary, Recoverable: a.Recoverable, TooNarrow: a.TooNarrow, Narrowest: a.Narrowest, Required: a.Required,
		EarlierReleases: int32(a.Earlier), Method: a.Method, EpsilonSpent: a.Epsilon, //nolint:gosec // a few
	}
}

// encodeTable encodes a page of the release of this name.
func encodeTable(release string, p rollup.Page) *assessmentsv1.ResultTable {
	out := &assessmentsv1.ResultTable{
		Name: release + "/tables/" + p.Table, Release: release, Level: assessmentsv1.RollUpLevel(p.Level), Place: p.Place, Title: p.Title, //nolint:gosec // one of five
		Responses: encodeCount(p.Responses), ResponseRate: encodeMeasure(p.ResponseRate), UnitProven: p.UnitProven, Weighted: p.Weighted,
		Items: encodeAll(p.Items, encodeItemEstimate), Standards: encodeAll(p.Standards, encodeStandardEstimate), Scales: encodeAll(p.Scales, encodeScale),
		Groups: encodeAll(p.Groups, encodeGroup), Gaps: encodeAll(p.Gaps, encodeGap), Changes: encodeAll(p.Changes, encodeWaveChange),
		Notes: p.Notes, MinimumCell: int32(p.Minimum), //nolint:gosec // at most 30
	}
	if p.Parent != "" {
		out.ParentTable = release + "/tables/" + p.Parent
	}
	return out
}

func encodeItemEstimate(i rollup.ItemEstimate) *assessmentsv1.ItemEstimate {
	return &assessmentsv1.ItemEstimate{
		Item: i.Item, Standard: i.Standard, Answers: encodeCount(i.Answers), FavorableShare: encodeEstimate(i.Share), MeanScore: encodeEstimate(i.Mean),
		NotScored: encodeCount(i.NotScored),
		Options: encodeAll(i.Options, func(o rollup.OptionCount) *assessmentsv1.OptionCount {
			return &assessmentsv1.OptionCount{Option: o.Option, Count: encodeCount(o.Count)}
		}),
	}
}

func encodeEstimate(e rollup.Estimate) *assessmentsv1.Estimate {
	return &assessmentsv1.Estimate{
		Value: encodeMeasure(e.Value), StandardError: encodeMeasure(e.SE), Low: encodeMeasure(e.Low), High: encodeMeasure(e.High), AtMost: e.AtMost, AtLeast: e.AtLeast,
	}
}

func encodeStandardEstimate(s rollup.StandardEstimate) *assessmentsv1.StandardEstimate {
	return &assessmentsv1.StandardEstimate{Standard: s.Standard, FavorableShare: encodeEstimate(s.Share), Items: int32(s.Items)} //nolint:gosec // at most some hundreds
}

func encodeScale(s rollup.ScaleEstimate) *assessmentsv1.ScaleEstimate {
	return &assessmentsv1.ScaleEstimate{
		Scale: s.Scale, MeanScore: encodeEstimate(s.Mean), Alpha: encodeMeasure(s.Alpha), Omega: encodeMeasure(s.Omega),
		Drops: encodeAll(s.Drops, func(d rollup.ItemDrop) *assessmentsv1.ItemDrop {
			return &assessmentsv1.ItemDrop{Item: d.Item, Alpha: encodeMeasure(d.Alpha)}
		}),
	}
}

func encodeGroup(g rollup.GroupEstimate) *assessmentsv1.GroupEstimate {
	return &assessmentsv1.GroupEstimate{
		Variable: g.Variable, Group: g.Group, Item: g.Item, Answers: encodeCount(g.Answers), FavorableShare: encodeEstimate(g.Share), Gap: encodeEstimate(g.Gap),
		PValue: encodeMeasure(g.P),
	}
}

func encodeGap(g rollup.Gap) *assessmentsv1.PerceptionGap {
	return &assessmentsv1.PerceptionGap{
		Item: g.Item, Standard: g.Standard, FamilyShare: encodeMeasure(g.Family), StaffShare: encodeMeasure(g.Staff), Gap: encodeEstimate(g.Gap),
		PValue: encodeMeasure(g.P), Reading: g.Reading,
	}
}

func encodeWaveChange(c rollup.Change) *assessmentsv1.WaveChange {
	return &assessmentsv1.WaveChange{
		Item: c.Item, Standard: c.Standard, BeforeRelease: c.Before, Change: encodeEstimate(c.Change), PValue: encodeMeasure(c.P), Reading: c.Reading,
	}
}

// encodeLine encodes lines of the release of this name.
func encodeLine(release string) func(l rollup.Line) *assessmentsv1.TableSummary {
	return func(l rollup.Line) *assessmentsv1.TableSummary {
		return &assessmentsv1.TableSummary{
			Table: release + "/tables/" + l.Table, Level: assessmentsv1.RollUpLevel(l.Level), Place: l.Place, Title: l.Title, //nolint:gosec // one of five
			Responses: encodeCount(l.Responses), ResponseRate: encodeMeasure(l.ResponseRate), Standards: encodeAll(l.Standards, encodeStandardEstimate),
			Children: int32(l.Children), //nolint:gosec // some thousands
		}
	}
}

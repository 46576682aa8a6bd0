package export

import (
	"strconv"

	"github.com/tandem-badges/tandem/services/kit/spreadsheet"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// What a row is about.
const (
	ofPlace    = "place"
	ofItem     = "item"
	ofOption   = "option"
	ofStandard = "standard"
	ofScale    = "scale"
	ofGroup    = "group"
	ofGap      = "gap"
	ofChange   = "change"
)

// Row is one line of a file: one quantity at one place. Numbers that are hidden or
// have no meaning for the kind of row are nil, and Reason tells why one is hidden.
type Row struct {
	Release  string   `parquet:"release,dict"`
	Cycle    string   `parquet:"cycle,dict"`
	Wave     int32    `parquet:"wave"`
	Round    int32    `parquet:"round"`
	Kind     string   `parquet:"kind,dict"`
	Level    string   `parquet:"level,dict"`
	Place    string   `parquet:"place,dict"`
	Title    string   `parquet:"title,dict"`
	Parent   string   `parquet:"parent_table,dict"`
	Standard string   `parquet:"standard,dict"`
	Item     string   `parquet:"item,dict"`
	Option   string   `parquet:"option,dict"`
	Variable string   `parquet:"group_variable,dict"`
	Group    string   `parquet:"group,dict"`
	Measure  string   `parquet:"measure,dict"`
	Count    *int64   `parquet:"count,optional"`
	Value    *float64 `parquet:"value,optional"`
	SE       *float64 `parquet:"standard_error,optional"`
	Low      *float64 `parquet:"low_95,optional"`
	High     *float64 `parquet:"high_95,optional"`
	Bound    string   `parquet:"bound,dict"`
	P        *float64 `parquet:"p_adjusted,optional"`
	Reason   string   `parquet:"reason,dict"`
	Reading  string   `parquet:"reading,dict"`
}

// Columns are the names of a row's fields, in order, as files have them.
var Columns = []string{
	"release", "cycle", "wave", "round", "kind", "level", "place", "title", "parent_table", "standard", "item", "option", "group_variable", "group",
	"measure", "count", "value", "standard_error", "low_95", "high_95", "bound", "p_adjusted", "reason", "reading",
}

// fields are the values of a row, in the order of Columns; nil for none.
func (r Row) fields() []any {
	return []any{
		r.Release, r.Cycle, int64(r.Wave), int64(r.Round), r.Kind, r.Level, r.Place, r.Title, r.Parent, r.Standard, r.Item, r.Option, r.Variable, r.Group,
		r.Measure, r.Count, r.Value, r.SE, r.Low, r.High, r.Bound, r.P, r.Reason, r.Reading,
	}
}

// text is a field as CSV has it. Numbers have all their digits.
func text(field any) string {
	switch v := field.(type) {
	case string:
		return spreadsheet.Text(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case *int64:
		if v != nil {
			return strconv.FormatInt(*v, 10)
		}
	case *float64:
		if v != nil {
			return strconv.FormatFloat(*v, 'f', -1, 64)
		}
	}
	return ""
}

// rowsOf lists all that a page says.
func rowsOf(about About, p rollup.Page) []Row {
	base := Row{
		Release: about.Release, Cycle: about.Cycle, Wave: int32(about.Wave), Round: int32(about.Round), //nolint:gosec // at most some dozens
		Level: p.Level.String(), Place: p.Place, Title: p.Title, Parent: p.Parent,
	}
	rows := []Row{
		base.of(ofPlace, "responses").count(p.Responses),
		base.of(ofPlace, "response_rate").measure(p.ResponseRate),
	}
	for _, i := range p.Items {
		rows = append(rows, itemRows(base, i)...)
	}
	for _, s := range p.Standards {
		row := base.of(ofStandard, "favorable_share").estimate(s.Share)
		row.Standard = s.Standard
		rows = append(rows, row)
	}
	for _, s := range p.Scales {
		rows = append(rows, scaleRows(base, s)...)
	}
	for _, g := range p.Groups {
		rows = append(rows, groupRows(base, g)...)
	}
	for _, g := range p.Gaps {
		row := base.of(ofGap, "staff_less_families").estimate(g.Gap)
		row.Item, row.Standard, row.P, row.Reading = g.Item, g.Standard, number(g.P), g.Reading
		rows = append(rows, row)
	}
	for _, c := range p.Changes {
		row := base.of(ofChange, "favorable_share").estimate(c.Change)
		row.Item, row.Standard, row.P, row.Reading = c.Item, c.Standard, number(c.P), c.Reading
		rows = append(rows, row)
	}
	return rows
}

func itemRows(base Row, i rollup.ItemEstimate) []Row {
	base.Item, base.Standard = i.Item, i.Standard
	rows := []Row{
		base.of(ofItem, "answers").count(i.Answers),
		base.of(ofItem, "not_scored").count(i.NotScored),
		base.of(ofItem, "favorable_share").estimate(i.Share),
		base.of(ofItem, "mean_score").estimate(i.Mean),
	}
	for _, o := range i.Options {
		row := base.of(ofOption, "answers").count(o.Count)
		row.Option = o.Option
		rows = append(rows, row)
	}
	return rows
}

func scaleRows(base Row, s rollup.ScaleEstimate) []Row {
	base.Item = s.Scale
	rows := []Row{
		base.of(ofScale, "mean_score").estimate(s.Mean),
		base.of(ofScale, "alpha").measure(s.Alpha),
		base.of(ofScale, "omega").measure(s.Omega),
	}
	for _, d := range s.Drops {
		row := base.of(ofScale, "alpha_without").measure(d.Alpha)
		row.Option = d.Item
		rows = append(rows, row)
	}
	return rows
}

func groupRows(base Row, g rollup.GroupEstimate) []Row {
	base.Item, base.Variable, base.Group = g.Item, g.Variable, g.Group
	gap := base.of(ofGroup, "gap").estimate(g.Gap)
	gap.P = number(g.P)
	return []Row{
		base.of(ofGroup, "answers").count(g.Answers),
		base.of(ofGroup, "favorable_share").estimate(g.Share),
		gap,
	}
}

func (r Row) of(kind, measure string) Row {
	r.Kind, r.Measure = kind, measure
	return r
}

func (r Row) count(c rollup.Count) Row {
	r.Reason = c.Reason
	if c.Shown {
		n := int64(c.Value)
		r.Count = &n
	}
	return r
}

func (r Row) measure(m rollup.Measure) Row {
	r.Value, r.Reason = number(m), m.Reason
	return r
}

func (r Row) estimate(e rollup.Estimate) Row {
	r = r.measure(e.Value)
	r.SE, r.Low, r.High = number(e.SE), number(e.Low), number(e.High)
	switch {
	case e.AtMost:
		r.Bound = "at_most"
	case e.AtLeast:
		r.Bound = "at_least"
	}
	return r
}

// number is a measure that is shown.
func number(m rollup.Measure) *float64 {
	if !m.Shown {
		return nil
	}
	v := m.Value
	return &v
}

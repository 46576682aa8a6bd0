package cycle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

func year(from int) cycle.Fields {
	day := func(y, m, d int) string {
		return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	return cycle.Fields{
		Title: fmt.Sprintf("%d-%d", from, from+1), StartDate: day(from, 8, 1), EndDate: day(from+1, 7, 31),
		Terms: []cycle.Term{term(day(from, 8, 15), day(from, 12, 20)), term(day(from+1, 1, 8), day(from+1, 6, 5))},
	}
}

func TestACycleIsPlannedOpenedAndClosed(t *testing.T) {
	w := schoolstest.Empty(t)
	made, err := w.Cycles().Create(kittest.All(t), "2026-27", year(2026))
	require.NoError(t, err)
	require.Equal(t, cycle.Cycle{Name: "cycles/2026-27", Fields: year(2026), State: cycle.Planned, Meta: record.NewMeta(w.Clock.Now())}, made)
	got, err := w.Cycles().Get(kittest.All(t), made.Name)
	require.NoError(t, err)
	require.Equal(t, made, got)

	_, err = w.Cycles().Close(kittest.All(t), made.Name, "")
	require.Equal(t, []string{"STATE_WRONG", made.Name + ": cycle_open"}, schoolstest.Refusal(t, err), "what never opened is not closed")
	w.Clock.Advance(time.Hour)
	open, err := w.Cycles().Open(kittest.All(t), made.Name, etag.Of(made.Version))
	require.NoError(t, err)
	require.Equal(t, cycle.Open, open.State)
	require.Equal(t, w.Clock.Now(), open.Updated)
	_, err = w.Cycles().Open(kittest.All(t), made.Name, "")
	require.Equal(t, []string{"STATE_WRONG", made.Name + ": cycle_planned"}, schoolstest.Refusal(t, err))
	_, err = w.Cycles().Close(kittest.All(t), made.Name, etag.Of(made.Version))
	require.Equal(t, []string{"ETAG_STALE " + made.Name}, schoolstest.Refusal(t, err))
	closed, err := w.Cycles().Close(kittest.All(t), made.Name, etag.Of(open.Version))
	require.NoError(t, err)
	require.Equal(t, cycle.Closed, closed.State)

	for name, call := range map[string]func() error{
		"open again":  func() error { _, err := w.Cycles().Open(kittest.All(t), made.Name, ""); return err },
		"close again": func() error { _, err := w.Cycles().Close(kittest.All(t), made.Name, ""); return err },
		"change": func() error {
			_, err := w.Cycles().Update(kittest.All(t), made.Name, "", func(f cycle.Fields) cycle.Fields { return f })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, "STATE_WRONG", schoolstest.Refusal(t, call())[0]) })
	}
	require.Equal(t, []string{"CycleOpened " + made.Name, "CycleClosed " + made.Name}, w.Events(t))
}

func TestACycleIsChangedUntilItIsOver(t *testing.T) {
	w := schoolstest.Empty(t)
	made, err := w.Cycles().Create(kittest.All(t), "c", year(2026))
	require.NoError(t, err)
	retitle := func(to string) func(cycle.Fields) cycle.Fields {
		return func(f cycle.Fields) cycle.Fields { f.Title = to; return f }
	}
	planned, err := w.Cycles().Update(kittest.All(t), made.Name, etag.Of(made.Version), retitle("planned"))
	require.NoError(t, err)
	require.Equal(t, "planned", planned.Title)
	_, err = w.Cycles().Update(kittest.All(t), made.Name, etag.Of(made.Version), retitle("lost"))
	require.Equal(t, []string{"ETAG_STALE " + made.Name}, schoolstest.Refusal(t, err))
	_, err = w.Cycles().Open(kittest.All(t), made.Name, "")
	require.NoError(t, err)
	open, err := w.Cycles().Update(kittest.All(t), made.Name, "", retitle("open"))
	require.NoError(t, err)
	require.Equal(t, cycle.Open, open.State)
	_, err = w.Cycles().Update(kittest.All(t), made.Name, "", retitle(" "))
	require.Equal(t, schoolstest.Invalid("cycle.title: required"), schoolstest.Refusal(t, err))
	_, err = w.Cycles().Update(kittest.All(t), "cycles/none", "", retitle("x"))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND cycles/none"}, schoolstest.Refusal(t, err))
	_, err = w.Cycles().Create(kittest.All(t), "c", year(2026))
	require.Equal(t, []string{"RESOURCE_EXISTS cycles/c"}, schoolstest.Refusal(t, err))
	_, err = w.Cycles().Create(kittest.All(t), "2026/27", year(2026))
	require.Equal(t, schoolstest.Invalid("cycle_id: id_form"), schoolstest.Refusal(t, err))
	require.Equal(t, []string{"CycleOpened cycles/c"}, w.Events(t), "a change of dates is no event")
}

func TestTheEdgesOfACalendar(t *testing.T) {
	w := schoolstest.Empty(t)
	window := func(p phase.Phase, start, end string) cycle.Window {
		return cycle.Window{Phase: p, Start: at(t, start), End: at(t, end)}
	}
	for name, c := range map[string]struct {
		change func(*cycle.Fields)
		want   []string
	}{
		"a whole year":               {func(*cycle.Fields) {}, nil},
		"a title of 121 is too long": {func(f *cycle.Fields) { f.Title = strings.Repeat("t", 121) }, []string{"cycle.title: max_length"}},
		"a day that does not exist":  {func(f *cycle.Fields) { f.StartDate = "2026-02-30" }, []string{"cycle.start_date: calendar_day"}},
		"a day in other words":       {func(f *cycle.Fields) { f.EndDate = "July 31" }, []string{"cycle.end_date: calendar_day"}},
		"no days at all":             {func(f *cycle.Fields) { f.StartDate, f.EndDate = "", "" }, []string{"cycle.start_date: required", "cycle.end_date: required"}},
		"a cycle of one day is none": {func(f *cycle.Fields) { f.EndDate = f.StartDate }, []string{"cycle.end_date: after_start"}},
		"no terms":                   {func(f *cycle.Fields) { f.Terms = nil }, []string{"cycle.terms: required"}},
		"a term fills the cycle":     {func(f *cycle.Fields) { f.Terms = []cycle.Term{term(f.StartDate, f.EndDate)} }, nil},
		"a term of one day":          {func(f *cycle.Fields) { f.Terms = []cycle.Term{term("2026-09-01", "2026-09-01")} }, nil},
		"a term begins the day after the one before": {
			func(f *cycle.Fields) {
				f.Terms = []cycle.Term{term("2026-09-01", "2026-12-31"), term("2027-01-01", "2027-02-01")}
			}, nil,
		},
		"a term without a title":  {func(f *cycle.Fields) { f.Terms[1].Title = "" }, []string{"cycle.terms[1].title: required"}},
		"a term without its days": {func(f *cycle.Fields) { f.Terms[0] = cycle.Term{Title: "T"} }, []string{"cycle.terms[0].start_date: required", "cycle.terms[0].end_date: required"}},
		"a term beyond the end":   {func(f *cycle.Fields) { f.Terms[1].EndDate = "2027-08-01" }, []string{"cycle.terms[1]: inside_cycle"}},
		"a term after a long one": {func(f *cycle.Fields) {
			f.Terms = []cycle.Term{term("2026-09-01", "2027-05-01"), term("2026-10-01", "2026-11-01"), term("2027-04-01", "2027-06-01")}
		}, []string{"cycle.terms[1].start_date: in_order", "cycle.terms[2].start_date: in_order"}},
		"thirteen terms": {func(f *cycle.Fields) { f.Terms = terms(13) }, []string{"cycle.terms: max_items"}},
		"twelve terms":   {func(f *cycle.Fields) { f.Terms = terms(12) }, nil},
		"a window of no phase": {func(f *cycle.Fields) {
			f.Windows = []cycle.Window{window("", "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")}
		}, []string{"cycle.windows[0].phase: required"}},
		"a window without a width": {func(f *cycle.Fields) {
			f.Windows = []cycle.Window{window(phase.Planning, "2026-09-01T00:00:00Z", "2026-09-01T00:00:00Z")}
		}, []string{"cycle.windows[0].end_time: after_start"}},
		"a window from the first moment of the first day anywhere": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{window(phase.Planning, "2026-07-31T10:00:00Z", "2026-09-01T00:00:00Z")}
			}, nil,
		},
		"a window from before that": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{window(phase.Planning, "2026-07-31T09:59:59Z", "2026-09-01T00:00:00Z")}
			},
			[]string{"cycle.windows[0]: inside_cycle"},
		},
		"a window until the last moment of the last day anywhere": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{window(phase.Planning, "2027-07-01T00:00:00Z", "2027-08-01T12:00:00Z")}
			}, nil,
		},
		"a window until after that": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{window(phase.Planning, "2027-07-01T00:00:00Z", "2027-08-01T12:00:01Z")}
			},
			[]string{"cycle.windows[0]: inside_cycle"},
		},
		"windows of one phase one after the other": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{
					window(phase.Planning, "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"),
					window(phase.Planning, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
				}
			}, nil,
		},
		"windows of two phases at a time": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{
					window(phase.Planning, "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"),
					window(phase.Forming, "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"),
				}
			}, nil,
		},
		"a window inside another of its phase": {
			func(f *cycle.Fields) {
				f.Windows = []cycle.Window{
					window(phase.Planning, "2026-09-01T00:00:00Z", "2026-12-01T00:00:00Z"),
					window(phase.Planning, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
				}
			}, []string{"cycle.windows[1]: no_overlap"},
		},
		"more windows than anybody needs": {func(f *cycle.Fields) { f.Windows = windows(at(t, "2026-09-01T00:00:00Z"), 51) }, []string{"cycle.windows: max_items"}},
		"fifty windows":                   {func(f *cycle.Fields) { f.Windows = windows(at(t, "2026-09-01T00:00:00Z"), 50) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := year(2026)
			c.change(&f)
			_, err := w.Cycles().Create(kittest.All(t), "", f)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
		})
	}
}

func terms(n int) []cycle.Term {
	all := make([]cycle.Term, n)
	for i := range all {
		day := fmt.Sprintf("2026-09-%02d", i+1)
		all[i] = term(day, day)
	}
	return all
}

func windows(from time.Time, n int) []cycle.Window {
	all := make([]cycle.Window, n)
	for i := range all {
		start := from.Add(time.Duration(i) * time.Hour)
		all[i] = cycle.Window{Phase: phase.Forming, Start: start, End: start.Add(time.Hour)}
	}
	return all
}

func TestCyclesAreListedTheNewestFirst(t *testing.T) {
	w := schoolstest.Empty(t)
	for _, from := range []int{2025, 2027, 2026} {
		_, err := w.Cycles().Create(kittest.All(t), fmt.Sprint("c", from), year(from))
		require.NoError(t, err)
	}
	names := func(r record.Range) []string {
		list, err := w.Cycles().List(kittest.All(t), r)
		require.NoError(t, err)
		var all []string
		for _, c := range list {
			all = append(all, c.Name)
		}
		return all
	}
	require.Equal(t, []string{"cycles/c2027", "cycles/c2026", "cycles/c2025"}, names(record.Range{}))
	require.Equal(t, []string{"cycles/c2027", "cycles/c2026"}, names(record.Range{Limit: 2}))
	require.Equal(t, []string{"cycles/c2025"}, names(record.Range{After: []string{"2026-08-01", "cycles/c2026"}}))
}

func TestWindowsAreThoseOfThePhase(t *testing.T) {
	forming, planning := cycle.Window{Phase: phase.Forming}, cycle.Window{Phase: phase.Planning}
	c := cycle.Cycle{Fields: cycle.Fields{Windows: []cycle.Window{forming, planning, forming}}}
	require.Equal(t, []cycle.Window{forming, forming}, c.WindowsOf(phase.Forming))
	require.Equal(t, []cycle.Window{planning}, c.WindowsOf(phase.Planning))
	require.Empty(t, c.WindowsOf(phase.Applied))
}

package cycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

func term(start, end string) cycle.Term {
	return cycle.Term{Title: "T", StartDate: start, EndDate: end}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return m
}

// rules returns what Create finds wrong; fields that are right need a store.
func rules(t *testing.T, f cycle.Fields) []string {
	t.Helper()
	_, err := cycle.Service{}.Create(kittest.All(t), "2026-27", f)
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	var found []string
	for _, v := range p.Violations {
		found = append(found, v.Field+": "+v.Rule)
	}
	return found
}

func TestACalendarMustFitTogether(t *testing.T) {
	window := func(start, end string) []cycle.Window {
		return []cycle.Window{{Phase: phase.Planning, Start: at(t, start), End: at(t, end)}}
	}
	for name, c := range map[string]struct {
		start, end string
		terms      []cycle.Term
		windows    []cycle.Window
		want       []string
	}{
		"end before start":       {"2027-08-01", "2026-08-01", []cycle.Term{term("2027-08-01", "2027-09-01")}, nil, []string{"cycle.end_date: after_start"}},
		"terms overlap":          {"2026-08-01", "2027-07-31", []cycle.Term{term("2026-08-01", "2026-12-20"), term("2026-12-20", "2027-05-01")}, nil, []string{"cycle.terms[1].start_date: in_order"}},
		"terms out of order":     {"2026-08-01", "2027-07-31", []cycle.Term{term("2027-01-01", "2027-05-01"), term("2026-08-01", "2026-12-01")}, nil, []string{"cycle.terms[1].start_date: in_order"}},
		"term outside":           {"2026-08-01", "2027-07-31", []cycle.Term{term("2026-07-31", "2026-12-20")}, nil, []string{"cycle.terms[0]: inside_cycle"}},
		"term turned around":     {"2026-08-01", "2027-07-31", []cycle.Term{term("2026-12-20", "2026-12-01")}, nil, []string{"cycle.terms[0].end_date: after_start"}},
		"window outside":         {"2026-08-01", "2027-07-31", []cycle.Term{term("2026-08-01", "2026-12-20")}, window("2026-07-01T00:00:00Z", "2026-09-01T00:00:00Z"), []string{"cycle.windows[0]: inside_cycle"}},
		"window turned around":   {"2026-08-01", "2027-07-31", []cycle.Term{term("2026-08-01", "2026-12-20")}, window("2026-09-02T00:00:00Z", "2026-09-01T00:00:00Z"), []string{"cycle.windows[0].end_time: after_start"}},
		"windows of one overlap": {"2026-08-01", "2027-07-31", []cycle.Term{term("2026-08-01", "2026-12-20")}, append(window("2026-09-01T00:00:00Z", "2026-09-03T00:00:00Z"), window("2026-09-02T00:00:00Z", "2026-09-04T00:00:00Z")...), []string{"cycle.windows[1]: no_overlap"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, rules(t, cycle.Fields{Title: "C", StartDate: c.start, EndDate: c.end, Terms: c.terms, Windows: c.windows}))
		})
	}
}

func TestAWindowHoldsItsStartAndNotItsEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		start := time.Unix(rapid.Int64Range(0, 1<<32).Draw(rt, "start"), 0)
		w := cycle.Window{Start: start, End: start.Add(time.Duration(rapid.Int64Range(1, 1<<50).Draw(rt, "length")))}
		require.True(rt, w.Contains(w.Start))
		require.False(rt, w.Contains(w.End))
		require.False(rt, w.Contains(w.Start.Add(-1)))
	})
}

func TestADayFallsIntoOneTerm(t *testing.T) {
	c := cycle.Cycle{Fields: cycle.Fields{Terms: []cycle.Term{term("2026-08-01", "2026-12-20"), term("2027-01-08", "2027-06-01")}}}
	for day, want := range map[string]int{"2026-07-31": -1, "2026-08-01": 0, "2026-12-20": 0, "2026-12-21": -1, "2027-06-01": 1, "": -1} {
		require.Equal(t, want, c.TermOf(day), day)
	}
}

package cycle

import (
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxTitle   = 120
	maxTerm    = 60
	maxTerms   = 12
	maxWindows = 50

	// The first place where a day begins, and the last where it ends.
	earliestZone = 14 * time.Hour
	latestZone   = 12 * time.Hour
	oneDay       = 24 * time.Hour
)

// check applies all rules of a calendar.
func (f Fields) check() error {
	r := record.For("cycle")
	r.Text("title", f.Title, maxTitle)
	starts, ends := r.Date("start_date", f.StartDate), r.Date("end_date", f.EndDate)
	if starts && ends && f.EndDate <= f.StartDate {
		r.Add("end_date", "after_start", "Give a last day after the first.")
		ends = false
	}
	f.checkTerms(r, starts && ends)
	f.checkWindows(r, starts && ends)
	return r.Err()
}

func (f Fields) checkTerms(r *record.Rules, bounded bool) {
	switch {
	case len(f.Terms) == 0:
		r.Add("terms", "required", "Give at least one term.")
	case len(f.Terms) > maxTerms:
		r.Add("terms", "max_items", fmt.Sprintf("Give at most %d terms.", maxTerms))
	}
	last := ""
	for i, t := range f.Terms {
		at := fmt.Sprintf("terms[%d]", i)
		r.Text(at+".title", t.Title, maxTerm)
		starts, ends := r.Date(at+".start_date", t.StartDate), r.Date(at+".end_date", t.EndDate)
		if !starts || !ends {
			continue
		}
		if t.EndDate < t.StartDate {
			r.Add(at+".end_date", "after_start", "Give a last day that is not before the first.")
		}
		if bounded && (t.StartDate < f.StartDate || t.EndDate > f.EndDate) {
			r.Add(at, "inside_cycle", fmt.Sprintf("Keep the term between %s and %s.", f.StartDate, f.EndDate))
		}
		if t.StartDate <= last {
			r.Add(at+".start_date", "in_order", fmt.Sprintf("Begin the term after %s, when the one before it ends.", last))
		}
		last = max(last, t.EndDate)
	}
}

func (f Fields) checkWindows(r *record.Rules, bounded bool) {
	if len(f.Windows) > maxWindows {
		r.Add("windows", "max_items", fmt.Sprintf("Give at most %d windows.", maxWindows))
	}
	for i, w := range f.Windows {
		at := fmt.Sprintf("windows[%d]", i)
		if !w.Phase.Valid() {
			r.Add(at+".phase", "required", "Give the phase that the window is for.")
		}
		if !w.End.After(w.Start) {
			r.Add(at+".end_time", "after_start", "Give an end after the start.")
		}
		if bounded && !f.holds(w) {
			r.Add(at, "inside_cycle", fmt.Sprintf("Keep the window between %s and %s.", f.StartDate, f.EndDate))
		}
		for _, other := range f.Windows[:i] {
			if other.Phase == w.Phase && other.Start.Before(w.End) && w.Start.Before(other.End) {
				r.Add(at, "no_overlap", "Keep the windows of one phase apart.")
			}
		}
	}
}

// holds tells whether a window lies in the days of the cycle in some time zone:
// a state may have several.
func (f Fields) holds(w Window) bool {
	start, err1 := time.Parse(record.DateLayout, f.StartDate)
	end, err2 := time.Parse(record.DateLayout, f.EndDate)
	return err1 == nil && err2 == nil &&
		!w.Start.Before(start.Add(-earliestZone)) && !w.End.After(end.Add(oneDay+latestZone))
}

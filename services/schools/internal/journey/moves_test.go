package journey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

func TestAJourneyBeginsFormingInAnOpenCycle(t *testing.T) {
	w := newWorld(t)
	for id, state := range map[string]cycle.State{"planned": cycle.Planned, "closed": cycle.Closed} {
		require.NoError(t, w.kept.InsertCycle(kittest.All(t), cycle.Cycle{Name: "cycles/" + id, State: state, Meta: record.NewMeta(w.clock.Now())}))
	}
	good := journey.Draft{Cycle: "cycles/c0", FrameworkVersion: framework, EvidencePlan: "photos"}
	for name, c := range map[string]struct {
		change func(*journey.Draft)
		want   []string
	}{
		"a good draft":                         {func(*journey.Draft) {}, nil},
		"an evidence plan may come later":      {func(d *journey.Draft) { d.EvidencePlan = "" }, nil},
		"an evidence plan of 4001 is too long": {func(d *journey.Draft) { d.EvidencePlan = strings.Repeat("x", 4001) }, schoolstest.Invalid("journey.evidence_plan: max_length")},
		"no cycle":                             {func(d *journey.Draft) { d.Cycle = "" }, schoolstest.Invalid("journey.cycle: required")},
		"a cycle that is not there":            {func(d *journey.Draft) { d.Cycle = "cycles/none" }, schoolstest.Invalid("journey.cycle: cycle_exists")},
		"a team is no cycle":                   {func(d *journey.Draft) { d.Cycle = aTeam }, schoolstest.Invalid("journey.cycle: cycle_exists")},
		"a cycle that is only planned":         {func(d *journey.Draft) { d.Cycle = "cycles/planned" }, []string{"STATE_WRONG", "cycles/planned: cycle_open"}},
		"a cycle that is over":                 {func(d *journey.Draft) { d.Cycle = "cycles/closed" }, []string{"STATE_WRONG", "cycles/closed: cycle_open"}},
		"no framework":                         {func(d *journey.Draft) { d.FrameworkVersion = "" }, schoolstest.Invalid("journey.framework_version: required")},
		"a framework that is not there":        {func(d *journey.Draft) { d.FrameworkVersion = "frameworks/x" }, schoolstest.Invalid("journey.framework_version: framework_version_exists")},
		"a framework that is only drafted":     {func(d *journey.Draft) { d.FrameworkVersion = draftOf }, schoolstest.Invalid("journey.framework_version: framework_version_published")},
		"nothing at all":                       {func(d *journey.Draft) { *d = journey.Draft{} }, schoolstest.Invalid("journey.cycle: required", "journey.framework_version: required")},
	} {
		t.Run(name, func(t *testing.T) {
			d := good
			c.change(&d)
			j, err := w.Create(kittest.All(t), aTeam, "", d)
			if c.want != nil {
				require.Equal(t, c.want, schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, journey.Journey{
				Name: j.Name, Cycle: d.Cycle, FrameworkVersion: framework, EvidencePlan: d.EvidencePlan, Phase: phase.Forming,
				Meta: record.NewMeta(w.clock.Now()),
			}, j)
		})
	}
	_, err := w.Create(kittest.All(t), aTeam+"none", "", good)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + aTeam + "none"}, schoolstest.Refusal(t, err))
	_, err = w.Create(kittest.All(t), aTeam, "No", good)
	require.Equal(t, schoolstest.Invalid("journey_id: id_form"), schoolstest.Refusal(t, err))
	_, err = w.List(kittest.All(t), aTeam+"none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + aTeam + "none"}, schoolstest.Refusal(t, err))
}

func TestAStandardIsChosenWithReasons(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		choice journey.Choice
		want   []string
	}{
		"with reasons":                     {journey.Choice{Standard: "communicate", Reasons: "r", DataSummary: "d"}, nil},
		"without reasons":                  {journey.Choice{Standard: "communicate"}, []string{"choice.reasons: required"}},
		"reasons of 4001 are too long":     {journey.Choice{Standard: "communicate", Reasons: strings.Repeat("x", 4001)}, []string{"choice.reasons: max_length"}},
		"a summary of 4001 is too long":    {journey.Choice{Standard: "communicate", Reasons: "r", DataSummary: strings.Repeat("x", 4001)}, []string{"choice.data_summary: max_length"}},
		"a standard that is not there":     {journey.Choice{Standard: "none", Reasons: "r"}, []string{"choice.standard: standard_of_framework"}},
		"no standard":                      {journey.Choice{Reasons: "r"}, []string{"choice.standard: standard_of_framework"}},
		"time and name are not for asking": {journey.Choice{Standard: "communicate", Reasons: "r", ChosenBy: "people/other", ChooseTime: time.Unix(1, 0)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w.n += 1000 // a journey of its own
			s := w.site(t, phase.Choosing, func(j *journey.Journey) { j.Choice = nil })
			j, err := s.ChooseStandard(kittest.All(t), "people/p", s.name, "", c.choice)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, phase.Planning, j.Phase)
			require.Equal(t, "communicate", j.Standard())
			require.Equal(t, "people/p", j.Choice.ChosenBy)
			require.Equal(t, w.clock.Now(), j.Choice.ChooseTime)
			j.Phase = phase.Awarded // so that the next case has the standard for itself
			j.Touch(w.clock.Now())
			require.NoError(t, w.kept.UpdateJourney(kittest.All(t), j))
		})
	}
}

func TestATeamHasOneOpenJourneyPerStandard(t *testing.T) {
	for _, p := range phase.All() {
		t.Run("another is "+string(p), func(t *testing.T) {
			w := newWorld(t)
			other := w.site(t, p, nil)
			s := w.site(t, phase.Choosing, func(j *journey.Journey) { j.Choice = nil })
			_, err := s.ChooseStandard(kittest.All(t), "people/p", s.name, "", journey.Choice{Standard: "communicate", Reasons: "r"})
			require.NoError(t, err, "another standard is another matter")
			s = w.site(t, phase.Choosing, func(j *journey.Journey) { j.Choice = nil })
			_, err = s.ChooseStandard(kittest.All(t), "people/p", s.name, "", journey.Choice{Standard: "welcome", Reasons: "r"})
			if p.Open() {
				require.Equal(t, []string{"STATE_WRONG", other.name + ": one_open_journey_per_standard"}, schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestAJourneyGoesOnInACycleWhereItHasNotBeen(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.kept.InsertCycle(kittest.All(t), cycle.Cycle{Name: "cycles/closed", State: cycle.Closed, Meta: record.NewMeta(w.clock.Now())}))
	s := w.site(t, phase.Presented, func(j *journey.Journey) { j.PastCycles = []string{"cycles/c8"} })
	for next, want := range map[string][]string{
		"":              schoolstest.Invalid("cycle: required"),
		"cycles/none":   schoolstest.Invalid("cycle: cycle_exists"),
		"cycles/c0":     schoolstest.Invalid("cycle: new_cycle"),
		"cycles/c8":     schoolstest.Invalid("cycle: new_cycle"),
		"cycles/closed": {"STATE_WRONG", "cycles/closed: cycle_open"},
	} {
		t.Run("not in "+next, func(t *testing.T) {
			before := s.now()
			_, err := s.ContinueJourney(kittest.All(t), s.name, "", next)
			require.Equal(t, want, schoolstest.Refusal(t, err))
			require.Equal(t, before, s.now())
		})
	}
	j, err := s.ContinueJourney(kittest.All(t), s.name, etag.Of(1), "cycles/c1")
	require.NoError(t, err)
	require.Equal(t, []string{"cycles/c8", "cycles/c0"}, j.PastCycles)
	require.Equal(t, []string{"cycles/c8", "cycles/c0", "cycles/c1"}, j.Cycles())
	require.Equal(t, phase.Planning, j.Phase)
	require.Nil(t, j.SignedOff, "the plan of the new cycle is not signed yet")
	require.Equal(t, "welcome", j.Standard())
}

func TestWhatPresentingAndSustainingAskFor(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		p    journey.Presentation
		want []string
	}{
		"nobody came":               {journey.Presentation{Summary: "s", PresentDate: "2027-05-01"}, nil},
		"no summary":                {journey.Presentation{PresentDate: "2027-05-01"}, []string{"presentation.summary: required"}},
		"a summary that is endless": {journey.Presentation{Summary: strings.Repeat("x", 4001), PresentDate: "2027-05-01"}, []string{"presentation.summary: max_length"}},
		"no day":                    {journey.Presentation{Summary: "s"}, []string{"presentation.present_date: required"}},
		"a day that is none":        {journey.Presentation{Summary: "s", PresentDate: "soon"}, []string{"presentation.present_date: calendar_day"}},
		"fewer than nobody":         {journey.Presentation{Summary: "s", PresentDate: "2027-05-01", Attendees: -1}, []string{"presentation.attendees: range"}},
	} {
		t.Run(name, func(t *testing.T) {
			ready := w.ready(t, kittest.All(t), phase.Underway)
			j, err := w.PresentRoadmap(kittest.All(t), ready, "", c.p)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, &c.p, j.Presentation)
		})
	}
	s := w.site(t, phase.Awarded, nil)
	for plan, rule := range map[string]string{" ": "sustain_plan: required", strings.Repeat("x", 4001): "sustain_plan: max_length"} {
		_, err := s.SustainJourney(kittest.All(t), s.name, "", plan)
		require.Equal(t, schoolstest.Invalid(rule), schoolstest.Refusal(t, err))
	}
	_, err := s.SustainJourney(kittest.All(t), s.name, etag.Of(9), "plan")
	require.Equal(t, []string{"ETAG_STALE " + s.name}, schoolstest.Refusal(t, err))
	j, err := s.SustainJourney(kittest.All(t), s.name, etag.Of(1), "plan")
	require.NoError(t, err)
	require.Equal(t, "plan", j.SustainPlan)
}

func TestAPhaseIsLeftInsideItsWindows(t *testing.T) {
	start := kittest.Start()
	hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	window := func(p phase.Phase, from, to int) cycle.Window {
		return cycle.Window{Phase: p, Start: hour(from), End: hour(to)}
	}
	for _, m := range []struct {
		method journey.Method
		from   phase.Phase
		bound  bool
	}{
		{journey.Discover, phase.Forming, true},
		{journey.Deliberate, phase.Discovering, true},
		{journey.Choose, phase.Choosing, true},
		{journey.Start, phase.Planning, true},
		{journey.Present, phase.Underway, true},
		{journey.SignOff, phase.Planning, false},
		{journey.Continue, phase.Presented, false},
		{journey.Sustain, phase.Awarded, false},
	} {
		w := newWorld(t)
		for name, c := range map[string]struct {
			windows []cycle.Window
			state   cycle.State
			open    bool
		}{
			"no window":                 {nil, cycle.Open, true},
			"a window of another phase": {[]cycle.Window{window(phase.Lapsed, 5, 6)}, cycle.Open, true},
			"before the window":         {[]cycle.Window{window(m.from, 1, 2)}, cycle.Open, false},
			"as the window opens":       {[]cycle.Window{window(m.from, 0, 2)}, cycle.Open, true},
			"inside the window":         {[]cycle.Window{window(m.from, -1, 1)}, cycle.Open, true},
			"as the window closes":      {[]cycle.Window{window(m.from, -2, 0)}, cycle.Open, false},
			"inside one of two":         {[]cycle.Window{window(m.from, -9, -8), window(m.from, -1, 1)}, cycle.Open, true},
			"between two":               {[]cycle.Window{window(m.from, -9, -8), window(m.from, 1, 2)}, cycle.Open, false},
			"a cycle that is over":      {nil, cycle.Closed, false},
			"a cycle not open yet":      {[]cycle.Window{window(m.from, -1, 1)}, cycle.Planned, false},
		} {
			t.Run(string(m.method)+": "+name, func(t *testing.T) {
				calendar, err := w.kept.Cycle(kittest.All(t), "cycles/c0")
				require.NoError(t, err)
				calendar.Windows, calendar.State = c.windows, c.state
				calendar.Touch(start)
				require.NoError(t, w.kept.UpdateCycle(kittest.All(t), calendar))
				j := w.ready(t, kittest.All(t), m.from)
				if m.from == phase.Planning {
					signed, err := w.kept.Journey(kittest.All(t), j)
					require.NoError(t, err)
					signed.SignedOff = &journey.Signature{PlanDigest: "00"}
					signed.Touch(start)
					require.NoError(t, w.kept.UpdateJourney(kittest.All(t), signed))
				}
				err = w.call(kittest.All(t), j, m.method, journey.Verdict{Award: "1"})
				if c.open || !m.bound {
					require.NoError(t, err)
					w.end(t, j)
					return
				}
				got := schoolstest.Refusal(t, err)
				if c.state != cycle.Open {
					require.Equal(t, []string{"WINDOW_CLOSED", "cycles/c0: cycle-open"}, got)
					return
				}
				require.Equal(t, []string{"WINDOW_CLOSED", j + ": window-" + string(m.from)}, got)
				for _, w := range c.windows {
					require.Contains(t, fixOf(t, err), "from "+w.Start.Format(time.RFC3339)+" until "+w.End.Format(time.RFC3339))
				}
			})
		}
	}
}

// end takes a journey out of the way of those to come.
func (w *world) end(t *testing.T, name string) {
	t.Helper()
	j, err := w.kept.Journey(kittest.All(t), name)
	require.NoError(t, err)
	j.Phase = phase.Lapsed
	j.Touch(w.clock.Now())
	require.NoError(t, w.kept.UpdateJourney(kittest.All(t), j))
}

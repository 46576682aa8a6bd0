package journey_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// reading defines a badge whose rules tell every fact, each as its reason.
func (w *world) reading(t *testing.T) {
	t.Helper()
	var rules []eligibility.Rule
	for _, fact := range slices.Sorted(maps.Keys(everything())) {
		expression := "string(journey." + fact + ")"
		if fact == "groups" {
			expression = "string(journey.groups.staff) + string(journey.groups.family) + string(journey.groups.student)"
		}
		rules = append(rules, eligibility.Rule{ID: fact, Title: fact, Expression: "true", Reason: expression, Fix: "."})
	}
	require.NoError(t, w.kept.SaveBadgeRules(kittest.All(t), journey.BadgeRules{
		Source: "badgeDefinitions/facts/versions/1", Standard: "welcome", FrameworkVersion: framework, Rules: rules,
	}))
}

func (s *site) facts() map[string]string {
	s.t.Helper()
	e, err := s.Explain(kittest.All(s.t), s.name, phase.Applied)
	require.NoError(s.t, err)
	all := map[string]string{}
	for _, o := range e.Outcomes {
		all[o.Rule] = o.Reason
	}
	return all
}

func TestFactsAreCountedFromTheirSources(t *testing.T) {
	evidence := func(id, step, day string, groups ...team.Group) func(*site) error {
		return func(s *site) error {
			return s.kept.SaveEvidence(kittest.All(t), journey.Evidence{
				Source: school + "/artifacts/" + id, Journey: s.name, Step: s.name + "/steps/" + step, OccurDate: day, Indicator: "welcome-1", Groups: groups,
			})
		}
	}
	survey := func(id, in string, wave int64, sufficient bool) func(*site) error {
		return func(s *site) error {
			return s.kept.SaveSurveyResult(kittest.All(t), journey.SurveyResult{
				Source: school + "/results/" + id, School: school, Cycle: in, Wave: wave, Sufficient: sufficient, EventTime: s.clock.Now(),
			})
		}
	}
	member := func(id string, g team.Group, confirmed, departed bool) func(*site) error {
		return func(s *site) error {
			return s.kept.InsertMember(kittest.All(t), team.Member{
				Name: aTeam + "/members/" + id, Confirmed: confirmed, Departed: departed,
				MemberFields: team.MemberFields{Group: g}, Meta: record.NewMeta(s.clock.Now()),
			})
		}
	}
	reflect := func(s *site) error {
		return s.kept.InsertReflection(kittest.All(t), journey.Reflection{Name: s.name + "/reflections/r", Step: s.step, Meta: record.NewMeta(s.clock.Now())})
	}
	for name, c := range map[string]struct {
		change func(*journey.Journey)
		do     []func(*site) error
		want   map[string]string
	}{
		"a plan": {nil, nil, map[string]string{
			"phase": "underway", "standard": "welcome", "framework_version": framework, "cycles": "1", "goals": "2", "goals_with_measure": "2",
			"goals_with_steps": "1", "steps": "1", "steps_completed": "0", "signed_off": "true", "has_evidence_plan": "true", "notes": "0",
		}},
		"no signature and no evidence plan": {func(j *journey.Journey) { j.SignedOff, j.EvidencePlan = nil, " \n" }, nil, map[string]string{
			"signed_off": "false", "has_evidence_plan": "false",
		}},
		"a team of five":                  {nil, nil, map[string]string{"members": "5", "group_count": "5", "groups": "111", "active_groups": "5"}},
		"a second family":                 {nil, []func(*site) error{member("x", team.Family, true, false)}, map[string]string{"members": "6", "group_count": "5", "groups": "121"}},
		"who is only invited":             {nil, []func(*site) error{member("y", team.Family, false, false)}, map[string]string{"members": "5"}},
		"who left":                        {nil, []func(*site) error{member("z", team.Family, true, true)}, map[string]string{"members": "5"}},
		"a reflection on an open step":    {nil, []func(*site) error{reflect}, map[string]string{"reflections": "1", "steps_with_reflection": "1", "completed_steps_with_reflection": "0"}},
		"a completed step":                {nil, []func(*site) error{editing("completing a step")}, map[string]string{"steps_completed": "1", "steps_with_reflection": "0", "completed_steps_with_reflection": "0"}},
		"a step completed and reflected":  {nil, []func(*site) error{editing("completing a step"), reflect}, map[string]string{"steps_completed": "1", "completed_steps_with_reflection": "1"}},
		"one result":                      {nil, nil, map[string]string{"survey_results": "1", "survey_waves": "1", "self_assessments": "1"}},
		"a result with too few answers":   {nil, []func(*site) error{survey("2", "cycles/c0", 2, false)}, map[string]string{"survey_results": "1", "survey_waves": "1"}},
		"a second result of a wave":       {nil, []func(*site) error{survey("2", "cycles/c0", 0, true)}, map[string]string{"survey_results": "2", "survey_waves": "1"}},
		"a second wave":                   {nil, []func(*site) error{survey("2", "cycles/c0", 1, true)}, map[string]string{"survey_results": "2", "survey_waves": "2"}},
		"a result of another cycle":       {nil, []func(*site) error{survey("2", "cycles/c1", 1, true)}, map[string]string{"survey_results": "1", "survey_waves": "1"}},
		"the same wave of a past cycle":   {func(j *journey.Journey) { j.PastCycles = []string{"cycles/c1"} }, []func(*site) error{survey("2", "cycles/c1", 0, true)}, map[string]string{"cycles": "2", "survey_results": "2", "survey_waves": "2"}},
		"a cycle without surveys":         {func(j *journey.Journey) { j.Cycle = "cycles/c5" }, nil, map[string]string{"survey_results": "0", "self_assessments": "0"}},
		"evidence of one term":            {nil, []func(*site) error{evidence("a", "s", "2026-10-01", team.Family), evidence("b", "s", "2026-11-01", team.Staff)}, map[string]string{"evidence": "2", "evidence_terms": "1", "evidence_steps": "1", "evidence_indicators": "1", "evidence_groups": "2"}},
		"evidence of two terms":           {nil, []func(*site) error{evidence("a", "s", "2026-12-31"), evidence("b", "s", "2027-01-01")}, map[string]string{"evidence": "2", "evidence_terms": "2"}},
		"evidence from before the cycle":  {nil, []func(*site) error{evidence("a", "s", "2026-07-31")}, map[string]string{"evidence": "1", "evidence_terms": "0"}},
		"evidence without a day":          {nil, []func(*site) error{evidence("a", "s", "")}, map[string]string{"evidence": "1", "evidence_terms": "0"}},
		"evidence of a step that is gone": {nil, []func(*site) error{evidence("a", "gone", "2026-10-01")}, map[string]string{"evidence": "1", "evidence_steps": "0"}},
		"a group that nobody knows":       {nil, []func(*site) error{evidence("a", "s", "2026-10-01", "", "99", team.Family)}, map[string]string{"evidence_groups": "1", "active_groups": "5"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.reading(t)
			s := w.site(t, phase.Underway, c.change)
			for _, do := range c.do {
				require.NoError(t, do(s))
			}
			got := s.facts()
			require.Len(t, got, len(everything()))
			for fact, want := range c.want {
				require.Equal(t, want, got[fact], fact)
			}
		})
	}
}

func TestWhatIsExplainedByDefaultIsTheNextPhase(t *testing.T) {
	w := newWorld(t)
	for from, want := range map[phase.Phase]struct {
		next  phase.Phase
		rules int
	}{
		phase.Forming: {phase.Discovering, 3}, phase.Discovering: {phase.Choosing, 3}, phase.Choosing: {phase.Planning, 0},
		phase.Planning: {phase.Underway, 5}, phase.Underway: {phase.Presented, 3}, phase.Presented: {phase.Applied, 6},
		phase.Applied: {phase.Applied, 6}, phase.Awarded: {phase.Sustaining, 0}, phase.Sustaining: {phase.Awarded, 0}, phase.Lapsed: {phase.Awarded, 0},
	} {
		t.Run(string(from), func(t *testing.T) {
			s := w.site(t, from, nil)
			e, err := s.Explain(kittest.All(t), s.name, "")
			require.NoError(t, err)
			require.Equal(t, []any{s.name, from, want.next, "built-in", want.rules}, []any{e.Name, e.Phase, e.Next, e.RuleSet, len(e.Outcomes)})
			require.Equal(t, w.clock.Now(), e.AsOf, "no event was applied yet: what is known is known now")
			eligible := !slices.ContainsFunc(e.Outcomes, func(o eligibility.Outcome) bool { return !o.Met })
			require.Equal(t, eligible, e.Eligible)
		})
	}
	_, err := w.Explain(kittest.All(t), aTeam+"/journeys/none", "")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + aTeam + "/journeys/none"}, schoolstest.Refusal(t, err))
	_, err = w.Snapshot(kittest.All(t), aTeam+"/journeys/none")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + aTeam + "/journeys/none"}, schoolstest.Refusal(t, err))
}

func TestARefusalSaysWhatIsMissingAndWhereTheJourneyStands(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Underway, nil)
	before := s.now()
	_, err := s.PresentRoadmap(kittest.All(t), s.name, "", journey.Presentation{Summary: "s", PresentDate: "2027-05-01"})
	require.Equal(t, []string{"NOT_ELIGIBLE", s.name + ": step-completed", s.name + ": evidence-exists"}, schoolstest.Refusal(t, err))
	require.Equal(t, "Complete a step of the plan. Now: 0 of 1 steps completed.", problemOf(t, err).Violations[0].Fix)
	require.Equal(t, before, s.now())
}

func TestTheNewestResultOfAWaveIsInTheSnapshot(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Presented, nil)
	for i, hours := range []int{3, 5, 4} {
		require.NoError(t, w.kept.SaveSurveyResult(kittest.All(t), journey.SurveyResult{
			Source: fmt.Sprint(school, "/results/wave2-", i), School: school, Cycle: "cycles/c0", Wave: 2, Sufficient: true,
			EventTime: w.clock.Now().Add(time.Duration(hours) * time.Hour),
		}))
	}
	snap, err := s.Snapshot(kittest.All(t), s.name)
	require.NoError(t, err)
	var sources []string
	for _, r := range snap.SurveyResults {
		sources = append(sources, r.Source)
	}
	require.Equal(t, []string{school + "/results/1", school + "/results/wave2-1"}, sources)
	require.Equal(t, s.now(), snap.Journey)
	require.Len(t, snap.Goals, 2)
	require.Equal(t, map[team.Group]int{team.Staff: 1, team.Family: 1, team.Student: 1, team.Leadership: 1, team.Community: 1}, snap.Members)
	require.Equal(t, phase.Applied, snap.Eligibility.Next)
}

package journey_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	school    = "districts/d/schools/s"
	aTeam     = school + "/teams/t"
	framework = "frameworks/f/versions/1"
	draftOf   = "frameworks/f/versions/draft"
)

// world is the domain over a real store in which a team is ready for anything.
type world struct {
	journey.Service
	kept       *store.Store
	clock      *clock.Fake
	frameworks *frameworks
	n          int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	now := clock.NewFake(kittest.Start())
	kept := store.New(kittest.SQLite(t, "schools", store.Migrations()), now)
	engine, err := eligibility.NewEngine()
	require.NoError(t, err)
	rules, err := journey.LoadRules(engine)
	require.NoError(t, err)
	w := &world{kept: kept, clock: now, frameworks: newFrameworks()}
	w.Service = journey.Service{Store: schoolstest.Store{Store: kept}, Clock: now, Frameworks: w.frameworks, Rules: rules}
	meta := record.NewMeta(now.Now())
	ctx := kittest.All(t)
	require.NoError(t, kept.InsertDistrict(ctx, district.District{Name: "districts/d", Meta: meta}))
	require.NoError(t, kept.InsertSchool(ctx, district.School{Name: school, State: district.Open, Meta: meta}))
	require.NoError(t, kept.InsertTeam(ctx, team.Team{Name: aTeam, Meta: meta}))
	for i, g := range []team.Group{team.Staff, team.Family, team.Student, team.Leadership, team.Community} {
		require.NoError(t, kept.InsertMember(ctx, team.Member{
			Name: fmt.Sprintf("%s/members/m%d", aTeam, i), MemberFields: team.MemberFields{Group: g}, Confirmed: true, Meta: meta,
		}))
	}
	for i := range 9 {
		require.NoError(t, kept.InsertCycle(ctx, cycle.Cycle{
			Name: fmt.Sprintf("cycles/c%d", i), State: cycle.Open, Meta: meta, Fields: cycle.Fields{
				StartDate: "2026-08-01", EndDate: "2027-07-31",
				Terms: []cycle.Term{{StartDate: "2026-08-01", EndDate: "2026-12-31"}, {StartDate: "2027-01-01", EndDate: "2027-07-31"}},
			},
		}))
	}
	require.NoError(t, kept.SaveSurveyResult(ctx, journey.SurveyResult{Source: school + "/results/1", School: school, Cycle: "cycles/c0", Sufficient: true}))
	require.NoError(t, kept.SaveSelfAssessment(ctx, journey.SelfAssessment{Source: aTeam + "/selfAssessments/1", Team: aTeam, Cycle: "cycles/c0"}))
	return w
}

// ready begins a journey in the phase with everything that any rule asks for.
func (w *world) ready(t require.TestingT, ctx context.Context, p phase.Phase) string {
	w.n++
	meta := record.NewMeta(w.clock.Now())
	name := fmt.Sprintf("%s/journeys/j%d", aTeam, w.n)
	goal, step := name+"/goals/g", name+"/steps/s"
	require.NoError(t, w.kept.InsertJourney(ctx, journey.Journey{
		Name: name, Cycle: "cycles/c0", FrameworkVersion: framework, Phase: p, EvidencePlan: "all of it", Meta: meta,
	}))
	require.NoError(t, w.kept.InsertNote(ctx, journey.Note{Name: name + "/notes/n", Meta: meta}))
	require.NoError(t, w.kept.InsertGoal(ctx, journey.Goal{Name: goal, Meta: meta, GoalFields: journey.GoalFields{
		Title: "g", Indicator: "welcome-1", ImprovementPlanGoal: "p", Measure: "m",
	}}))
	require.NoError(t, w.kept.InsertStep(ctx, journey.Step{Name: step, Completed: true, Meta: meta, StepFields: journey.StepFields{Goal: goal}}))
	require.NoError(t, w.kept.InsertReflection(ctx, journey.Reflection{Name: name + "/reflections/r", Step: step, Meta: meta}))
	require.NoError(t, w.kept.SaveEvidence(ctx, journey.Evidence{Source: fmt.Sprintf("%s/artifacts/a%d", school, w.n), Journey: name, Step: step}))
	return name
}

// legal is the state machine as it was agreed, written down a second time: from,
// method, to. The last three say what a verdict implies that overtook others.
func legal(from phase.Phase, m journey.Method, to phase.Phase) bool {
	return slices.Contains([]string{
		"forming discover discovering", "discovering deliberate choosing", "choosing choose planning",
		"planning signOff planning", "planning start underway", "underway present presented",
		"presented continue planning", "awarded sustain sustaining",
		"presented ApplicationSubmitted applied", "applied ApplicationWithdrawn presented",
		"applied ApplicationDeclined presented", "applied BadgeAwarded awarded", "lapsed BadgeAwarded awarded",
		"awarded BadgeRevoked presented", "sustaining BadgeRevoked presented", "sustaining BadgeLapsed lapsed",
		"presented BadgeAwarded awarded", "presented RevisionRequested applied",
		"applied BadgeRevoked presented", "applied BadgeLapsed awarded", "presented BadgeLapsed awarded",
	}, fmt.Sprintf("%s %s %s", from, m, to))
}

func (w *world) call(ctx context.Context, name string, m journey.Method, v journey.Verdict) error {
	var err error
	switch m {
	case journey.Discover:
		_, err = w.BeginDiscovery(ctx, name, "")
	case journey.Deliberate:
		_, err = w.OpenChoice(ctx, name, "")
	case journey.Choose:
		_, err = w.ChooseStandard(ctx, "people/p", name, "", journey.Choice{Standard: "welcome", Reasons: "because"})
	case journey.SignOff:
		_, err = w.SignOffPlan(ctx, "people/p", name, "", "")
	case journey.Start:
		_, err = w.StartJourney(ctx, name, "")
	case journey.Present:
		_, err = w.PresentRoadmap(ctx, name, "", journey.Presentation{Summary: "s", PresentDate: "2027-05-01"})
	case journey.Continue:
		_, err = w.ContinueJourney(ctx, name, "", "cycles/c"+v.Award)
	case journey.Sustain:
		_, err = w.SustainJourney(ctx, name, "", "plan")
	default:
		err = w.Heed(ctx, v)
	}
	return err
}

func TestOnlyLegalTransitionsHappenAndRefusedOnesChangeNothing(t *testing.T) {
	w := newWorld(t)
	var methods []journey.Method
	for _, tr := range journey.Transitions() {
		methods = append(methods, tr.Method)
	}
	reached := map[phase.Phase]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		name := w.ready(rt, kittest.All(t), rapid.SampledFrom(phase.All()).Draw(rt, "phase"))
		for range rapid.IntRange(1, 12).Draw(rt, "calls") {
			m := rapid.SampledFrom(methods).Draw(rt, "method")
			before, err := w.kept.Journey(kittest.All(t), name)
			require.NoError(rt, err)
			err = w.call(kittest.All(t), name, m, journey.Verdict{
				Method: m, Journey: name, Application: fmt.Sprint("a", rapid.IntRange(0, 2).Draw(rt, "application")),
				Award: fmt.Sprint(rapid.IntRange(0, 8).Draw(rt, "award")),
				Time:  kittest.Start().Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "hour")) * time.Hour),
			})
			after, gerr := w.kept.Journey(kittest.All(t), name)
			require.NoError(rt, gerr)
			if err != nil {
				p, isProblem := problem.As(err)
				require.True(rt, isProblem, "%v", err)
				require.Contains(rt, []problem.Kind{problem.KindPrecondition, problem.KindInvalid}, p.Kind)
				require.Equal(rt, before, after, "%s was refused in %s", m, before.Phase)
				continue
			}
			if after.Phase != before.Phase || m == journey.SignOff {
				require.True(rt, legal(before.Phase, m, after.Phase), "%s -%s-> %s", before.Phase, m, after.Phase)
			}
			reached[after.Phase] = true
		}
	})
	require.Len(t, reached, len(phase.All()), "the walk is to see every phase but not only the first")
}

func TestTheTableIsTheAgreedMachine(t *testing.T) {
	for _, tr := range journey.Transitions() {
		for _, from := range phase.All() {
			to, allowed := journey.Next(tr.Method, from)
			if allowed && to != from {
				require.True(t, legal(from, tr.Method, to), "%s -%s-> %s", from, tr.Method, to)
			}
			if !allowed {
				require.Equal(t, from, to)
			}
		}
	}
	_, known := journey.Next("fly", phase.Forming)
	require.False(t, known)
}

func TestVerdictsInAnyOrderEndWhereTheNewestSays(t *testing.T) {
	w := newWorld(t)
	at := func(h int) time.Time { return kittest.Start().Add(time.Duration(h) * time.Hour) }
	submitted := journey.Verdict{Method: journey.ApplicationSubmitted, Application: "a", Time: at(1)}
	revision := journey.Verdict{Method: journey.RevisionRequested, Application: "a", Time: at(2)}
	declined := journey.Verdict{Method: journey.ApplicationDeclined, Application: "a", Time: at(2)}
	withdrawn := journey.Verdict{Method: journey.ApplicationWithdrawn, Application: "a", Time: at(2)}
	awarded := journey.Verdict{Method: journey.BadgeAwarded, Application: "a", Award: "w", Time: at(3)}
	revoked := journey.Verdict{Method: journey.BadgeRevoked, Award: "w", Time: at(4)}
	for name, c := range map[string]struct {
		from phase.Phase
		told []journey.Verdict
		want phase.Phase
	}{
		"award in order":                                {phase.Presented, []journey.Verdict{submitted, revision, awarded}, phase.Awarded},
		"award before its application":                  {phase.Presented, []journey.Verdict{awarded, submitted}, phase.Awarded},
		"award before a revision":                       {phase.Presented, []journey.Verdict{submitted, awarded, revision}, phase.Awarded},
		"revision before its application":               {phase.Presented, []journey.Verdict{revision, submitted}, phase.Applied},
		"decline before its application":                {phase.Presented, []journey.Verdict{declined, submitted}, phase.Presented},
		"withdrawal":                                    {phase.Presented, []journey.Verdict{submitted, withdrawn}, phase.Presented},
		"award twice":                                   {phase.Presented, []journey.Verdict{submitted, awarded, awarded}, phase.Awarded},
		"revocation before its award":                   {phase.Presented, []journey.Verdict{submitted, revoked, awarded}, phase.Presented},
		"award for a journey that is being planned":     {phase.Planning, []journey.Verdict{awarded}, phase.Planning},
		"application of a journey that is underway":     {phase.Underway, []journey.Verdict{submitted}, phase.Underway},
		"revocation of a journey that has no badge":     {phase.Choosing, []journey.Verdict{revoked}, phase.Choosing},
		"lapse of a badge whose journey only began":     {phase.Forming, []journey.Verdict{{Method: journey.BadgeLapsed, Award: "w", Time: at(9)}}, phase.Forming},
		"lapse of a badge that nobody began to sustain": {phase.Presented, []journey.Verdict{submitted, awarded, {Method: journey.BadgeLapsed, Award: "w", Time: at(9)}}, phase.Awarded},
	} {
		t.Run(name, func(t *testing.T) {
			j := w.ready(t, kittest.All(t), c.from)
			for _, v := range c.told {
				v.Journey = j
				require.NoError(t, w.Heed(kittest.All(t), v))
			}
			got, err := w.Get(kittest.All(t), j)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Phase)
		})
	}
}

func TestTheEndOfAnOlderAwardDoesNotUnseatTheNewOne(t *testing.T) {
	w := newWorld(t)
	j := w.ready(t, kittest.All(t), phase.Applied)
	for i, v := range []journey.Verdict{
		{Method: journey.BadgeAwarded, Award: "new"}, {Method: journey.BadgeRevoked, Award: "old"}, {Method: journey.BadgeLapsed, Award: "old"},
	} {
		v.Journey, v.Time = j, kittest.Start().Add(time.Duration(i)*time.Hour)
		require.NoError(t, w.Heed(kittest.All(t), v))
	}
	got, err := w.Get(kittest.All(t), j)
	require.NoError(t, err)
	require.Equal(t, phase.Awarded, got.Phase)
	require.Equal(t, "new", got.Award)
}

func TestAVerdictAboutAnUnknownJourneyIsAnError(t *testing.T) {
	err := newWorld(t).Heed(kittest.All(t), journey.Verdict{Method: journey.BadgeAwarded, Journey: aTeam + "/journeys/none"})
	require.True(t, problem.Is(err, problem.KindNotFound))
}

package schools_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestAChangeOfThePlanTakesTheSignatureAway(t *testing.T) {
	r := newRig(t)
	r.land()
	name := r.aJourney(r.aTeam()).GetName()
	goal, step := r.plan(name)
	sign := func() *schoolsv1.Journey {
		return ok(r, r.journeys.SignOffPlan)(r.principal(), &schoolsv1.SignOffPlanRequest{Name: name})
	}
	signed := sign()
	require.Len(t, signed.GetSignOff().GetPlanDigest(), 64)
	require.Equal(t, codes.PermissionDenied, refused(r, r.journeys.SignOffPlan)(r.lead(), &schoolsv1.SignOffPlanRequest{Name: name}).Code)
	for what, change := range map[string]func(){
		"goal": func() {
			ok(r, r.plans.UpdateGoal)(r.lead(), &schoolsv1.UpdateGoalRequest{Goal: &schoolsv1.Goal{Name: goal, Measure: "other"}})
		},
		"step": func() {
			ok(r, r.plans.UpdateStep)(r.lead(), &schoolsv1.UpdateStepRequest{Step: &schoolsv1.Step{Name: step, DueDate: "2026-11-01"}})
		},
		"evidence plan": func() {
			ok(r, r.journeys.UpdateJourney)(r.lead(), &schoolsv1.UpdateJourneyRequest{Journey: &schoolsv1.Journey{Name: name, EvidencePlan: "less"}})
		},
	} {
		t.Run(what, func(t *testing.T) {
			before := sign()
			change()
			after := ok(r, r.journeys.GetJourney)(r.lead(), &schoolsv1.GetJourneyRequest{Name: name})
			require.Nil(t, after.GetSignOff())
			require.NotEqual(t, before.GetEtag(), after.GetEtag())
			require.NotEqual(t, before.GetSignOff().GetPlanDigest(), sign().GetSignOff().GetPlanDigest())
		})
	}
}

func TestThePlanHoldsTogether(t *testing.T) {
	r := newRig(t)
	r.land()
	team := r.aTeam()
	name := r.aJourney(team).GetName()
	early := refused(r, r.plans.CreateGoal)(r.lead(), &schoolsv1.CreateGoalRequest{Parent: name, Goal: aGoal()})
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "STATE_WRONG", Rules: []string{name + ": phase_allows_method"}}, early)
	goal, step := r.plan(name)
	require.Equal(t, invalid("goal.title: required", "goal.improvement_plan_goal: required", "goal.measure: required", "goal.indicator: indicator_of_standard"),
		refused(r, r.plans.CreateGoal)(r.lead(), &schoolsv1.CreateGoalRequest{Parent: name, Goal: &schoolsv1.Goal{Indicator: "communicate-1"}}))
	require.Equal(t, invalid("step.title: required", "step.due_date: required", "step.goal: goal_of_journey", "step.owner: confirmed_member"),
		refused(r, r.plans.CreateStep)(r.lead(), &schoolsv1.CreateStepRequest{Parent: name, Step: &schoolsv1.Step{Goal: name + "/goals/none", Owner: team + "/members/none"}}))
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "HAS_CHILDREN", Rules: []string{step + ": goal_without_steps"}},
		refused(r, r.plans.DeleteGoal)(r.lead(), &schoolsv1.DeleteGoalRequest{Name: goal}))
	require.Equal(t, "STATE_WRONG", refused(r, r.plans.CompleteStep)(r.lead(), &schoolsv1.CompleteStepRequest{Name: step, Outcome: "o"}).Reason)
	require.Equal(t, "STATE_WRONG", refused(r, r.plans.CreateNote)(r.lead(), &schoolsv1.CreateNoteRequest{Parent: name, Note: &schoolsv1.Note{Text: "late"}}).Reason)
	second := ok(r, r.journeys.CreateJourney)(r.lead(), &schoolsv1.CreateJourneyRequest{Parent: team, Journey: &schoolsv1.Journey{Cycle: year, FrameworkVersion: framework}}).GetName()
	ok(r, r.journeys.BeginDiscovery)(r.lead(), &schoolsv1.BeginDiscoveryRequest{Name: second})
	ok(r, r.plans.CreateNote)(r.lead(), &schoolsv1.CreateNoteRequest{Parent: second, NoteId: "n", Note: &schoolsv1.Note{Text: "x"}})
	ok(r, r.journeys.OpenChoice)(r.lead(), &schoolsv1.OpenChoiceRequest{Name: second})
	choose := func(standard, reasons string) refusal {
		return refused(r, r.journeys.ChooseStandard)(r.lead(), &schoolsv1.ChooseStandardRequest{Name: second, Choice: &schoolsv1.Choice{Standard: standard, Reasons: reasons}})
	}
	require.Equal(t, invalid("choice.reasons: required", "choice.standard: standard_of_framework"), choose("none", " "))
	require.Equal(t, []string{name + ": one_open_journey_per_standard"}, choose("welcome", "again").Rules)
	require.Len(t, ok(r, r.journeys.ListJourneys)(r.lead(), &schoolsv1.ListJourneysRequest{Parent: team}).GetJourneys(), 2)

	r.present(name, step)
	for kind, n := range map[string]int{
		"goals":       len(ok(r, r.plans.ListGoals)(r.lead(), &schoolsv1.ListGoalsRequest{Parent: name}).GetGoals()),
		"steps":       len(ok(r, r.plans.ListSteps)(r.lead(), &schoolsv1.ListStepsRequest{Parent: name}).GetSteps()),
		"reflections": len(ok(r, r.plans.ListReflections)(r.lead(), &schoolsv1.ListReflectionsRequest{Parent: name}).GetReflections()),
		"notes":       len(ok(r, r.plans.ListNotes)(r.lead(), &schoolsv1.ListNotesRequest{Parent: name}).GetNotes()),
	} {
		require.Equal(t, 1, n, kind)
	}
	require.Equal(t, "x", ok(r, r.plans.GetNote)(r.lead(), &schoolsv1.GetNoteRequest{Name: second + "/notes/n"}).GetText())
	require.True(t, ok(r, r.plans.GetStep)(r.lead(), &schoolsv1.GetStepRequest{Name: step}).GetCompleted())
	require.Equal(t, "welcome-1", ok(r, r.plans.GetGoal)(r.lead(), &schoolsv1.GetGoalRequest{Name: goal}).GetIndicator())
}

func TestAJourneyContinuesInAnotherOpenCycle(t *testing.T) {
	r := newRig(t)
	r.land()
	name := r.aJourney(r.aTeam()).GetName()
	_, step := r.plan(name)
	r.present(name, step)
	onward := func(c string) *schoolsv1.ContinueJourneyRequest {
		return &schoolsv1.ContinueJourneyRequest{Name: name, Cycle: c}
	}
	require.Equal(t, invalid("cycle: cycle_exists"), refused(r, r.journeys.ContinueJourney)(r.lead(), onward("cycles/none")))
	require.Equal(t, invalid("cycle: new_cycle"), refused(r, r.journeys.ContinueJourney)(r.lead(), onward(year)))
	ok(r, r.cycles.CreateCycle)(r.state(), &schoolsv1.CreateCycleRequest{CycleId: "2027-28", Cycle: aCycle(2027)})
	require.Equal(t, []string{"cycles/2027-28: cycle_open"}, refused(r, r.journeys.ContinueJourney)(r.lead(), onward("cycles/2027-28")).Rules)
	ok(r, r.cycles.OpenCycle)(r.state(), &schoolsv1.OpenCycleRequest{Name: "cycles/2027-28"})
	ok(r, r.cycles.CloseCycle)(r.state(), &schoolsv1.CloseCycleRequest{Name: year})
	j := ok(r, r.journeys.ContinueJourney)(r.lead(), onward("cycles/2027-28"))
	require.Equal(t, schoolsv1.Phase_PHASE_PLANNING, j.GetPhase())
	require.Equal(t, []string{year}, j.GetPastCycles())
	require.Nil(t, j.GetSignOff())
}

func TestWindowsAreKeptAndAnnouncedOnce(t *testing.T) {
	r := newRig(t)
	r.land()
	j := r.aJourney(r.aTeam())
	start := kittest.Start().Add(24 * time.Hour)
	window := &schoolsv1.Window{Phase: schoolsv1.Phase_PHASE_FORMING, StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.Add(time.Hour))}
	ok(r, r.cycles.UpdateCycle)(r.state(), &schoolsv1.UpdateCycleRequest{Cycle: &schoolsv1.Cycle{Name: year, Windows: []*schoolsv1.Window{window}}})
	_, err := r.journeys.BeginDiscovery(r.lead(), &schoolsv1.BeginDiscoveryRequest{Name: j.GetName()})
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "WINDOW_CLOSED", Rules: []string{j.GetName() + ": window-forming"}}, refusalOf(err))
	require.ErrorContains(t, err, "2026-09-02T15:00:00Z")
	r.clock.Set(start)
	ok(r, r.journeys.BeginDiscovery)(r.lead(), &schoolsv1.BeginDiscoveryRequest{Name: j.GetName()})
	kittest.Eventually(t, func() bool { return len(r.emitted(year)) == 2 }, "the window is announced")
	r.clock.Advance(48 * time.Hour)
	kittest.Eventually(t, func() bool { return len(r.emitted(year)) == 3 }, "its end is announced")
	require.Equal(t, []string{"CycleOpened", "WindowOpened", "WindowClosed"}, r.emitted(year))
	require.Equal(t, []string{year + ": cycle_planned"}, refused(r, r.cycles.OpenCycle)(r.state(), &schoolsv1.OpenCycleRequest{Name: year}).Rules)
	ok(r, r.cycles.CloseCycle)(r.state(), &schoolsv1.CloseCycleRequest{Name: year})
	require.Equal(t, []string{year + ": cycle_open"}, refused(r, r.cycles.CloseCycle)(r.state(), &schoolsv1.CloseCycleRequest{Name: year}).Rules)
	require.Len(t, ok(r, r.cycles.ListCycles)(r.lead(), &schoolsv1.ListCyclesRequest{}).GetCycles(), 1)
	require.Equal(t, []string{year + ": cycle-open"}, refused(r, r.journeys.OpenChoice)(r.lead(), &schoolsv1.OpenChoiceRequest{Name: j.GetName()}).Rules)
}

func TestTheBadgeInForceSaysWhatAnApplicationNeeds(t *testing.T) {
	r := newRig(t)
	r.land()
	name := r.aJourney(r.aTeam()).GetName()
	_, step := r.plan(name)
	r.present(name, step)
	version := "badgeDefinitions/welcome/versions/v1"
	r.tell(&badgesv1.BadgeDefined{
		Name: version, BadgeDefinition: "badgeDefinitions/welcome", Standard: "welcome", FrameworkVersion: framework,
		EligibilityRules: []*typev1.EligibilityRule{
			{Id: "any-evidence", Title: "Evidence", Expression: "journey.evidence >= 1", Reason: `string(journey.evidence)`, Fix: "Add it."},
			{Id: "broken", Title: "Broken", Expression: "journey.colour == 1", Reason: `""`, Fix: "Ask the state."},
		},
	}, version)
	explain := func() *schoolsv1.Eligibility {
		return ok(r, r.journeys.ExplainEligibility)(r.lead(), &schoolsv1.ExplainEligibilityRequest{Name: name})
	}
	kittest.Eventually(t, func() bool { return explain().GetRuleSet() == version }, "the rules of the badge")
	e := explain()
	require.False(t, e.GetEligible())
	require.True(t, e.GetOutcomes()[0].GetMet())
	require.Contains(t, e.GetOutcomes()[1].GetReason(), "no such key: colour")
	artifact := s1 + "/artifacts/e1"
	r.tell(&evidencev1.ArtifactWithdrawn{Name: artifact, Journey: name}, artifact)
	kittest.Eventually(t, func() bool { return !explain().GetOutcomes()[0].GetMet() }, "withdrawn evidence counts no more")
}

func TestARevisionOpensThePlanAgain(t *testing.T) {
	r := newRig(t)
	r.land()
	name := r.aJourney(r.aTeam()).GetName()
	goal, step := r.plan(name)
	r.present(name, step)
	application := s1 + "/applications/a1"
	r.tell(&badgesv1.ApplicationSubmitted{Name: application, Journey: name}, application)
	r.reaches(name, schoolsv1.Phase_PHASE_APPLIED)
	amend := &schoolsv1.UpdateGoalRequest{Goal: &schoolsv1.Goal{Name: goal, Measure: "clearer"}}
	require.Equal(t, "STATE_WRONG", refused(r, r.plans.UpdateGoal)(r.lead(), amend).Reason)
	r.clock.Advance(time.Hour)
	r.tell(&badgesv1.RevisionRequested{Name: application, Journey: name}, application)
	kittest.Eventually(t, func() bool { _, err := r.plans.UpdateGoal(r.lead(), amend); return err == nil }, "the plan may be amended")
	ok(r, r.plans.CreateReflection)(r.lead(), &schoolsv1.CreateReflectionRequest{Parent: name, ReflectionId: "r2", Reflection: &schoolsv1.Reflection{
		Step: step, Text: "more", Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF,
	}})
	require.Equal(t, d1+"/people/lena", ok(r, r.plans.GetReflection)(r.lead(), &schoolsv1.GetReflectionRequest{Name: name + "/reflections/r2"}).GetAuthor())
	r.clock.Advance(time.Hour)
	decision := application + "/decisions/d1"
	r.tell(&badgesv1.DecisionMade{Name: decision, Application: application, Journey: name, Outcome: badgesv1.Outcome_OUTCOME_DECLINE}, decision)
	r.reaches(name, schoolsv1.Phase_PHASE_PRESENTED)
}

package schools_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func (r *rig) phase(name string) schoolsv1.Phase {
	r.Helper()
	return ok(r, r.journeys.GetJourney)(r.lead(), &schoolsv1.GetJourneyRequest{Name: name}).GetPhase()
}

func (r *rig) reaches(name string, p schoolsv1.Phase) {
	r.Helper()
	kittest.Eventually(r, func() bool { return r.phase(name) == p }, "%s is to reach %s", name, p)
}

func (r *rig) survey(id string, wave int32, sufficient bool) {
	name := s1 + "/results/" + id
	r.tell(&assessmentsv1.ResultsReleased{
		Name: name, Release: d1 + "/releases/r" + id, Campaign: d1 + "/campaigns/c" + id, Cycle: year, Wave: wave,
		FrameworkVersion: framework, Sufficient: sufficient,
	}, name)
}

func (r *rig) facts(name string, next schoolsv1.Phase) map[string]bool {
	r.Helper()
	e := ok(r, r.journeys.ExplainEligibility)(r.lead(), &schoolsv1.ExplainEligibilityRequest{Name: name, NextPhase: next})
	met := map[string]bool{}
	for _, o := range e.GetOutcomes() {
		met[o.GetRule()] = o.GetMet()
	}
	return met
}

func (r *rig) discover(name string) {
	r.survey("w1", 1, true)
	assessment := s1 + "/teams/t1/selfAssessments/a1"
	r.tell(&assessmentsv1.SelfAssessmentSettled{
		Name: assessment, Team: s1 + "/teams/t1", Cycle: year, FrameworkVersion: framework,
	}, assessment)
	ok(r, r.plans.CreateNote)(r.lead(), &schoolsv1.CreateNoteRequest{Parent: name, Note: &schoolsv1.Note{Text: "Heard at pick-up", Standard: "welcome"}})
	kittest.Eventually(r, func() bool {
		met := r.facts(name, schoolsv1.Phase_PHASE_CHOOSING)
		return met["survey-result"] && met["self-assessment"] && met["anecdotal-note"]
	}, "projections of assessments")
}

// plan brings a journey to PLANNING with one goal and one step, not signed.
func (r *rig) plan(name string) (goal, step string) {
	ok(r, r.journeys.BeginDiscovery)(r.lead(), &schoolsv1.BeginDiscoveryRequest{Name: name})
	r.discover(name)
	ok(r, r.journeys.OpenChoice)(r.lead(), &schoolsv1.OpenChoiceRequest{Name: name})
	ok(r, r.journeys.ChooseStandard)(r.lead(), &schoolsv1.ChooseStandardRequest{
		Name: name, Choice: &schoolsv1.Choice{Standard: "welcome", Reasons: "Families feel strange here"},
	})
	goal = ok(r, r.plans.CreateGoal)(r.lead(), &schoolsv1.CreateGoalRequest{Parent: name, GoalId: "g1", Goal: aGoal()}).GetName()
	step = ok(r, r.plans.CreateStep)(r.lead(), &schoolsv1.CreateStepRequest{Parent: name, StepId: "st1", Step: aStep(goal)}).GetName()
	ok(r, r.journeys.UpdateJourney)(r.lead(), &schoolsv1.UpdateJourneyRequest{
		Journey: &schoolsv1.Journey{Name: name, EvidencePlan: "Photos and sign-in sheets, each month"},
	})
	return goal, step
}

func aGoal() *schoolsv1.Goal {
	return &schoolsv1.Goal{
		Title: "Every family is greeted", Indicator: "welcome-1", ImprovementPlanGoal: "UIP 2", Measure: "Survey item 4 up by 10 points",
	}
}

func aStep(goal string) *schoolsv1.Step {
	return &schoolsv1.Step{Title: "Greeters at the door", Goal: goal, Owner: s1 + "/teams/t1/members/sam", DueDate: "2026-10-01"}
}

// present brings a planned journey to PRESENTED with evidence.
func (r *rig) present(name, step string) {
	ok(r, r.journeys.SignOffPlan)(r.principal(), &schoolsv1.SignOffPlanRequest{Name: name, Statement: "I stand behind it"})
	ok(r, r.journeys.StartJourney)(r.lead(), &schoolsv1.StartJourneyRequest{Name: name})
	ok(r, r.plans.CompleteStep)(r.lead(), &schoolsv1.CompleteStepRequest{Name: step, Outcome: "Two greeters each day"})
	ok(r, r.plans.CreateReflection)(r.lead(), &schoolsv1.CreateReflectionRequest{Parent: name, Reflection: &schoolsv1.Reflection{
		Step: step, Text: "Parents smile back", Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
	}})
	r.evidence("e1", name, step, "2026-10-05")
	kittest.Eventually(r, func() bool { return r.facts(name, schoolsv1.Phase_PHASE_PRESENTED)["evidence-exists"] }, "evidence")
	ok(r, r.journeys.PresentRoadmap)(r.lead(), &schoolsv1.PresentRoadmapRequest{
		Name: name, Presentation: &schoolsv1.Presentation{Summary: "Posters in the hall", PresentDate: "2027-05-20", Attendees: 80},
	})
}

func (r *rig) evidence(id, name, step, date string) {
	artifact := s1 + "/artifacts/" + id
	r.tell(&evidencev1.ArtifactAccepted{
		Name: artifact, Journey: name, Step: step, Indicator: "welcome-1", OccurDate: date, Sha256: "00",
		Groups: []typev1.StakeholderGroup{
			typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT, typev1.StakeholderGroup_STAKEHOLDER_GROUP_LEADERSHIP,
			typev1.StakeholderGroup_STAKEHOLDER_GROUP_COMMUNITY,
		},
	}, artifact)
}

func TestAJourneyGoesFromFormingToSustaining(t *testing.T) {
	r := newRig(t)
	r.land()
	name := r.aJourney(r.aTeam()).GetName()
	_, step := r.plan(name)
	r.present(name, step)

	require.Equal(t, map[string]bool{
		"evidence-two-terms": false, "all-groups-active": true, "reflection-each-step": true, "two-survey-waves": false,
		"all-steps-completed": true, "evidence-each-step": true,
	}, r.facts(name, schoolsv1.Phase_PHASE_APPLIED))
	r.evidence("e2", name, step, "2027-02-01")
	r.survey("w2", 2, true)
	kittest.Eventually(t, func() bool {
		return ok(r, r.journeys.ExplainEligibility)(r.lead(), &schoolsv1.ExplainEligibilityRequest{Name: name}).GetEligible()
	}, "eligible to apply")

	application, award := s1+"/applications/a1", s1+"/awards/w1"
	r.tell(&badgesv1.ApplicationSubmitted{Name: application, Journey: name, Round: 1}, application)
	r.reaches(name, schoolsv1.Phase_PHASE_APPLIED)
	r.clock.Advance(time.Hour)
	r.tell(&badgesv1.BadgeAwarded{Name: award, Journey: name, Application: application, Standard: "welcome"}, award)
	r.reaches(name, schoolsv1.Phase_PHASE_AWARDED)
	j := ok(r, r.journeys.SustainJourney)(r.lead(), &schoolsv1.SustainJourneyRequest{Name: name, SustainPlan: "Greeters every year"})
	require.Equal(t, schoolsv1.Phase_PHASE_SUSTAINING, j.GetPhase())
	require.Equal(t, application, j.GetApplication())
	require.Equal(t, award, j.GetAward())
	r.clock.Advance(time.Hour)
	r.tell(&badgesv1.BadgeLapsed{Name: award, Journey: name}, award)
	r.reaches(name, schoolsv1.Phase_PHASE_LAPSED)
	r.clock.Advance(time.Hour)
	r.tell(&badgesv1.BadgeAwarded{Name: s1 + "/awards/w2", Journey: name, Application: application}, s1+"/awards/w2")
	r.reaches(name, schoolsv1.Phase_PHASE_AWARDED)

	require.Equal(t, []string{
		"JourneyBegun", "JourneyAdvanced", "JourneyAdvanced", "StandardChosen", "PlanSignedOff", "JourneyStarted",
		"RoadmapPresented", "JourneyAdvanced", "JourneyAdvanced", "JourneySustained", "JourneyLapsed", "JourneyAdvanced",
	}, r.emitted(name))
	require.Equal(t, []string{"StepCompleted"}, r.emitted(step))
}

func TestASnapshotHoldsTheWholeJourneyWithoutNames(t *testing.T) {
	r := newRig(t)
	r.land()
	name := r.aJourney(r.aTeam()).GetName()
	_, step := r.plan(name)
	r.present(name, step)
	snap := ok(r, r.journeys.GetJourneySnapshot)(r.principal(), &schoolsv1.GetJourneySnapshotRequest{Name: name})
	require.Equal(t, name, snap.GetJourney().GetName())
	require.Len(t, snap.GetGoals(), 1)
	require.Len(t, snap.GetSteps(), 1)
	require.Len(t, snap.GetReflections(), 1)
	require.Len(t, snap.GetNotes(), 1)
	require.Equal(t, []string{s1 + "/results/w1"}, snap.GetSurveyResults())
	require.Equal(t, []string{s1 + "/teams/t1/selfAssessments/a1"}, snap.GetSelfAssessments())
	require.Equal(t, "School 1001", snap.GetSchoolTitle())
	require.Equal(t, "District 0880", snap.GetDistrictTitle())
	require.Len(t, snap.GetGroups(), 2)
	require.Equal(t, int32(2), snap.GetGroups()[1].GetCount())
	require.False(t, snap.GetEligible())
	require.Len(t, snap.GetOutcomes(), 6)
	require.Equal(t, kittest.Start(), snap.GetAsOf().AsTime())
}

func TestARefusalToMoveOnListsEveryMissingRule(t *testing.T) {
	r := newRig(t)
	r.land()
	team := ok(r, r.teams.CreateTeam)(r.lead(), &schoolsv1.CreateTeamRequest{Parent: s1, TeamId: "t1", Team: &schoolsv1.Team{Title: "T"}}).GetName()
	j := r.aJourney(team)
	got := refused(r, r.journeys.BeginDiscovery)(r.lead(), &schoolsv1.BeginDiscoveryRequest{Name: j.GetName()})
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "NOT_ELIGIBLE", Rules: []string{
		j.GetName() + ": three-members", j.GetName() + ": staff-member", j.GetName() + ": family-member",
	}}, got)
	require.Equal(t, j.GetEtag(), ok(r, r.journeys.GetJourney)(r.lead(), &schoolsv1.GetJourneyRequest{Name: j.GetName()}).GetEtag())
}

func TestACallInTheWrongPhaseNamesPhaseMethodAndWhereItIsAllowed(t *testing.T) {
	r := newRig(t)
	r.land()
	j := r.aJourney(r.aTeam())
	_, err := r.journeys.StartJourney(r.lead(), &schoolsv1.StartJourneyRequest{Name: j.GetName()})
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "STATE_WRONG", Rules: []string{j.GetName() + ": phase_allows_method"}}, refusalOf(err))
	require.ErrorContains(t, err, "phase FORMING; start is allowed in phase PLANNING")
}

func TestAJourneyBeginsOnlyInAnOpenCycleWithAPublishedFramework(t *testing.T) {
	r := newRig(t)
	r.land()
	team := r.aTeam()
	ok(r, r.cycles.CreateCycle)(r.state(), &schoolsv1.CreateCycleRequest{CycleId: "2027-28", Cycle: aCycle(2027)})
	create := func(j *schoolsv1.Journey) refusal {
		return refused(r, r.journeys.CreateJourney)(r.lead(), &schoolsv1.CreateJourneyRequest{Parent: team, Journey: j})
	}
	for name, c := range map[string]struct {
		in   *schoolsv1.Journey
		want refusal
	}{
		"nothing given": {&schoolsv1.Journey{}, refusal{Code: codes.InvalidArgument, Reason: "FIELD_INVALID", Rules: []string{
			"journey.cycle: required", "journey.framework_version: required",
		}}},
		"unknown cycle and framework": {
			&schoolsv1.Journey{Cycle: "cycles/none", FrameworkVersion: "frameworks/none/versions/v9"},
			refusal{Code: codes.InvalidArgument, Reason: "FIELD_INVALID", Rules: []string{
				"journey.cycle: cycle_exists", "journey.framework_version: framework_version_exists",
			}},
		},
		"draft framework": {&schoolsv1.Journey{Cycle: year, FrameworkVersion: "frameworks/national/versions/draft"}, refusal{
			Code: codes.InvalidArgument, Reason: "FIELD_INVALID", Rules: []string{"journey.framework_version: framework_version_published"},
		}},
		"planned cycle": {&schoolsv1.Journey{Cycle: "cycles/2027-28", FrameworkVersion: framework}, refusal{
			Code: codes.FailedPrecondition, Reason: "STATE_WRONG", Rules: []string{"cycles/2027-28: cycle_open"},
		}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, create(c.in)) })
	}
	require.Equal(t, d1+"/people/lena", <-r.asked, "assessments is asked with the rights of the caller")
}

func TestPublishedFrameworksAreAskedForOnce(t *testing.T) {
	r := newRig(t)
	r.land()
	team := r.aTeam()
	for range 3 {
		ok(r, r.journeys.CreateJourney)(r.lead(), &schoolsv1.CreateJourneyRequest{
			Parent: team, Journey: &schoolsv1.Journey{Cycle: year, FrameworkVersion: framework},
		})
	}
	require.Len(t, r.asked, 1)
}

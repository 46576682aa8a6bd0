package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

func roundTrips(t *testing.T, s *store.Store) {
	crud(t, district.District{Name: d1, Fields: district.Fields{Title: "D", StateIdentifier: "0880", Region: "N", TimeZone: "America/Denver"}, Meta: meta()},
		d1, func(v *district.District) *record.Meta { return &v.Meta }, s.InsertDistrict, s.District, s.UpdateDistrict)
	crud(t, district.School{Name: school, State: district.Closed, Meta: meta(), SchoolFields: district.SchoolFields{
		Title: "S'; DROP", StateIdentifier: "01", GradeLow: "PK", GradeHigh: "05", Enrollment: 7, TitleOne: true, Charter: true,
	}}, school, func(v *district.School) *record.Meta { return &v.Meta }, s.InsertSchool, s.School, s.UpdateSchool)
	feeder := d1 + "/feederSystems/f"
	crud(t, district.Feeder{Name: feeder, FeederFields: district.FeederFields{Title: "F", Schools: []string{school}}, Meta: meta()},
		feeder, func(v *district.Feeder) *record.Meta { return &v.Meta }, s.InsertFeeder, s.Feeder, s.UpdateFeeder)
	for _, name := range []string{d1 + "/people/p", "people/p"} {
		crud(t, person.Person{Name: name, Meta: meta(), Fields: person.Fields{
			DisplayName: "Ana Ü", Email: "ana@example.org", Demo: true, Disabled: true,
		}}, name, func(v *person.Person) *record.Meta { return &v.Meta }, s.InsertPerson, s.Person, s.UpdatePerson)
	}
	for _, name := range []string{d1 + "/people/p/grants/g", "people/p/grants/g"} {
		crud(t, grant.Grant{
			Name: name, Meta: meta(), Held: grant.Held{Role: grant.OutsideEvaluator, Node: school, Start: now(), End: now().Add(time.Hour)},
			Reason: "R", Grantor: "people/a", Waits: true, Approver: "people/b", EndedAt: now(), EndedBy: "people/c", EndReason: "E",
		}, name, func(v *grant.Grant) *record.Meta { return &v.Meta }, s.InsertGrant, s.Grant, s.UpdateGrant)
	}
	forbidden := d1 + "/restrictions/r"
	crud(t, restriction.Restriction{Name: forbidden, Meta: meta(), Fields: restriction.Fields{
		Actions: []string{"notes.*"}, Roles: []grant.Role{grant.TeamLead}, Reason: "R",
	}}, forbidden, func(v *restriction.Restriction) *record.Meta { return &v.Meta }, s.InsertRestriction, s.Restriction, s.UpdateRestriction)
	crud(t, cycle.Cycle{Name: "cycles/c", State: cycle.Planned, Meta: meta(), Fields: cycle.Fields{
		Title: "C", StartDate: "2026-08-01", EndDate: "2027-07-31", Terms: []cycle.Term{{Title: "Fall", StartDate: "2026-08-01", EndDate: "2026-12-01"}},
		Windows: []cycle.Window{{Phase: phase.Planning, Start: now(), End: now().Add(time.Hour)}},
	}}, "cycles/c", func(v *cycle.Cycle) *record.Meta { return &v.Meta }, s.InsertCycle, s.Cycle, s.UpdateCycle)
	crud(t, team.Team{Name: aTeam, Fields: team.Fields{Title: "T", Purpose: "P"}, Meta: meta()},
		aTeam, func(v *team.Team) *record.Meta { return &v.Meta }, s.InsertTeam, s.Team, s.UpdateTeam)
	crud(t, team.Member{Name: aTeam + "/members/m", Confirmed: true, Meta: meta(), MemberFields: team.MemberFields{
		Person: d1 + "/people/p", DisplayName: "A", Group: team.Family, Lead: true,
	}}, aTeam+"/members/m", func(v *team.Member) *record.Meta { return &v.Meta }, s.InsertMember, s.Member, s.UpdateMember)
	planRoundTrips(t, s)
}

func planRoundTrips(t *testing.T, s *store.Store) {
	t.Helper()
	crud(t, journey.Journey{
		Name: j1, Cycle: "cycles/c", PastCycles: []string{"cycles/b"}, FrameworkVersion: "frameworks/f/versions/1", Phase: phase.Applied,
		Choice:    &journey.Choice{Standard: "welcome", Reasons: "r", DataSummary: "d", ChooseTime: now(), ChosenBy: "people/p"},
		SignedOff: &journey.Signature{Signer: "people/q", SignTime: now(), PlanDigest: "00", Statement: "s"}, EvidencePlan: "e",
		Presentation: &journey.Presentation{Summary: "s", PresentDate: "2027-05-01", Attendees: 3}, SustainPlan: "x",
		Application: school + "/applications/a", Award: school + "/awards/w", Revising: true, VerdictAt: now(), Meta: meta(),
	}, j1, func(v *journey.Journey) *record.Meta { return &v.Meta }, s.InsertJourney, s.Journey, s.UpdateJourney)
	bare := aTeam + "/journeys/bare"
	crud(t, journey.Journey{Name: bare, Phase: phase.Forming, Meta: meta()}, bare,
		func(v *journey.Journey) *record.Meta { return &v.Meta }, s.InsertJourney, s.Journey, s.UpdateJourney)
	goal := journey.Goal{Name: j1 + "/goals/g", Meta: meta(), GoalFields: journey.GoalFields{
		Title: "t", Indicator: "i", ImprovementPlanGoal: "p", Measure: "m",
	}}
	crud(t, goal, goal.Name, func(v *journey.Goal) *record.Meta { return &v.Meta }, s.InsertGoal, s.Goal, s.UpdateGoal)
	step := journey.Step{Name: j1 + "/steps/s", Completed: true, CompleteTime: now(), Outcome: "o", Meta: meta(), StepFields: journey.StepFields{
		Title: "t", Goal: goal.Name, Owner: aTeam + "/members/m", DueDate: "2026-10-01", BudgetCents: 1 << 35,
	}}
	crud(t, step, step.Name, func(v *journey.Step) *record.Meta { return &v.Meta }, s.InsertStep, s.Step, s.UpdateStep)
	crud(t, journey.Reflection{Name: j1 + "/reflections/r", Step: step.Name, Text: "t", Group: team.Student, Author: "people/p", Meta: meta()},
		j1+"/reflections/r", func(v *journey.Reflection) *record.Meta { return &v.Meta }, s.InsertReflection, s.Reflection, nil)
	crud(t, journey.Note{Name: j1 + "/notes/n", Text: "t", Standard: "welcome", Author: "people/p", Meta: meta()},
		j1+"/notes/n", func(v *journey.Note) *record.Meta { return &v.Meta }, s.InsertNote, s.Note, nil)
	removeParts(t, s)
}

func removeParts(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := kittest.All(t)
	goals, err := s.Goals(ctx, j1)
	require.NoError(t, err)
	require.Len(t, goals, 1)
	require.NoError(t, s.DeleteGoal(ctx, goals[0]))
	steps, err := s.ListSteps(ctx, j1, record.Range{})
	require.NoError(t, err)
	require.Len(t, steps, 1)
	require.NoError(t, s.DeleteStep(ctx, steps[0]))
	steps, err = s.Steps(ctx, j1)
	require.NoError(t, err)
	require.Empty(t, steps)
}

func projections(t *testing.T, s *store.Store) {
	ctx := kittest.All(t)
	accepted := journey.Evidence{
		Source: school + "/artifacts/a", EventTime: now(), Journey: j1, Step: j1 + "/steps/s", Indicator: "i", OccurDate: "2026-10-01",
		Groups: []team.Group{team.Family}, SHA256: "00",
	}
	changed := accepted
	changed.EventTime, changed.OccurDate = now().Add(time.Second), "2026-11-01"
	for _, e := range []journey.Evidence{changed, accepted, changed} {
		require.NoError(t, s.SaveEvidence(ctx, e))
	}
	got, err := s.Evidence(ctx, j1)
	require.NoError(t, err)
	require.Equal(t, []journey.Evidence{changed}, got)
	gone := journey.Evidence{Source: accepted.Source, EventTime: changed.EventTime, Journey: j1, Withdrawn: true}
	for _, e := range []journey.Evidence{gone, changed, accepted} {
		require.NoError(t, s.SaveEvidence(ctx, e))
	}
	got, err = s.Evidence(ctx, j1)
	require.NoError(t, err)
	require.Empty(t, got)

	result := journey.SurveyResult{
		Source: school + "/results/r", EventTime: now(), School: school, Release: "r", Campaign: "c", Cycle: "cycles/c", Wave: 2,
		FrameworkVersion: "f", Sufficient: true,
	}
	require.NoError(t, s.SaveSurveyResult(ctx, result))
	results, err := s.SurveyResults(ctx, school)
	require.NoError(t, err)
	require.Equal(t, []journey.SurveyResult{result}, results)
	assessment := journey.SelfAssessment{Source: aTeam + "/selfAssessments/a", EventTime: now(), Team: aTeam, Cycle: "cycles/c", FrameworkVersion: "f"}
	require.NoError(t, s.SaveSelfAssessment(ctx, assessment))
	assessments, err := s.SelfAssessments(ctx, aTeam)
	require.NoError(t, err)
	require.Equal(t, []journey.SelfAssessment{assessment}, assessments)
	applied, err := s.Applied(ctx)
	require.NoError(t, err)
	require.True(t, applied.IsZero())
}

func editions(t *testing.T, s *store.Store) {
	edition := func(id string, at time.Time) journey.BadgeRules {
		return journey.BadgeRules{
			Source: "badgeDefinitions/b/versions/" + id, EventTime: at, BadgeDefinition: "badgeDefinitions/b", Standard: "welcome",
			FrameworkVersion: "f", Rules: []eligibility.Rule{{ID: id, Title: "t", Expression: "true", Reason: `""`, Fix: "x"}},
		}
	}
	second := edition("v2", now().Add(time.Hour))
	require.NoError(t, s.SaveBadgeRules(kittest.All(t), second))
	require.NoError(t, s.SaveBadgeRules(kittest.All(t), edition("v1", now())))
	got, found, err := s.BadgeRules(kittest.All(t), "welcome", "f")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, second, got)
	_, found, err = s.BadgeRules(kittest.All(t), "communicate", "f")
	require.NoError(t, err)
	require.False(t, found)
}

func awards(t *testing.T, s *store.Store) {
	won := journey.Award{
		Source: school + "/awards/w", EventTime: now(), Journey: j1, Application: "a", Standard: "welcome",
		BadgeDefinitionVersion: "b", Credential: "c", State: "awarded",
	}
	ended := journey.Award{Source: won.Source, EventTime: now().Add(time.Hour), Journey: j1, State: "revoked"}
	want := won
	want.State, want.EventTime = "revoked", ended.EventTime
	for name, told := range map[string][]journey.Award{"in order": {won, ended}, "the end first": {ended, won}, "twice": {won, ended, won, ended}} {
		t.Run(name, func(t *testing.T) {
			for _, a := range told {
				require.NoError(t, s.SaveAward(kittest.All(t), a))
			}
			got, err := s.Award(kittest.All(t), won.Source)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

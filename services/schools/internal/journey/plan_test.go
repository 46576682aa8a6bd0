package journey_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// anEdit is something done to the parts of a journey, and where it is allowed.
type anEdit struct {
	do       func(ctx context.Context, s *site) error
	phases   []phase.Phase
	revision bool // while an application is revised, too
	plan     bool // changes what the principal signs
}

func edits() map[string]anEdit {
	planning := []phase.Phase{phase.Planning}
	return map[string]anEdit{
		"changing the evidence plan": {func(ctx context.Context, s *site) error {
			_, err := s.Update(ctx, s.name, "", func(string) string { return "sign-in sheets" })
			return err
		}, []phase.Phase{phase.Forming, phase.Discovering, phase.Choosing, phase.Planning}, true, true},
		"adding a goal": {func(ctx context.Context, s *site) error {
			_, err := s.CreateGoal(ctx, s.name, "new", aGoal())
			return err
		}, planning, false, true},
		"changing a goal": {func(ctx context.Context, s *site) error {
			_, err := s.UpdateGoal(ctx, s.goal, "", func(f journey.GoalFields) journey.GoalFields { f.Measure = "Item 5"; return f })
			return err
		}, planning, true, true},
		"removing a goal": {func(ctx context.Context, s *site) error { return s.DeleteGoal(ctx, s.spare, "") }, planning, false, true},
		"adding a step": {func(ctx context.Context, s *site) error {
			_, err := s.CreateStep(ctx, s.name, "new", s.aStep())
			return err
		}, []phase.Phase{phase.Planning, phase.Underway}, false, true},
		"changing a step": {func(ctx context.Context, s *site) error {
			_, err := s.UpdateStep(ctx, s.step, "", func(f journey.StepFields) journey.StepFields { f.BudgetCents = 7; return f })
			return err
		}, []phase.Phase{phase.Planning, phase.Underway}, true, true},
		"removing a step": {func(ctx context.Context, s *site) error { return s.DeleteStep(ctx, s.step, "") }, planning, false, true},
		"completing a step": {func(ctx context.Context, s *site) error {
			_, err := s.CompleteStep(ctx, s.step, "", "done")
			return err
		}, []phase.Phase{phase.Underway}, false, false},
		"reflecting": {func(ctx context.Context, s *site) error {
			_, err := s.CreateReflection(ctx, "people/p", s.name, "", journey.Reflection{Step: s.step, Text: "t", Group: team.Family})
			return err
		}, []phase.Phase{phase.Underway, phase.Presented, phase.Awarded, phase.Sustaining}, true, false},
		"taking a note": {func(ctx context.Context, s *site) error {
			_, err := s.CreateNote(ctx, "people/p", s.name, "", journey.Note{Text: "t"})
			return err
		}, []phase.Phase{phase.Forming, phase.Discovering, phase.Choosing}, false, false},
	}
}

func TestEachEditIsAllowedInItsPhasesAndNowhereElse(t *testing.T) {
	w := newWorld(t)
	for name, e := range edits() {
		for _, p := range phase.All() {
			for _, revising := range []bool{false, true} {
				title := name + " in " + string(p)
				if revising {
					title += " while a revision is asked for"
				}
				t.Run(title, func(t *testing.T) {
					s := w.site(t, p, func(j *journey.Journey) { j.Revising = revising })
					before, parts := s.now(), s.parts()
					w.clock.Advance(time.Minute)
					err := e.do(kittest.All(t), s)
					after := s.now()
					if !slices.Contains(e.phases, p) && (!e.revision || !revising || p != phase.Applied) {
						require.Equal(t, []string{"STATE_WRONG", s.name + ": phase_allows_method"}, schoolstest.Refusal(t, err))
						require.Equal(t, before, after)
						require.Equal(t, parts, s.parts())
						return
					}
					require.NoError(t, err)
					require.Equal(t, before.Version+1, after.Version, "the etag covers the whole")
					require.Equal(t, w.clock.Now(), after.Updated)
					require.Equal(t, p, after.Phase)
					if e.plan && p == phase.Planning {
						require.Nil(t, after.SignedOff, "what was signed is no longer the plan")
					} else {
						require.Equal(t, before.SignedOff, after.SignedOff)
					}
				})
			}
		}
	}
}

func TestARefusedEditNamesPhaseAndWhatIsAllowed(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Presented, nil)
	_, err := s.UpdateGoal(kittest.All(t), s.goal, "", func(f journey.GoalFields) journey.GoalFields { return f })
	require.Equal(t, "The journey is in phase PRESENTED; changing a goal is allowed in phase PLANNING, APPLIED when a revision is asked for.", fixOf(t, err))
	err = s.DeleteGoal(kittest.All(t), s.spare, "")
	require.Equal(t, "The journey is in phase PRESENTED; removing a goal is allowed in phase PLANNING.", fixOf(t, err))
}

func TestTheEvidencePlanIsChangedByWhoReadItLast(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	write := func(text string) func(string) string { return func(string) string { return text } }
	j, err := s.Update(kittest.All(t), s.name, etag.Of(1), write("a"))
	require.NoError(t, err)
	require.Equal(t, "a", j.EvidencePlan)
	_, err = s.Update(kittest.All(t), s.name, etag.Of(1), write("lost"))
	require.Equal(t, []string{"ETAG_STALE " + s.name}, schoolstest.Refusal(t, err))
	_, err = s.Update(kittest.All(t), s.name, "", write(strings.Repeat("x", 4001)))
	require.Equal(t, schoolstest.Invalid("journey.evidence_plan: max_length"), schoolstest.Refusal(t, err))
	_, err = s.Update(kittest.All(t), s.name, "", write(strings.Repeat("x", 4000)))
	require.NoError(t, err)
	_, err = s.Update(kittest.All(t), s.name+"none", "", write("x"))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))
	_, err = s.CreateGoal(kittest.All(t), s.name, "x", aGoal())
	require.NoError(t, err)
	_, err = s.Update(kittest.All(t), s.name, etag.Of(3), write("late"))
	require.Equal(t, []string{"ETAG_STALE " + s.name}, schoolstest.Refusal(t, err), "a new goal is a change of the journey")
}

// digest is the digest of a plan, made without the code that makes it: keys of a
// map are written in order, as canonical JSON asks.
func digest(t *testing.T, goals []journey.Goal, steps []journey.Step, evidencePlan string) string {
	t.Helper()
	plan := map[string]any{"evidence_plan": evidencePlan}
	all := []any{}
	for _, g := range goals {
		all = append(all, map[string]any{
			"name": g.Name, "title": g.Title, "indicator": g.Indicator, "improvement_plan_goal": g.ImprovementPlanGoal, "measure": g.Measure,
		})
	}
	plan["goals"], all = all, []any{}
	for _, st := range steps {
		all = append(all, map[string]any{
			"name": st.Name, "title": st.Title, "goal": st.Goal, "owner": st.Owner, "due_date": st.DueDate, "budget_cents": st.BudgetCents,
		})
	}
	plan["steps"] = all
	raw, err := json.Marshal(plan)
	require.NoError(t, err)
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func TestThePrincipalSignsThePlanAsItIs(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, func(j *journey.Journey) { j.SignedOff = nil })
	goals, err := w.kept.Goals(kittest.All(t), s.name)
	require.NoError(t, err)
	steps, err := w.kept.Steps(kittest.All(t), s.name)
	require.NoError(t, err)
	j, err := s.SignOffPlan(kittest.All(t), "people/pat", s.name, etag.Of(1), "I stand behind it")
	require.NoError(t, err)
	require.Equal(t, &journey.Signature{
		Signer: "people/pat", SignTime: w.clock.Now(), Statement: "I stand behind it", PlanDigest: digest(t, goals, steps, "photos"),
	}, j.SignedOff)
	require.Equal(t, phase.Planning, j.Phase)
	_, err = s.SignOffPlan(kittest.All(t), "people/pat", s.name, etag.Of(1), "")
	require.Equal(t, []string{"ETAG_STALE " + s.name}, schoolstest.Refusal(t, err), "nobody signs what they did not read")
	again, err := s.SignOffPlan(kittest.All(t), "people/quinn", s.name, "", "")
	require.NoError(t, err)
	require.Equal(t, j.SignedOff.PlanDigest, again.SignedOff.PlanDigest, "the same plan has the same digest")
	require.Equal(t, "people/quinn", again.SignedOff.Signer)
}

func TestEveryPartOfThePlanIsSigned(t *testing.T) {
	w := newWorld(t)
	goal := func(change func(*journey.GoalFields)) func(*site) error {
		return func(s *site) error {
			_, err := s.UpdateGoal(kittest.All(t), s.goal, "", func(f journey.GoalFields) journey.GoalFields { change(&f); return f })
			return err
		}
	}
	step := func(change func(*site, *journey.StepFields)) func(*site) error {
		return func(s *site) error {
			_, err := s.UpdateStep(kittest.All(t), s.step, "", func(f journey.StepFields) journey.StepFields { change(s, &f); return f })
			return err
		}
	}
	for name, change := range map[string]func(*site) error{
		"title of a goal":       goal(func(f *journey.GoalFields) { f.Title = "x" }),
		"indicator of a goal":   goal(func(f *journey.GoalFields) { f.Indicator = "welcome-2" }),
		"improvement plan goal": goal(func(f *journey.GoalFields) { f.ImprovementPlanGoal = "x" }),
		"measure of a goal":     goal(func(f *journey.GoalFields) { f.Measure = "x" }),
		"title of a step":       step(func(_ *site, f *journey.StepFields) { f.Title = "x" }),
		"goal of a step":        step(func(s *site, f *journey.StepFields) { f.Goal = s.spare }),
		"owner of a step":       step(func(_ *site, f *journey.StepFields) { f.Owner = aTeam + "/members/m1" }),
		"day of a step":         step(func(_ *site, f *journey.StepFields) { f.DueDate = "2026-10-02" }),
		"budget of a step":      step(func(_ *site, f *journey.StepFields) { f.BudgetCents++ }),
		"evidence plan":         editing("changing the evidence plan"),
		"one goal more":         editing("adding a goal"),
		"one goal less":         editing("removing a goal"),
		"one step more":         editing("adding a step"),
		"one step less":         editing("removing a step"),
	} {
		t.Run(name, func(t *testing.T) {
			s := w.site(t, phase.Planning, nil)
			before, err := s.SignOffPlan(kittest.All(t), "people/pat", s.name, "", "")
			require.NoError(t, err)
			require.NoError(t, change(s))
			require.Nil(t, s.now().SignedOff)
			after, err := s.SignOffPlan(kittest.All(t), "people/pat", s.name, "", "")
			require.NoError(t, err)
			require.NotEqual(t, before.SignedOff.PlanDigest, after.SignedOff.PlanDigest)
		})
	}
}

func editing(name string) func(*site) error {
	return func(s *site) error { return edits()[name].do(kittest.All(s.t), s) }
}

// fixOf is what a refusal with one violation says.
func fixOf(t *testing.T, err error) string {
	t.Helper()
	p := problemOf(t, err)
	require.Len(t, p.Violations, 1)
	return p.Violations[0].Fix
}

package journey_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

func problemOf(t *testing.T, err error) *problem.Error {
	t.Helper()
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	return p
}

func TestTheFieldsOfAGoal(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	for name, c := range map[string]struct {
		change func(*journey.GoalFields)
		want   []string
	}{
		"a good goal":                       {func(*journey.GoalFields) {}, nil},
		"another indicator of the standard": {func(f *journey.GoalFields) { f.Indicator = "welcome-2" }, nil},
		"an indicator of another standard":  {func(f *journey.GoalFields) { f.Indicator = "communicate-1" }, []string{"goal.indicator: indicator_of_standard"}},
		"an indicator that is not there":    {func(f *journey.GoalFields) { f.Indicator = "welcome-9" }, []string{"goal.indicator: indicator_of_standard"}},
		"a standard is no indicator":        {func(f *journey.GoalFields) { f.Indicator = "welcome" }, []string{"goal.indicator: indicator_of_standard"}},
		"a title of 301 is too long":        {func(f *journey.GoalFields) { f.Title = strings.Repeat("x", 301) }, []string{"goal.title: max_length"}},
		"a measure of 1001 is too long":     {func(f *journey.GoalFields) { f.Measure = strings.Repeat("x", 1001) }, []string{"goal.measure: max_length"}},
		"a plan goal of 501 is too long": {
			func(f *journey.GoalFields) { f.ImprovementPlanGoal = strings.Repeat("x", 501) },
			[]string{"goal.improvement_plan_goal: max_length"},
		},
		"an indicator of 65 is too long, too": {
			func(f *journey.GoalFields) { f.Indicator = strings.Repeat("x", 65) },
			[]string{"goal.indicator: max_length", "goal.indicator: indicator_of_standard"},
		},
		"nothing is everything missing": {
			func(f *journey.GoalFields) { *f = journey.GoalFields{} },
			[]string{"goal.title: required", "goal.indicator: required", "goal.improvement_plan_goal: required", "goal.measure: required"},
		},
		"blanks are nothing": {
			func(f *journey.GoalFields) { f.Title, f.Measure = "  ", "\n" },
			[]string{"goal.title: required", "goal.measure: required"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := aGoal()
			c.change(&f)
			made, err := s.CreateGoal(kittest.All(t), s.name, "", f)
			_, uerr := s.UpdateGoal(kittest.All(t), s.goal, "", func(journey.GoalFields) journey.GoalFields { return f })
			if c.want == nil {
				require.NoError(t, err)
				require.NoError(t, uerr)
				require.Equal(t, f, made.GoalFields)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, uerr))
		})
	}
}

func TestAGoalComesAndGoes(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	w.clock.Advance(time.Minute)
	made, err := s.CreateGoal(kittest.All(t), s.name, "x", aGoal())
	require.NoError(t, err)
	require.Equal(t, journey.Goal{Name: s.name + "/goals/x", GoalFields: aGoal(), Meta: record.NewMeta(w.clock.Now())}, made)
	_, err = s.CreateGoal(kittest.All(t), s.name, "x", aGoal())
	require.Equal(t, []string{"RESOURCE_EXISTS " + made.Name}, schoolstest.Refusal(t, err))
	_, err = s.CreateGoal(kittest.All(t), s.name, "No", aGoal())
	require.Equal(t, schoolstest.Invalid("goal_id: id_form"), schoolstest.Refusal(t, err))
	_, err = s.CreateGoal(kittest.All(t), s.name+"none", "", aGoal())
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))

	measure := func(f journey.GoalFields) journey.GoalFields { f.Measure = "Item 9"; return f }
	changed, err := s.UpdateGoal(kittest.All(t), made.Name, etag.Of(1), measure)
	require.NoError(t, err)
	require.Equal(t, "Item 9", changed.Measure)
	require.Equal(t, int64(2), changed.Version, "counted once, though the transaction ran twice")
	got, err := s.GetGoal(kittest.All(t), made.Name)
	require.NoError(t, err)
	require.Equal(t, changed, got)
	_, err = s.UpdateGoal(kittest.All(t), made.Name, etag.Of(1), measure)
	require.Equal(t, []string{"ETAG_STALE " + made.Name}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"ETAG_STALE " + made.Name}, schoolstest.Refusal(t, s.DeleteGoal(kittest.All(t), made.Name, etag.Of(1))))
	require.NoError(t, s.DeleteGoal(kittest.All(t), made.Name, etag.Of(2)))
	gone := []string{"RESOURCE_NOT_FOUND " + made.Name}
	require.Equal(t, gone, schoolstest.Refusal(t, s.DeleteGoal(kittest.All(t), made.Name, "")))
	_, err = s.UpdateGoal(kittest.All(t), made.Name, "", measure)
	require.Equal(t, gone, schoolstest.Refusal(t, err))
	_, err = s.GetGoal(kittest.All(t), made.Name)
	require.Equal(t, gone, schoolstest.Refusal(t, err))

	list, err := s.ListGoals(kittest.All(t), s.name, record.Range{After: []string{"g"}})
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = s.ListGoals(kittest.All(t), s.name+"none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))
}

func TestAGoalThatStepsServeStays(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	before, parts := s.now(), s.parts()
	require.Equal(t, []string{"HAS_CHILDREN", s.step + ": goal_without_steps"}, schoolstest.Refusal(t, s.DeleteGoal(kittest.All(t), s.goal, "")))
	require.Equal(t, before, s.now())
	require.Equal(t, parts, s.parts())
	_, err := s.UpdateStep(kittest.All(t), s.step, "", func(f journey.StepFields) journey.StepFields { f.Goal = s.spare; return f })
	require.NoError(t, err)
	require.NoError(t, s.DeleteGoal(kittest.All(t), s.goal, ""), "once the step serves another")
}

// hasty is a store in which somebody else is faster: the goal changes between
// the check of its fields and the transaction.
type hasty struct {
	schoolstest.Store
	meddle func()
	done   bool
}

func (h *hasty) Tx(ctx context.Context, fn func(context.Context) error) error {
	if !h.done {
		h.done = true
		h.meddle()
	}
	return h.Store.Tx(ctx, fn)
}

func TestAGoalThatChangedAfterItWasCheckedIsAConflict(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	slow := w.Service
	slow.Store = &hasty{Store: schoolstest.Store{Store: w.kept}, meddle: func() {
		_, err := w.UpdateGoal(kittest.All(t), s.goal, "", func(f journey.GoalFields) journey.GoalFields { f.Title = "first"; return f })
		require.NoError(t, err)
	}}
	_, err := slow.UpdateGoal(kittest.All(t), s.goal, "", func(f journey.GoalFields) journey.GoalFields { f.Title = "second"; return f })
	require.Equal(t, []string{"CONFLICT " + s.goal}, schoolstest.Refusal(t, err))
	got, err := w.GetGoal(kittest.All(t), s.goal)
	require.NoError(t, err)
	require.Equal(t, "first", got.Title)
}

func TestWithoutTheOwnerOfFrameworksNothingIsTakenOnTrust(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	choosing := w.site(t, phase.Choosing, nil)
	w.frameworks.err = problem.Unavailable("assessments")
	for name, call := range map[string]func() error{
		"a goal": func() error { _, err := s.CreateGoal(kittest.All(t), s.name, "", aGoal()); return err },
		"a changed goal": func() error {
			_, err := s.UpdateGoal(kittest.All(t), s.goal, "", func(f journey.GoalFields) journey.GoalFields { return f })
			return err
		},
		"a journey": func() error {
			_, err := w.Create(kittest.All(t), aTeam, "", journey.Draft{Cycle: "cycles/c0", FrameworkVersion: framework})
			return err
		},
		"a choice": func() error {
			_, err := w.ChooseStandard(kittest.All(t), "people/p", choosing.name, "", journey.Choice{Standard: "welcome", Reasons: "r"})
			return err
		},
		"a note about a standard": func() error {
			_, err := w.CreateNote(kittest.All(t), "people/p", choosing.name, "", journey.Note{Text: "t", Standard: "welcome"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{"UNAVAILABLE assessments"}, schoolstest.Refusal(t, call()))
		})
	}
}

package journey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const maxBudget = 100_000_000_000

// Step is an action step of the plan.
type Step struct {
	Name string
	StepFields
	Completed    bool
	CompleteTime time.Time
	Outcome      string
	record.Meta
}

// StepFields is what may be changed about a step.
type StepFields struct {
	Title       string
	Goal        string
	Owner       string
	DueDate     string
	BudgetCents int64
}

// CreateStep adds an action step.
func (s Service) CreateStep(ctx context.Context, journey, id string, f StepFields) (Step, error) {
	id, err := record.ChooseID(id, "step_id")
	if err != nil {
		return Step{}, err
	}
	st := Step{Name: record.Join(journey, "steps", id), StepFields: f, Meta: record.NewMeta(s.Clock.Now())}
	_, err = s.edit(ctx, journey, createStep, func(ctx context.Context, _ *Journey) error {
		if err := s.checkStep(ctx, journey, f); err != nil {
			return err
		}
		return s.Store.InsertStep(ctx, st)
	})
	return st, err
}

// checkStep asks for a goal of the same journey and a confirmed member of its team.
func (s Service) checkStep(ctx context.Context, journey string, f StepFields) error {
	r := record.For("step")
	r.Text("title", f.Title, maxTitle)
	r.Date("due_date", f.DueDate)
	if f.BudgetCents < 0 || f.BudgetCents > maxBudget {
		r.Add("budget_cents", "range", fmt.Sprintf("Give a number from 0 to %d.", maxBudget))
	}
	found := record.Parent(f.Goal) == journey
	if found {
		_, err := s.Store.Goal(ctx, f.Goal)
		if found = err == nil; err != nil && !problem.Is(err, problem.KindNotFound) {
			return err
		}
	}
	if !found {
		r.Add("goal", "goal_of_journey", "Choose a goal of this journey.")
	}
	confirmed := record.Parent(f.Owner) == record.Parent(journey)
	if confirmed {
		m, err := s.Store.Member(ctx, f.Owner)
		if confirmed = err == nil && m.Confirmed; err != nil && !problem.Is(err, problem.KindNotFound) {
			return err
		}
	}
	if !confirmed {
		r.Add("owner", "confirmed_member", "Choose a confirmed member of the team.")
	}
	return r.Err()
}

// GetStep reads one step.
func (s Service) GetStep(ctx context.Context, name string) (Step, error) {
	return s.Store.Step(ctx, name)
}

// ListSteps lists the steps of a journey.
func (s Service) ListSteps(ctx context.Context, journey string, r record.Range) ([]Step, error) {
	if _, err := s.Store.Journey(ctx, journey); err != nil {
		return nil, err
	}
	return s.Store.ListSteps(ctx, journey, r)
}

// UpdateStep changes a step. What was done stays as it was, unless a revision
// asks for more.
func (s Service) UpdateStep(ctx context.Context, name, tag string, change func(StepFields) StepFields) (Step, error) {
	return s.editStep(ctx, name, tag, updateStep, func(ctx context.Context, j *Journey, st *Step) error {
		if st.Completed && j.Phase != phase.Applied {
			return stepDone(name)
		}
		st.StepFields = change(st.StepFields)
		if err := s.checkStep(ctx, j.Name, st.StepFields); err != nil {
			return err
		}
		st.Touch(s.Clock.Now())
		return s.Store.UpdateStep(ctx, *st)
	})
}

// CompleteStep marks a step as done, with what came of it.
func (s Service) CompleteStep(ctx context.Context, name, tag, outcome string) (Step, error) {
	r := record.For("")
	r.Text("outcome", outcome, maxLongText)
	if err := r.Err(); err != nil {
		return Step{}, err
	}
	return s.editStep(ctx, name, tag, completeStep, func(ctx context.Context, _ *Journey, st *Step) error {
		if st.Completed {
			return stepDone(name)
		}
		st.Completed, st.CompleteTime, st.Outcome = true, s.Clock.Now(), outcome
		st.Touch(s.Clock.Now())
		if err := s.Store.UpdateStep(ctx, *st); err != nil {
			return err
		}
		return s.Store.Emit(ctx, StepCompleted{Name: name})
	})
}

// DeleteStep removes a step that was not done and not reflected on.
func (s Service) DeleteStep(ctx context.Context, name, tag string) error {
	_, err := s.editStep(ctx, name, tag, deleteStep, func(ctx context.Context, j *Journey, st *Step) error {
		if st.Completed {
			return stepDone(name)
		}
		reflections, err := s.Store.Reflections(ctx, j.Name)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(reflections, func(r Reflection) bool { return r.Step == name }); i >= 0 {
			return hasChildren(reflections[i].Name, "step_without_reflections", "Keep the step: the team has reflected on it.")
		}
		return s.Store.DeleteStep(ctx, *st)
	})
	return err
}

func (s Service) editStep(ctx context.Context, name, tag string, e edit, do func(context.Context, *Journey, *Step) error) (st Step, err error) {
	if st, err = s.Store.Step(ctx, name); err != nil {
		return st, err
	}
	_, err = s.edit(ctx, record.Parent(name), e, func(ctx context.Context, j *Journey) error {
		if st, err = s.Store.Step(ctx, name); err != nil {
			return err
		}
		if err := st.Check(tag, name); err != nil {
			return err
		}
		return do(ctx, j, &st)
	})
	return st, err
}

func stepDone(name string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: name, Rule: "step_open", Fix: "The step is completed; what was done stays as it is. Add another step instead.",
	})
}

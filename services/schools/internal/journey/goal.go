package journey

import (
	"context"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxTitle     = 300
	maxIndicator = 64
	maxPlanGoal  = 500
	maxMeasure   = 1000
)

// Goal is what the team wants to reach.
type Goal struct {
	Name string
	GoalFields
	record.Meta
}

// GoalFields is what may be changed about a goal.
type GoalFields struct {
	Title               string
	Indicator           string
	ImprovementPlanGoal string
	Measure             string
}

// CreateGoal adds a goal to the plan.
func (s Service) CreateGoal(ctx context.Context, journey, id string, f GoalFields) (Goal, error) {
	id, err := record.ChooseID(id, "goal_id")
	if err != nil {
		return Goal{}, err
	}
	if err := s.checkGoal(ctx, journey, createGoal, f); err != nil {
		return Goal{}, err
	}
	g := Goal{Name: record.Join(journey, "goals", id), GoalFields: f, Meta: record.NewMeta(s.Clock.Now())}
	_, err = s.edit(ctx, journey, createGoal, func(ctx context.Context, _ *Journey) error {
		return s.Store.InsertGoal(ctx, g)
	})
	return g, err
}

// checkGoal asks for the fields, and for an indicator of the chosen standard.
// It runs before the transaction: a framework comes from another service.
func (s Service) checkGoal(ctx context.Context, journey string, e edit, f GoalFields) error {
	j, err := s.Store.Journey(ctx, journey)
	if err != nil {
		return err
	}
	r := record.For("goal")
	r.Text("title", f.Title, maxTitle)
	r.Text("indicator", f.Indicator, maxIndicator)
	r.Text("improvement_plan_goal", f.ImprovementPlanGoal, maxPlanGoal)
	r.Text("measure", f.Measure, maxMeasure)
	if err := mayEdit(j, e); err != nil {
		if !r.OK() {
			return r.Err()
		}
		return err
	}
	if f.Indicator != "" {
		framework, err := s.Frameworks.Version(ctx, j.FrameworkVersion)
		if err != nil {
			return err
		}
		if !slices.Contains(framework.Standards[j.Standard()], f.Indicator) {
			r.Add("indicator", "indicator_of_standard", "Choose an indicator of the standard "+j.Standard()+".")
		}
	}
	return r.Err()
}

// GetGoal reads one goal.
func (s Service) GetGoal(ctx context.Context, name string) (Goal, error) {
	return s.Store.Goal(ctx, name)
}

// ListGoals lists the goals of a journey.
func (s Service) ListGoals(ctx context.Context, journey string, r record.Range) ([]Goal, error) {
	if _, err := s.Store.Journey(ctx, journey); err != nil {
		return nil, err
	}
	return s.Store.ListGoals(ctx, journey, r)
}

// UpdateGoal changes a goal.
func (s Service) UpdateGoal(ctx context.Context, name, tag string, change func(GoalFields) GoalFields) (g Goal, err error) {
	checked, err := s.Store.Goal(ctx, name)
	if err != nil {
		return g, err
	}
	if err := s.checkGoal(ctx, record.Parent(name), updateGoal, change(checked.GoalFields)); err != nil {
		return g, err
	}
	_, err = s.edit(ctx, record.Parent(name), updateGoal, func(ctx context.Context, _ *Journey) error {
		if g, err = s.Store.Goal(ctx, name); err != nil {
			return err
		}
		if err := g.Check(tag, name); err != nil {
			return err
		}
		if g.Version != checked.Version { // changed since it was checked
			return problem.Conflict(name)
		}
		g.GoalFields = change(g.GoalFields)
		g.Touch(s.Clock.Now())
		return s.Store.UpdateGoal(ctx, g)
	})
	return g, err
}

// DeleteGoal removes a goal that no step serves.
func (s Service) DeleteGoal(ctx context.Context, name, tag string) error {
	if _, err := s.Store.Goal(ctx, name); err != nil {
		return err
	}
	_, err := s.edit(ctx, record.Parent(name), deleteGoal, func(ctx context.Context, j *Journey) error {
		g, err := s.Store.Goal(ctx, name)
		if err != nil {
			return err
		}
		if err := g.Check(tag, name); err != nil {
			return err
		}
		steps, err := s.Store.Steps(ctx, j.Name)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(steps, func(st Step) bool { return st.Goal == name }); i >= 0 {
			return hasChildren(steps[i].Name, "goal_without_steps", "Remove the steps that serve the goal first, or let them serve another.")
		}
		return s.Store.DeleteGoal(ctx, g)
	})
	return err
}

func hasChildren(name, rule, fix string) error {
	return problem.Precondition(problem.ReasonHasChildren, problem.Violation{Field: name, Rule: rule, Fix: fix})
}

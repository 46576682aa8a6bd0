package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/mask"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
)

type plans struct {
	schoolsv1.UnimplementedPlansServiceServer
	journeys journey.Service
}

// CreateGoal adds a goal to the plan.
func (s *plans) CreateGoal(ctx context.Context, req *schoolsv1.CreateGoalRequest) (*schoolsv1.Goal, error) {
	if err := checkName("parent", req.GetParent(), journeyForm); err != nil {
		return nil, err
	}
	g, err := s.journeys.CreateGoal(ctx, req.GetParent(), req.GetGoalId(), goalFields(req.GetGoal()))
	return answer(g, err, goalOut)
}

// GetGoal reads one goal.
func (s *plans) GetGoal(ctx context.Context, req *schoolsv1.GetGoalRequest) (*schoolsv1.Goal, error) {
	return read(ctx, req.GetName(), goalForm, s.journeys.GetGoal, goalOut)
}

// ListGoals lists the goals of a journey.
func (s *plans) ListGoals(ctx context.Context, req *schoolsv1.ListGoalsRequest) (*schoolsv1.ListGoalsResponse, error) {
	rows, next, err := below(ctx, req, journeyForm, s.journeys.ListGoals, func(g journey.Goal) string { return g.Name }, goalOut)
	return &schoolsv1.ListGoalsResponse{Goals: rows, NextPageToken: next}, err
}

// UpdateGoal changes the fields of the update mask.
func (s *plans) UpdateGoal(ctx context.Context, req *schoolsv1.UpdateGoalRequest) (*schoolsv1.Goal, error) {
	in := req.GetGoal()
	if err := checkName("goal.name", in.GetName(), goalForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"title", "indicator", "improvement_plan_goal", "measure"},
		func(f journey.GoalFields) *schoolsv1.Goal { return goalOut(journey.Goal{GoalFields: f}) }, goalFields)
	if err != nil {
		return nil, err
	}
	g, err := s.journeys.UpdateGoal(ctx, in.GetName(), in.GetEtag(), change)
	return answer(g, err, goalOut)
}

// DeleteGoal removes a goal.
func (s *plans) DeleteGoal(ctx context.Context, req *schoolsv1.DeleteGoalRequest) (*emptypb.Empty, error) {
	return remove(ctx, req.GetName(), goalForm, req.GetEtag(), s.journeys.DeleteGoal)
}

// CreateStep adds an action step.
func (s *plans) CreateStep(ctx context.Context, req *schoolsv1.CreateStepRequest) (*schoolsv1.Step, error) {
	if err := checkName("parent", req.GetParent(), journeyForm); err != nil {
		return nil, err
	}
	st, err := s.journeys.CreateStep(ctx, req.GetParent(), req.GetStepId(), stepFields(req.GetStep()))
	return answer(st, err, stepOut)
}

// GetStep reads one step.
func (s *plans) GetStep(ctx context.Context, req *schoolsv1.GetStepRequest) (*schoolsv1.Step, error) {
	return read(ctx, req.GetName(), stepForm, s.journeys.GetStep, stepOut)
}

// ListSteps lists the steps of a journey.
func (s *plans) ListSteps(ctx context.Context, req *schoolsv1.ListStepsRequest) (*schoolsv1.ListStepsResponse, error) {
	rows, next, err := below(ctx, req, journeyForm, s.journeys.ListSteps, func(st journey.Step) string { return st.Name }, stepOut)
	return &schoolsv1.ListStepsResponse{Steps: rows, NextPageToken: next}, err
}

// UpdateStep changes the fields of the update mask.
func (s *plans) UpdateStep(ctx context.Context, req *schoolsv1.UpdateStepRequest) (*schoolsv1.Step, error) {
	in := req.GetStep()
	if err := checkName("step.name", in.GetName(), stepForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"title", "goal", "owner", "due_date", "budget_cents"},
		func(f journey.StepFields) *schoolsv1.Step { return stepOut(journey.Step{StepFields: f}) }, stepFields)
	if err != nil {
		return nil, err
	}
	st, err := s.journeys.UpdateStep(ctx, in.GetName(), in.GetEtag(), change)
	return answer(st, err, stepOut)
}

// DeleteStep removes a step.
func (s *plans) DeleteStep(ctx context.Context, req *schoolsv1.DeleteStepRequest) (*emptypb.Empty, error) {
	return remove(ctx, req.GetName(), stepForm, req.GetEtag(), s.journeys.DeleteStep)
}

// CompleteStep marks a step as done.
func (s *plans) CompleteStep(ctx context.Context, req *schoolsv1.CompleteStepRequest) (*schoolsv1.Step, error) {
	if err := checkName("name", req.GetName(), stepForm); err != nil {
		return nil, err
	}
	st, err := s.journeys.CompleteStep(ctx, req.GetName(), req.GetEtag(), req.GetOutcome())
	return answer(st, err, stepOut)
}

func goalFields(g *schoolsv1.Goal) journey.GoalFields {
	return journey.GoalFields{
		Title: g.GetTitle(), Indicator: g.GetIndicator(), ImprovementPlanGoal: g.GetImprovementPlanGoal(), Measure: g.GetMeasure(),
	}
}

func goalOut(g journey.Goal) *schoolsv1.Goal {
	return &schoolsv1.Goal{
		Name: g.Name, Title: g.Title, Indicator: g.Indicator, ImprovementPlanGoal: g.ImprovementPlanGoal, Measure: g.Measure,
		CreateTime: stamp(g.Created), UpdateTime: stamp(g.Updated), Etag: tagOf(g.Meta),
	}
}

func stepFields(s *schoolsv1.Step) journey.StepFields {
	return journey.StepFields{
		Title: s.GetTitle(), Goal: s.GetGoal(), Owner: s.GetOwner(), DueDate: s.GetDueDate(), BudgetCents: s.GetBudgetCents(),
	}
}

func stepOut(s journey.Step) *schoolsv1.Step {
	return &schoolsv1.Step{
		Name: s.Name, Title: s.Title, Goal: s.Goal, Owner: s.Owner, DueDate: s.DueDate, BudgetCents: s.BudgetCents,
		Completed: s.Completed, CompleteTime: stamp(s.CompleteTime), Outcome: s.Outcome,
		CreateTime: stamp(s.Created), UpdateTime: stamp(s.Updated), Etag: tagOf(s.Meta),
	}
}

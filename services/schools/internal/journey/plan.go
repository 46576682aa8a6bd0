package journey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gowebpki/jcs"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

// edit is what may be done to the parts of a journey.
type edit string

const (
	editEvidencePlan edit = "changing the evidence plan"
	createGoal       edit = "adding a goal"
	updateGoal       edit = "changing a goal"
	deleteGoal       edit = "removing a goal"
	createStep       edit = "adding a step"
	updateStep       edit = "changing a step"
	deleteStep       edit = "removing a step"
	completeStep     edit = "completing a step"
	createReflection edit = "reflecting"
	createNote       edit = "taking a note"
)

// editRule says in which phases an edit is allowed.
type editRule struct {
	phases   []phase.Phase
	revision bool // also while an application is being revised
	plan     bool // changes what the principal signs
}

func ruleOf(e edit) editRule {
	planning := []phase.Phase{phase.Planning}
	return map[edit]editRule{
		editEvidencePlan: {phases: []phase.Phase{phase.Forming, phase.Discovering, phase.Choosing, phase.Planning}, revision: true, plan: true},
		createGoal:       {phases: planning, plan: true},
		updateGoal:       {phases: planning, revision: true, plan: true},
		deleteGoal:       {phases: planning, plan: true},
		createStep:       {phases: []phase.Phase{phase.Planning, phase.Underway}, plan: true},
		updateStep:       {phases: []phase.Phase{phase.Planning, phase.Underway}, revision: true, plan: true},
		deleteStep:       {phases: planning, plan: true},
		completeStep:     {phases: []phase.Phase{phase.Underway}},
		createReflection: {phases: []phase.Phase{phase.Underway, phase.Presented, phase.Awarded, phase.Sustaining}, revision: true},
		createNote:       {phases: []phase.Phase{phase.Forming, phase.Discovering, phase.Choosing}},
	}[e]
}

// mayEdit refuses an edit in a phase that does not allow it.
func mayEdit(j Journey, e edit) error {
	r := ruleOf(e)
	if slices.Contains(r.phases, j.Phase) || r.revision && j.Phase == phase.Applied && j.Revising {
		return nil
	}
	allowed := phaseNames(r.phases)
	if r.revision {
		allowed += ", APPLIED when a revision is asked for"
	}
	return wrongPhase(j, string(e), allowed)
}

// edit is the way of every change of a journey's parts. It changes the journey's
// version too, so that an etag covers the whole, and takes the signature off a
// plan that is no longer the one that was signed.
func (s Service) edit(ctx context.Context, name string, e edit, do func(ctx context.Context, j *Journey) error) (j Journey, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if j, err = s.Store.Journey(ctx, name); err != nil {
			return err
		}
		if err := mayEdit(j, e); err != nil {
			return err
		}
		if err := do(ctx, &j); err != nil {
			return err
		}
		if ruleOf(e).plan && j.Phase == phase.Planning {
			j.SignedOff = nil
		}
		j.Touch(s.Clock.Now())
		return s.Store.UpdateJourney(ctx, j)
	})
	return j, err
}

// signedPlan is what the principal signs.
type signedPlan struct {
	Goals        []signedGoal `json:"goals"`
	Steps        []signedStep `json:"steps"`
	EvidencePlan string       `json:"evidence_plan"`
}

type signedGoal struct {
	Name                string `json:"name"`
	Title               string `json:"title"`
	Indicator           string `json:"indicator"`
	ImprovementPlanGoal string `json:"improvement_plan_goal"`
	Measure             string `json:"measure"`
}

type signedStep struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Goal        string `json:"goal"`
	Owner       string `json:"owner"`
	DueDate     string `json:"due_date"`
	BudgetCents int64  `json:"budget_cents"`
}

// planDigest is the SHA-256, in hex, of the plan as canonical JSON (RFC 8785), in
// order of creation.
func (s Service) planDigest(ctx context.Context, j Journey) (string, error) {
	goals, err := s.Store.Goals(ctx, j.Name)
	if err != nil {
		return "", err
	}
	steps, err := s.Store.Steps(ctx, j.Name)
	if err != nil {
		return "", err
	}
	return digestOf(goals, steps, j.EvidencePlan)
}

func digestOf(goals []Goal, steps []Step, evidencePlan string) (string, error) {
	plan := signedPlan{Goals: []signedGoal{}, Steps: []signedStep{}, EvidencePlan: evidencePlan}
	for _, g := range goals {
		plan.Goals = append(plan.Goals, signedGoal{g.Name, g.Title, g.Indicator, g.ImprovementPlanGoal, g.Measure})
	}
	for _, s := range steps {
		plan.Steps = append(plan.Steps, signedStep{s.Name, s.Title, s.Goal, s.Owner, s.DueDate, s.BudgetCents})
	}
	raw, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("plan as JSON: %w", err)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return "", fmt.Errorf("plan as canonical JSON: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

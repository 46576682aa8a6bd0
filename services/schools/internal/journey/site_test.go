package journey_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// frameworks is the service that owns frameworks.
type frameworks struct {
	known map[string]journey.Framework
	err   error
}

func newFrameworks() *frameworks {
	standards := map[string][]string{"welcome": {"welcome-1", "welcome-2"}, "communicate": {"communicate-1"}}
	return &frameworks{known: map[string]journey.Framework{
		framework: {Published: true, Standards: standards},
		draftOf:   {Standards: standards},
	}}
}

// Version implements journey.Frameworks.
func (f *frameworks) Version(_ context.Context, name string) (journey.Framework, error) {
	if f.err != nil {
		return journey.Framework{}, f.err
	}
	found, ok := f.known[name]
	if !ok {
		return journey.Framework{}, problem.NotFound(name)
	}
	return found, nil
}

// site is a journey in some phase with a plan: goal g with step s of it, and
// goal spare that no step serves.
type site struct {
	*world
	t                             *testing.T
	name, goal, spare, step, lead string
}

// site puts a journey with a signed plan into a phase; change may alter it.
func (w *world) site(t *testing.T, p phase.Phase, change func(*journey.Journey)) *site {
	t.Helper()
	w.n++
	meta := record.NewMeta(w.clock.Now())
	name := fmt.Sprintf("%s/journeys/j%d", aTeam, w.n)
	s := &site{world: w, t: t, name: name, goal: name + "/goals/g", spare: name + "/goals/spare", step: name + "/steps/s", lead: aTeam + "/members/m0"}
	j := journey.Journey{
		Name: name, Cycle: "cycles/c0", FrameworkVersion: framework, Phase: p, EvidencePlan: "photos", Meta: meta,
		Choice:    &journey.Choice{Standard: "welcome", Reasons: "because"},
		SignedOff: &journey.Signature{Signer: "people/pat", PlanDigest: "00", SignTime: w.clock.Now()},
	}
	if change != nil {
		change(&j)
	}
	require.NoError(t, w.kept.InsertJourney(kittest.All(t), j))
	require.NoError(t, w.kept.InsertGoal(kittest.All(t), journey.Goal{Name: s.goal, Meta: meta, GoalFields: aGoal()}))
	require.NoError(t, w.kept.InsertGoal(kittest.All(t), journey.Goal{Name: s.spare, Meta: meta, GoalFields: aGoal()}))
	require.NoError(t, w.kept.InsertStep(kittest.All(t), journey.Step{Name: s.step, Meta: meta, StepFields: s.aStep()}))
	return s
}

func aGoal() journey.GoalFields {
	return journey.GoalFields{Title: "Greet", Indicator: "welcome-1", ImprovementPlanGoal: "UIP 2", Measure: "Item 4"}
}

func (s *site) aStep() journey.StepFields {
	return journey.StepFields{Title: "Greeters", Goal: s.goal, Owner: s.lead, DueDate: "2026-10-01", BudgetCents: 100}
}

func (s *site) now() journey.Journey {
	s.t.Helper()
	j, err := s.kept.Journey(kittest.All(s.t), s.name)
	require.NoError(s.t, err)
	return j
}

// parts is everything below the journey.
func (s *site) parts() []any {
	s.t.Helper()
	goals, err := s.kept.Goals(kittest.All(s.t), s.name)
	require.NoError(s.t, err)
	steps, err := s.kept.Steps(kittest.All(s.t), s.name)
	require.NoError(s.t, err)
	reflections, err := s.kept.Reflections(kittest.All(s.t), s.name)
	require.NoError(s.t, err)
	notes, err := s.kept.Notes(kittest.All(s.t), s.name)
	require.NoError(s.t, err)
	return []any{goals, steps, reflections, notes}
}

package journey

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// Eligibility tells whether a journey may take a step, rule by rule.
type Eligibility struct {
	Name     string
	Phase    phase.Phase
	Next     phase.Phase
	Eligible bool
	Outcomes []eligibility.Outcome
	AsOf     time.Time
	RuleSet  string
}

// Snapshot is the whole journey at one moment, without names of people.
type Snapshot struct {
	Journey         Journey
	Team            team.Team
	Goals           []Goal
	Steps           []Step
	Reflections     []Reflection
	Notes           []Note
	Members         map[team.Group]int
	SurveyResults   []SurveyResult
	SelfAssessments []SelfAssessment
	School          district.School
	District        district.District
	Eligibility     Eligibility
	Time            time.Time
}

// Explain tells every rule for the next phase, or for the one asked for.
func (s Service) Explain(ctx context.Context, name string, next phase.Phase) (Eligibility, error) {
	j, err := s.Store.Journey(ctx, name)
	if err != nil {
		return Eligibility{}, err
	}
	if next == "" {
		next = nextOf(j.Phase)
	}
	src, err := s.gather(ctx, j)
	if err != nil {
		return Eligibility{}, err
	}
	return s.explain(ctx, src, next)
}

func (s Service) explain(ctx context.Context, src sources, next phase.Phase) (Eligibility, error) {
	rules, from, err := s.rulesFor(ctx, src.journey, next)
	if err != nil {
		return Eligibility{}, err
	}
	asOf, err := s.Store.Applied(ctx)
	if err != nil {
		return Eligibility{}, err
	}
	if asOf.IsZero() {
		asOf = s.Clock.Now()
	}
	e := Eligibility{
		Name: src.journey.Name, Phase: src.journey.Phase, Next: next, Eligible: true,
		Outcomes: s.Rules.engine.Evaluate(rules, src.facts()), AsOf: asOf, RuleSet: from,
	}
	for _, o := range e.Outcomes {
		e.Eligible = e.Eligible && o.Met
	}
	return e, nil
}

// Snapshot reads everything that an application freezes, in one transaction: what
// is frozen was so at one moment.
func (s Service) Snapshot(ctx context.Context, name string) (snap Snapshot, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		snap, err = s.snapshot(ctx, name)
		return err
	})
	return snap, err
}

func (s Service) snapshot(ctx context.Context, name string) (snap Snapshot, err error) {
	j, err := s.Store.Journey(ctx, name)
	if err != nil {
		return snap, err
	}
	src, err := s.gather(ctx, j)
	if err != nil {
		return snap, err
	}
	snap = Snapshot{
		Journey: j, Goals: src.goals, Steps: src.steps, Reflections: src.reflections, Notes: src.notes,
		Members: src.members, SurveyResults: src.surveys, SelfAssessments: src.assessments, Time: s.Clock.Now(),
	}
	if snap.Team, err = s.Store.Team(ctx, record.Parent(name)); err != nil {
		return snap, err
	}
	if snap.School, err = s.Store.School(ctx, record.School(name)); err != nil {
		return snap, err
	}
	if snap.District, err = s.Store.District(ctx, record.Parent(snap.School.Name)); err != nil {
		return snap, err
	}
	snap.Eligibility, err = s.explain(ctx, src, phase.Applied)
	return snap, err
}

// Package journey is the work of one team on one standard, from the first survey
// to the badge and beyond.
//
// The flow: a call of the team goes through Service; the machine (machine.go)
// says whether the phase allows it, the calendar whether now is the time, and
// the rules (rules.go, package eligibility) whether everything is there that must
// be, over facts (facts.go) from the journey's own rows and from projections of
// other services' events. Each refusal lists everything that is missing. What
// the badges service decides comes in through Heed (verdict.go).
//
// Neighbours: team and cycle are read, never changed; inbox feeds projections
// and verdicts; store implements Store; peer implements Frameworks.
package journey

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const maxLongText = 4000

// Journey is one team's work on one standard over one or several cycles.
type Journey struct {
	Name             string
	Cycle            string
	PastCycles       []string
	FrameworkVersion string
	Phase            phase.Phase
	Choice           *Choice
	SignedOff        *Signature
	EvidencePlan     string
	Presentation     *Presentation
	SustainPlan      string
	Application      string
	Award            string
	Revising         bool      // a reviewer asked for more: plan and reflections may be amended
	VerdictAt        time.Time // of the newest event of the badges service that was heeded
	record.Meta
}

// Standard is the id of the chosen standard, or empty.
func (j Journey) Standard() string {
	if j.Choice == nil {
		return ""
	}
	return j.Choice.Standard
}

// Cycles returns all cycles of the journey.
func (j Journey) Cycles() []string {
	return append(append([]string{}, j.PastCycles...), j.Cycle)
}

// Choice is the chosen standard with its reasons.
type Choice struct {
	Standard    string    `json:"standard"`
	Reasons     string    `json:"reasons"`
	DataSummary string    `json:"data_summary"`
	ChooseTime  time.Time `json:"choose_time"`
	ChosenBy    string    `json:"chosen_by"`
}

// Signature is the principal's under the plan.
type Signature struct {
	Signer     string    `json:"signer"`
	SignTime   time.Time `json:"sign_time"`
	PlanDigest string    `json:"plan_digest"`
	Statement  string    `json:"statement"`
}

// Presentation tells how the roadmap was shown.
type Presentation struct {
	Summary     string `json:"summary"`
	PresentDate string `json:"present_date"`
	Attendees   int64  `json:"attendees"`
}

// Draft is what a journey begins with.
type Draft struct {
	Cycle            string
	FrameworkVersion string
	EvidencePlan     string
}

// Service is what can be done with journeys and their plans.
type Service struct {
	Store      Store
	Clock      clock.Clock
	Frameworks Frameworks
	Rules      *RuleBook
}

// Create begins a journey in an open cycle.
func (s Service) Create(ctx context.Context, team, id string, d Draft) (Journey, error) {
	id, err := record.ChooseID(id, "journey_id")
	if err != nil {
		return Journey{}, err
	}
	if _, err := s.Store.Team(ctx, team); err != nil {
		return Journey{}, err
	}
	if err := s.checkDraft(ctx, d); err != nil {
		return Journey{}, err
	}
	j := Journey{
		Name: record.Join(team, "journeys", id), Cycle: d.Cycle, FrameworkVersion: d.FrameworkVersion,
		EvidencePlan: d.EvidencePlan, Phase: phase.Forming, Meta: record.NewMeta(s.Clock.Now()),
	}
	return j, s.Store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.Store.Cycle(ctx, d.Cycle)
		if err != nil {
			return err
		}
		if err := mustBeOpen(c); err != nil {
			return err
		}
		if err := s.Store.InsertJourney(ctx, j); err != nil {
			return err
		}
		return s.Store.Emit(ctx, Begun{Name: j.Name, Cycle: j.Cycle, FrameworkVersion: j.FrameworkVersion})
	})
}

func (s Service) checkDraft(ctx context.Context, d Draft) error {
	r := record.For("journey")
	r.Short("evidence_plan", d.EvidencePlan, maxLongText)
	if err := s.checkCycle(ctx, r, d.Cycle); err != nil {
		return err
	}
	if d.FrameworkVersion == "" {
		r.Add("framework_version", "required", "Name the framework version that the journey is bound to.")
		return r.Err()
	}
	f, err := s.Frameworks.Version(ctx, d.FrameworkVersion)
	switch {
	case problem.Is(err, problem.KindNotFound):
		r.Add("framework_version", "framework_version_exists", "Choose a framework version that exists.")
	case err != nil:
		return err
	case !f.Published:
		r.Add("framework_version", "framework_version_published", "Choose a published framework version.")
	}
	return r.Err()
}

func (s Service) checkCycle(ctx context.Context, r *record.Rules, name string) error {
	if name == "" {
		r.Add("cycle", "required", "Name the cycle in which the journey begins.")
		return nil
	}
	_, err := s.Store.Cycle(ctx, name)
	if problem.Is(err, problem.KindNotFound) {
		r.Add("cycle", "cycle_exists", "Choose a cycle that exists.")
		return nil
	}
	return err
}

func mustBeOpen(c cycle.Cycle) error {
	if c.State == cycle.Open {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: c.Name, Rule: "cycle_open", Fix: "The cycle is " + string(c.State) + "; choose an open cycle.",
	})
}

// Get reads one journey.
func (s Service) Get(ctx context.Context, name string) (Journey, error) {
	return s.Store.Journey(ctx, name)
}

// List lists the journeys of a team.
func (s Service) List(ctx context.Context, team string, r record.Range) ([]Journey, error) {
	if _, err := s.Store.Team(ctx, team); err != nil {
		return nil, err
	}
	return s.Store.ListJourneys(ctx, team, r)
}

// Update changes the evidence plan.
func (s Service) Update(ctx context.Context, name, tag string, change func(evidencePlan string) string) (Journey, error) {
	return s.edit(ctx, name, editEvidencePlan, func(_ context.Context, j *Journey) error {
		if err := j.Check(tag, name); err != nil {
			return err
		}
		r := record.For("journey")
		j.EvidencePlan = change(j.EvidencePlan)
		r.Short("evidence_plan", j.EvidencePlan, maxLongText)
		return r.Err()
	})
}

package demo

import (
	"context"
	"fmt"
	"net/url"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// Phases by the names that the product gives them.
const (
	forming     = schoolsv1.Phase_PHASE_FORMING
	discovering = schoolsv1.Phase_PHASE_DISCOVERING
	choosing    = schoolsv1.Phase_PHASE_CHOOSING
	planning    = schoolsv1.Phase_PHASE_PLANNING
	underway    = schoolsv1.Phase_PHASE_UNDERWAY
	presented   = schoolsv1.Phase_PHASE_PRESENTED
	applied     = schoolsv1.Phase_PHASE_APPLIED
	awarded     = schoolsv1.Phase_PHASE_AWARDED
)

// leg is what a team does in a phase, and how it leaves it. A journey that ends
// in the phase does only half of the work there.
type leg struct {
	phase schoolsv1.Phase
	work  func(ctx context.Context, j Journey, half bool) error
	leave func(ctx context.Context, j Journey) error
}

func (l *loader) legs() []leg {
	nothing := func(context.Context, Journey, bool) error { return nil }
	return []leg{
		{forming, nothing, l.lead("discover", nil)},
		{discovering, l.note, l.deliberate},
		{choosing, nothing, l.chooseStandard},
		{planning, l.plan, l.lead("start", nil)},
		{underway, l.actOnPlan, l.present},
		{presented, nothing, l.apply},
		{applied, l.review, l.award},
		{awarded, nothing, l.lead("sustain", map[string]any{
			"sustainPlan": "The coffee stays in the calendar; a new parent leads it each year.",
		})},
	}
}

// journey goes from the phase in which the journey is to the one where it ends.
func (l *loader) journey(ctx context.Context, j Journey) error {
	now, err := l.beginJourney(ctx, j)
	if err != nil || now.GetCycle() != j.Year.Name() { // it has gone on to another year
		return err
	}
	for _, leg := range l.legs() {
		if leg.phase < now.GetPhase() || leg.phase > j.Until {
			continue
		}
		end := leg.phase == j.Until
		if err := leg.work(ctx, j, end); err != nil {
			return err
		}
		if end {
			break
		}
		if err := leg.leave(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// beginJourney begins the journey, or takes it from an earlier year to this one.
func (l *loader) beginJourney(ctx context.Context, j Journey) (*schoolsv1.Journey, error) {
	var now schoolsv1.Journey
	if !j.Continued {
		if err := l.create(ctx, j.School.Lead(), j.Name(), "journeyId",
			&schoolsv1.Journey{Cycle: j.Year.Name(), FrameworkVersion: frameworkVersion}); err != nil {
			return nil, err
		}
	}
	if err := l.get(ctx, j.School.Lead(), j.Name(), nil, &now); err != nil {
		return nil, err
	}
	if j.Continued && now.GetCycle() != j.Year.Name() {
		fields := map[string]any{"cycle": j.Year.Name()}
		return &now, l.act(ctx, j.School.Lead(), j.Name(), "continue", fields, &now)
	}
	return &now, nil
}

// lead has the team's lead call a method of the journey.
func (l *loader) lead(verb string, fields map[string]any) func(context.Context, Journey) error {
	return func(ctx context.Context, j Journey) error {
		return l.act(ctx, j.School.Lead(), j.Name(), verb, fields, nil)
	}
}

func (l *loader) note(ctx context.Context, j Journey, _ bool) error {
	return l.create(ctx, j.School.Parent(), j.Name()+"/notes/at-the-door", "noteId", &schoolsv1.Note{
		Text: "At pick-up many of us ask each other what the letters mean.", Standard: standards[j.Standard].id,
	})
}

// deliberate waits until results have arrived at the journey, and opens the
// choice.
func (l *loader) deliberate(ctx context.Context, j Journey) error {
	if err := l.awaitRules(ctx, j, choosing); err != nil {
		return err
	}
	return l.lead("deliberate", nil)(ctx, j)
}

// awaitRules waits until every rule of the next phase is met: what other
// services know arrives as events.
func (l *loader) awaitRules(ctx context.Context, j Journey, next schoolsv1.Phase) error {
	var eligibility schoolsv1.Eligibility
	err := restclient.Wait(ctx, patience, fmt.Sprintf("every rule of %s at %s", next, j.Name()), func(ctx context.Context) (bool, error) {
		err := l.get(ctx, j.School.Lead(), j.Name()+":explainEligibility", url.Values{"nextPhase": {next.String()}}, &eligibility)
		return eligibility.GetEligible(), err
	})
	if err == nil {
		return nil
	}
	for _, outcome := range eligibility.GetOutcomes() {
		if !outcome.GetMet() {
			err = fmt.Errorf("%w\n  %s: %s; %s", err, outcome.GetRule(), outcome.GetReason(), outcome.GetFix())
		}
	}
	return err
}

// awaitPhase waits until the journey has taken in an event of another service.
func (l *loader) awaitPhase(ctx context.Context, j Journey, phase schoolsv1.Phase) error {
	return restclient.Wait(ctx, patience, fmt.Sprintf("%s to be %s", j.Name(), phase), func(ctx context.Context) (bool, error) {
		var now schoolsv1.Journey
		err := l.get(ctx, j.School.Lead(), j.Name(), nil, &now)
		return now.GetPhase() == phase, err
	})
}

func (l *loader) chooseStandard(ctx context.Context, j Journey) error {
	return l.lead("choose", map[string]any{"choice": map[string]string{
		"standard": standards[j.Standard].id, "reasons": "Families said so, and we see it ourselves.",
		"dataSummary": "Lowest in the family survey; our own ratings agree.",
	}})(ctx, j)
}

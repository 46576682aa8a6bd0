package journey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// BeginDiscovery moves from forming to discovering.
func (s Service) BeginDiscovery(ctx context.Context, name, tag string) (Journey, error) {
	return s.move(ctx, name, tag, Discover, nil)
}

// OpenChoice moves from discovering to choosing.
func (s Service) OpenChoice(ctx context.Context, name, tag string) (Journey, error) {
	return s.move(ctx, name, tag, Deliberate, nil)
}

// ChooseStandard moves from choosing to planning with one standard and why. The
// ranking of needs is a suggestion; the team decides.
func (s Service) ChooseStandard(ctx context.Context, by, name, tag string, c Choice) (Journey, error) {
	if err := s.checkChoice(ctx, name, c); err != nil {
		return Journey{}, err
	}
	return s.move(ctx, name, tag, Choose, func(ctx context.Context, j *Journey) (any, error) {
		if err := s.onlyOneOpen(ctx, *j, c.Standard); err != nil {
			return nil, err
		}
		c.ChooseTime, c.ChosenBy = s.Clock.Now(), by
		j.Choice = &c
		return StandardChosen{Name: j.Name, Standard: c.Standard, FrameworkVersion: j.FrameworkVersion}, nil
	})
}

func (s Service) checkChoice(ctx context.Context, name string, c Choice) error {
	j, err := s.Store.Journey(ctx, name)
	if err != nil {
		return err
	}
	r := record.For("choice")
	r.Text("reasons", c.Reasons, maxLongText)
	r.Short("data_summary", c.DataSummary, maxLongText)
	f, err := s.Frameworks.Version(ctx, j.FrameworkVersion)
	if err != nil {
		return err
	}
	if _, found := f.Standards[c.Standard]; !found {
		r.Add("standard", "standard_of_framework", "Choose a standard of "+j.FrameworkVersion+".")
	}
	return r.Err()
}

// onlyOneOpen keeps a team from working twice on one standard at a time.
func (s Service) onlyOneOpen(ctx context.Context, j Journey, standard string) error {
	all, err := s.Store.ListJourneys(ctx, record.Parent(j.Name), record.Range{})
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Name != j.Name && other.Standard() == standard && other.Phase.Open() {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: other.Name, Rule: "one_open_journey_per_standard",
				Fix: "Go on with this journey: a team has one open journey per standard.",
			})
		}
	}
	return nil
}

// SignOffPlan records the principal's signature under the plan as it is.
func (s Service) SignOffPlan(ctx context.Context, by, name, tag, statement string) (Journey, error) {
	return s.move(ctx, name, tag, SignOff, func(ctx context.Context, j *Journey) (any, error) {
		digest, err := s.planDigest(ctx, *j)
		if err != nil {
			return nil, err
		}
		j.SignedOff = &Signature{Signer: by, SignTime: s.Clock.Now(), PlanDigest: digest, Statement: statement}
		return PlanSignedOff{Name: j.Name, PlanDigest: digest}, nil
	})
}

// StartJourney moves from planning to underway.
func (s Service) StartJourney(ctx context.Context, name, tag string) (Journey, error) {
	return s.move(ctx, name, tag, Start, func(_ context.Context, j *Journey) (any, error) {
		return Started{Name: j.Name, Standard: j.Standard(), Cycle: j.Cycle}, nil
	})
}

// PresentRoadmap moves from underway to presented.
func (s Service) PresentRoadmap(ctx context.Context, name, tag string, p Presentation) (Journey, error) {
	r := record.For("presentation")
	r.Text("summary", p.Summary, maxLongText)
	r.Date("present_date", p.PresentDate)
	if p.Attendees < 0 {
		r.Add("attendees", "range", "Give a number from 0 on.")
	}
	if err := r.Err(); err != nil {
		return Journey{}, err
	}
	return s.move(ctx, name, tag, Present, func(_ context.Context, j *Journey) (any, error) {
		j.Presentation = &p
		return RoadmapPresented{Name: j.Name}, nil
	})
}

// ContinueJourney takes a presented journey into another open cycle.
func (s Service) ContinueJourney(ctx context.Context, name, tag, next string) (Journey, error) {
	r := record.For("")
	if err := s.checkCycle(ctx, r, next); err != nil {
		return Journey{}, err
	}
	if err := r.Err(); err != nil {
		return Journey{}, err
	}
	return s.move(ctx, name, tag, Continue, func(ctx context.Context, j *Journey) (any, error) {
		c, err := s.Store.Cycle(ctx, next)
		if err != nil {
			return nil, err
		}
		if slices.Contains(j.Cycles(), next) {
			return nil, problem.Invalid(problem.Violation{
				Field: "cycle", Rule: "new_cycle", Fix: "Choose a cycle in which the journey has not been.",
			})
		}
		if err := mustBeOpen(c); err != nil {
			return nil, err
		}
		j.PastCycles, j.Cycle, j.SignedOff = j.Cycles(), next, nil
		return Continued{Name: j.Name, Cycle: next}, nil
	})
}

// SustainJourney moves from awarded to sustaining with how the practice is kept alive.
func (s Service) SustainJourney(ctx context.Context, name, tag, plan string) (Journey, error) {
	r := record.For("")
	r.Text("sustain_plan", plan, maxLongText)
	if err := r.Err(); err != nil {
		return Journey{}, err
	}
	return s.move(ctx, name, tag, Sustain, func(_ context.Context, j *Journey) (any, error) {
		j.SustainPlan = plan
		return Sustained{Name: j.Name}, nil
	})
}

// move is the way of every call that moves a journey: etag, machine, calendar,
// rules, then what the method does. Nothing changes unless all agree.
func (s Service) move(ctx context.Context, name, tag string, m Method, do func(context.Context, *Journey) (event any, err error)) (j Journey, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if j, err = s.Store.Journey(ctx, name); err != nil {
			return err
		}
		if err := j.Check(tag, name); err != nil {
			return err
		}
		t, err := mustAllow(j, m)
		if err != nil {
			return err
		}
		if err := s.inTime(ctx, j, t); err != nil {
			return err
		}
		if err := s.mustBeEligible(ctx, j, m); err != nil {
			return err
		}
		var event any = Advanced{Name: name, From: j.Phase, To: t.To}
		if do != nil {
			if event, err = do(ctx, &j); err != nil {
				return err
			}
		}
		j.Phase = t.To
		j.Touch(s.Clock.Now())
		if err := s.Store.UpdateJourney(ctx, j); err != nil {
			return err
		}
		return s.Store.Emit(ctx, event)
	})
	return j, err
}

// inTime asks the calendar: the cycle is open, and where it has windows for the
// phase that is left, one of them is.
func (s Service) inTime(ctx context.Context, j Journey, t Transition) error {
	if !t.Calendar {
		return nil
	}
	c, err := s.Store.Cycle(ctx, j.Cycle)
	if err != nil {
		return err
	}
	if c.State != cycle.Open {
		return windowClosed(c.Name, "cycle-open", "The cycle is "+string(c.State)+"; phases are left while it is open.")
	}
	windows, now := c.WindowsOf(j.Phase), s.Clock.Now()
	if len(windows) == 0 || slices.ContainsFunc(windows, func(w cycle.Window) bool { return w.Contains(now) }) {
		return nil
	}
	times := ""
	for _, w := range windows {
		times += fmt.Sprintf(" from %s until %s,", w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339))
	}
	return windowClosed(j.Name, "window-"+string(j.Phase),
		fmt.Sprintf("Phase %s may be left%s in %s.", j.Phase, times, c.Name))
}

func windowClosed(field, rule, fix string) error {
	return problem.Precondition(problem.ReasonWindowClosed, problem.Violation{Field: field, Rule: rule, Fix: fix})
}

package policy

import (
	"context"
	"fmt"
	"math"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// Name is the resource name of the document.
const Name = "surveyPolicy"

// Service keeps the rules.
type Service struct {
	store Store
	clock clock.Clock
}

// NewService returns the service that keeps the rules.
func NewService(store Store, c clock.Clock) *Service { return &Service{store: store, clock: c} }

// Policy is the rules in force.
func (s *Service) Policy(ctx context.Context) (Policy, error) {
	d, err := s.store.PolicyDocument(ctx)
	return d.InForce(), err
}

// Get is the document as the state set it.
func (s *Service) Get(ctx context.Context) (Document, error) { return s.store.PolicyDocument(ctx) }

// Update changes the document.
func (s *Service) Update(ctx context.Context, tag string, change func(*Document) error) (Document, error) {
	var out Document
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		d, err := s.store.PolicyDocument(ctx)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, d.Version, Name); err != nil {
			return err
		}
		if err := change(&d); err != nil {
			return err
		}
		if err := d.check(); err != nil {
			return err
		}
		d.UpdateTime, d.Version = s.clock.Now(), d.Version+1
		out = d
		return s.store.SavePolicy(ctx, d)
	})
	return out, err
}

// check refuses rules that protect nobody, or that no program could follow.
func (p Policy) check() error {
	var bad check.List
	within := func(field string, v, least, most int) {
		bad.Need(v == 0 || v >= least && v <= most, "survey_policy."+field, "in_range",
			fmt.Sprintf("Give %d to %d, or 0 for the default.", least, most))
	}
	within("minimum_cell", p.MinimumCell, LeastMinimumCell, MostMinimumCell)
	within("round_size", p.RoundSize, LeastMinimumCell, 1000)
	within("asks_per_period", p.AsksPerPeriod, 1, 100)
	within("period_days", p.PeriodDays, 1, MostPeriodDays)
	within("max_reminders", p.MaxReminders, 1, 10)
	within("days_between_mails", p.DaysBetweenMails, 1, 60)
	share := func(field string, v, most float64) {
		bad.Need(!math.IsNaN(v) && v >= 0 && v <= most, "survey_policy."+field, "in_range", fmt.Sprintf("Give 0 to %g.", most))
	}
	share("epsilon_total", p.EpsilonTotal, 20)
	bad.Need(p.EpsilonTotal == 0 || p.EpsilonTotal >= LeastEpsilonTotal, "survey_policy.epsilon_total", "in_range",
		fmt.Sprintf("Give at least %g, or 0 for exact releases: with less there is nothing but noise.", LeastEpsilonTotal))
	share("practical_difference", p.PracticalDifference, 50)
	if f := p.InForce(); p.RoundSize != 0 {
		bad.Need(f.RoundSize >= f.MinimumCell, "survey_policy.round_size", "at_least_minimum_cell",
			"Give at least the minimum cell: a smaller round would tell what few people answered.")
	}
	return bad.Err()
}

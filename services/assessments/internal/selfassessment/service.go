package selfassessment

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// Service keeps self-assessments.
type Service struct {
	store      Store
	frameworks framework.Source
	directory  Directory
	surveys    Surveys
	clock      clock.Clock
}

// NewService returns the service that keeps self-assessments.
func NewService(store Store, frameworks framework.Source, directory Directory, surveys Surveys, c clock.Clock) *Service {
	return &Service{store: store, frameworks: frameworks, directory: directory, surveys: surveys, clock: c}
}

// Create opens a self-assessment. Of a it reads team, id, cycle and framework
// version. A team has one open at a time in a cycle.
func (s *Service) Create(ctx context.Context, a Assessment) (Assessment, error) {
	known, err := s.directory.HasTeam(ctx, a.Team.Name())
	if err != nil {
		return a, err
	}
	if !known {
		return a, problem.NotFound(a.Team.Name())
	}
	var bad check.List
	a.ID = bad.ResourceID("self_assessment_id", a.ID)
	if known, err = s.directory.HasCycle(ctx, a.Cycle); err != nil {
		return a, err
	}
	bad.Need(known, "self_assessment.cycle", "cycle_exists", "Name a cycle that exists, e.g. cycles/2026-27.")
	if _, err := framework.Published(ctx, s.frameworks, a.FrameworkVersion); problem.Is(err, problem.KindNotFound) {
		bad.Add("self_assessment.framework_version", "published_framework_version", "Name a published framework version, e.g. frameworks/national-standards/versions/2022.")
	} else if err != nil {
		return a, err
	}
	if err := bad.Err(); err != nil {
		return a, err
	}
	now := s.clock.Now()
	a.State, a.CreateTime, a.UpdateTime, a.Version = Rating, now, now, 1
	return a, s.store.Tx(ctx, func(ctx context.Context) error {
		if err := s.onlyOne(ctx, a); err != nil {
			return err
		}
		return s.store.AddAssessment(ctx, a)
	})
}

func (s *Service) onlyOne(ctx context.Context, a Assessment) error {
	open, err := s.store.Rating(ctx, a.Team, a.Cycle)
	if problem.Is(err, problem.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: open.Name(), Rule: "one_at_a_time", Fix: "Settle the self-assessment that the team has open in this cycle before a new one.",
	})
}

// Get reads a self-assessment.
func (s *Service) Get(ctx context.Context, t Team, id string) (Assessment, error) {
	return s.store.Assessment(ctx, t, id)
}

// List lists the self-assessments of a team in the order of their ids.
func (s *Service) List(ctx context.Context, t Team, after string, limit int) ([]Assessment, error) {
	known, err := s.directory.HasTeam(ctx, t.Name())
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, problem.NotFound(t.Name())
	}
	return s.store.Assessments(ctx, t, after, limit)
}

// Rate stores what one member thinks. subject is who they are; it is kept as a
// digest bound to this self-assessment, good for nothing else.
func (s *Service) Rate(ctx context.Context, t Team, id, subject string, o Opinion) (Opinion, error) {
	var bad check.List
	if o.ID == "" {
		o.ID = code.New() // an id in the order of time would tell who came first
	} else {
		o.ID = bad.ResourceID("rating_id", o.ID)
	}
	bad.Need(o.Group > 0, "rating.group", "required", "Say for whom the member speaks, e.g. family.")
	o.Day = s.clock.Now().UTC().Truncate(24 * time.Hour)
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		a, err := s.store.Assessment(ctx, t, id)
		if err != nil {
			return err
		}
		if err := a.mustRate(); err != nil {
			return err
		}
		if err := s.checkLevels(ctx, bad, a, "rating.levels", o.Levels); err != nil {
			return err
		}
		o.Rater = rater(a, subject)
		rated, err := s.store.HasRated(ctx, a, o.Rater)
		if err != nil {
			return err
		}
		if rated {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: a.Name(), Rule: "one_rating_each", Fix: "You have rated; a member rates once. Bring what changed to the team's talk.",
			})
		}
		return s.store.AddOpinion(ctx, a, o)
	})
	return o, err
}

// Opinions lists the ratings without who gave them, to those who have rated or
// once the consensus is settled; to others none yet.
func (s *Service) Opinions(ctx context.Context, t Team, id, subject, after string, limit int) ([]Opinion, error) {
	a, err := s.store.Assessment(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if may, err := s.mayRead(ctx, a, subject); err != nil || !may {
		return nil, err
	}
	return s.store.Opinions(ctx, a, after, limit)
}

// mayRead tells whether a member may see what others rated: once they have rated,
// or once the consensus stands.
func (s *Service) mayRead(ctx context.Context, a Assessment, subject string) (bool, error) {
	if a.State == Settled {
		return true, nil
	}
	return s.store.HasRated(ctx, a, rater(a, subject))
}

// Settle records the consensus. It cannot be undone.
func (s *Service) Settle(ctx context.Context, t Team, id, tag string, consensus []Level, notes string) (Assessment, error) {
	var out Assessment
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		a, err := s.store.Assessment(ctx, t, id)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, a.Version, a.Name()); err != nil {
			return err
		}
		if err := a.mustRate(); err != nil {
			return err
		}
		if err := s.checkLevels(ctx, nil, a, "consensus", consensus); err != nil {
			return err
		}
		if a.Ratings < MinimumRatings {
			return problem.Precondition(problem.ReasonNotEligible, problem.Violation{
				Field: a.Name(), Rule: "two_ratings", Fix: fmt.Sprintf("Have at least %d members rate first: so far %d did.", MinimumRatings, a.Ratings),
			})
		}
		now := s.clock.Now()
		a.State, a.Consensus, a.Notes, a.SettleTime, a.UpdateTime, a.Version = Settled, consensus, notes, now, now, a.Version+1
		if err := s.store.SaveAssessment(ctx, a); err != nil {
			return err
		}
		out = a
		return s.store.Settled(ctx, a)
	})
	return out, err
}

func (a Assessment) mustRate() error {
	if a.State == Rating {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: a.Name(), Rule: "not_settled", Fix: "The consensus is settled and stays. Open a new self-assessment instead.",
	})
}

// rater is the digest by which a second rating of the same person is known.
func rater(a Assessment, subject string) string { return code.Digest(a.Name(), subject) }

package review

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Panel is the use of reviews.
type Panel struct {
	store  Store
	people People
	now    func() time.Time
	newID  func() string
}

// NewPanel returns the panel over a store.
func NewPanel(store Store, people People, now func() time.Time, newID func() string) *Panel {
	return &Panel{store: store, people: people, now: now, newID: newID}
}

// Get reads a review that the caller may see. One that is hidden from them does not exist.
func (p *Panel) Get(ctx context.Context, c caller.Caller, name string) (Review, error) {
	r, err := p.store.Review(ctx, name)
	if err != nil {
		return Review{}, err
	}
	all, err := p.store.ReviewsOf(ctx, r.Application)
	if err != nil {
		return Review{}, err
	}
	if !visible(c, r, all) {
		return Review{}, problem.NotFound(name)
	}
	return r, nil
}

// List lists the reviews that the person may see.
func (p *Panel) List(ctx context.Context, s caller.Scope, page Slice) ([]Review, error) {
	list, err := p.store.Reviews(ctx, s, page)
	if err != nil {
		return nil, err
	}
	return list, s.MustExist(ctx, len(list), func(ctx context.Context, application string) error {
		if !s.Reads(application) { // who sees applications by assignment only must not learn of others
			return nil
		}
		_, err := p.store.Application(ctx, application)
		return err
	})
}

// visible is the rule of independence: one's own review always; others' of the same round
// only when one's own is final, whatever else one may be; with none of one's own, for staff.
func visible(c caller.Caller, r Review, all []Review) bool {
	if r.Reviewer == c.Person {
		return true
	}
	for _, own := range all {
		if own.Reviewer == c.Person && own.Round == r.Round {
			return own.State == Final
		}
	}
	return c.Staff
}

// Declaration is what a reviewer says about a conflict of interest.
type Declaration struct {
	Name, Etag  string
	Conflict    bool
	Explanation string
}

// Declare records whether the reviewer has a conflict of interest. With one the review is
// taken away for good.
func (p *Panel) Declare(ctx context.Context, c caller.Caller, d Declaration) (Review, error) {
	if d.Conflict && strings.TrimSpace(d.Explanation) == "" {
		return Review{}, problem.Invalid(problem.Violation{
			Field: "explanation", Rule: "required_with_conflict", Fix: "Say what the conflict of interest is.",
		})
	}
	return p.own(ctx, c, d.Name, d.Etag, "reviews.declareConflict", func(ctx context.Context, r *Review, _ application.Application) error {
		if d.Conflict {
			r.ConflictExplanation, r.Scores, r.Summary = d.Explanation, nil, ""
			return r.Move(DeclareConflict)
		}
		return r.Move(DeclareNone)
	})
}

// Change changes scores and summary of one's review while scoring.
func (p *Panel) Change(ctx context.Context, c caller.Caller, name, tag string, change func(*Review)) (Review, error) {
	return p.own(ctx, c, name, tag, "reviews.update", func(ctx context.Context, r *Review, a application.Application) error {
		if err := r.Move(Update); err != nil {
			return err
		}
		guide, err := p.store.Guide(ctx, a.RubricVersion)
		if err != nil {
			return err
		}
		change(r)
		return checkScores(r.Scores, guide)
	})
}

// Finalize closes one's review. The one that completes the number the badge asks for makes
// the application reviewed.
func (p *Panel) Finalize(ctx context.Context, c caller.Caller, name, tag string) (Review, error) {
	return p.own(ctx, c, name, tag, "reviews.finalize", func(ctx context.Context, r *Review, a application.Application) error {
		if err := r.Move(Finalize); err != nil {
			return err
		}
		guide, err := p.store.Guide(ctx, a.RubricVersion)
		if err != nil {
			return err
		}
		if err := checkComplete(*r, guide); err != nil {
			return err
		}
		r.FinalizeTime = p.now()
		return p.finish(ctx, *r, a)
	})
}

func (p *Panel) finish(ctx context.Context, r Review, a application.Application) error {
	if err := p.store.Record(ctx, r.FinalizeTime, Finalized{Review: r}); err != nil {
		return err
	}
	all, err := p.store.ReviewsOf(ctx, a.Name)
	if err != nil {
		return err
	}
	final := 1
	for _, other := range all {
		if other.Name != r.Name && other.Round == a.Round && other.State == Final {
			final++
		}
	}
	edition, err := p.store.Edition(ctx, a.Edition)
	if err != nil || final < edition.Asks.ReviewersRequired || a.State != application.InReview {
		return err
	}
	if err := a.Move(application.FinishReviews); err != nil {
		return err
	}
	a.UpdateTime, a.Version = r.FinalizeTime, a.Version+1
	return p.store.UpdateApplication(ctx, a)
}

// own changes the caller's own review while its round is being judged.
func (p *Panel) own(ctx context.Context, c caller.Caller, name, tag, action string,
	change func(context.Context, *Review, application.Application) error,
) (r Review, err error) {
	err = p.store.Tx(ctx, func(ctx context.Context) error {
		if r, err = p.Get(ctx, c, name); err != nil {
			return err
		}
		if r.Reviewer != c.Person {
			return problem.Denied(action)
		}
		if err := etag.Check(tag, r.Version, name); err != nil {
			return err
		}
		a, err := p.judging(ctx, r)
		if err != nil {
			return err
		}
		if err := change(ctx, &r, a); err != nil {
			return err
		}
		r.UpdateTime, r.Version = p.now(), r.Version+1
		return p.store.UpdateReview(ctx, r)
	})
	return r, err
}

// judging refuses reviews of rounds that are over.
func (p *Panel) judging(ctx context.Context, r Review) (application.Application, error) {
	a, err := p.store.Application(ctx, names.Parent(r.Name))
	if err != nil {
		return a, err
	}
	open := []application.State{application.InReview, application.Reviewed}
	if r.Round != a.Round || !slices.Contains(open, a.State) {
		return a, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: a.Name, Rule: "round_open", Fix: "This round of reviews is over.",
		})
	}
	proposed, err := p.store.Proposed(ctx, a.Name, a.Round)
	if err == nil && proposed {
		err = problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: a.Name, Rule: "decision_proposed", Fix: "A decision is proposed on the reviews that are final; no more can be added.",
		})
	}
	return a, err
}

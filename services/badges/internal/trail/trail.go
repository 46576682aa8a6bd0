// Package trail leads from an award to everything behind it: credential, decision, scores and
// reasons, rubric, what the badge asked, and what was frozen. It reads this service's tables
// only, at one moment, so that the answer does not depend on whether another service is up, or
// has forgotten.
package trail

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
)

// Trail is everything behind an award.
type Trail struct {
	Award      award.Award
	Credential award.Credential
	Decision   decision.Decision
	Reviews    []review.Review // final ones of the deciding round
	Guide      definition.Guide
	Edition    definition.Edition
	Snapshot   application.Snapshot
}

// Store reads what a trail is made of.
type Store interface {
	Award(ctx context.Context, name string) (award.Award, error)
	Credential(ctx context.Context, name string) (award.Credential, error)
	Application(ctx context.Context, name string) (application.Application, error)
	Decision(ctx context.Context, name string) (decision.Decision, error)
	ReviewsOf(ctx context.Context, application string) ([]review.Review, error)
	Guide(ctx context.Context, name string) (definition.Guide, error)
	Edition(ctx context.Context, name string) (definition.Edition, error)
	Snapshot(ctx context.Context, name string) (application.Snapshot, error)
}

// Reader reads trails.
type Reader struct{ store Store }

// NewReader returns a reader over a store.
func NewReader(store Store) *Reader { return &Reader{store: store} }

// Read reads the trail of an award. Who reviewed is told to the state office only.
func (r *Reader) Read(ctx context.Context, c caller.Caller, name string) (t Trail, err error) {
	if t.Award, err = r.store.Award(ctx, name); err != nil {
		return t, err
	}
	a, err := r.store.Application(ctx, t.Award.Application)
	if err != nil {
		return t, err
	}
	if t.Credential, err = r.store.Credential(ctx, t.Award.Credential); err != nil {
		return t, err
	}
	if t.Decision, err = r.store.Decision(ctx, t.Award.Decision); err != nil {
		return t, err
	}
	reviews, err := r.store.ReviewsOf(ctx, a.Name)
	if err != nil {
		return t, err
	}
	t.Reviews = decision.FinalOf(reviews, t.Decision.Round)
	if !c.Staff {
		for i := range t.Reviews {
			t.Reviews[i].Reviewer = ""
		}
	}
	if t.Guide, err = r.store.Guide(ctx, a.RubricVersion); err != nil {
		return t, err
	}
	if t.Edition, err = r.store.Edition(ctx, t.Award.Edition); err != nil {
		return t, err
	}
	t.Snapshot, err = r.store.Snapshot(ctx, a.Snapshot)
	return t, err
}

package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/scope"
)

const reviewColumns = "name, application, reviewer, state, scores, summary, conflict_explanation, round, finalized_at, " +
	"created_at, updated_at, version"

// InsertReview adds a review.
func (s *Store) InsertReview(ctx context.Context, r review.Review) error {
	scores, err := encode(r.Scores)
	if err != nil {
		return err
	}
	return s.insert(ctx, r.Name, "reviews", "id, school, "+reviewColumns, names.ID(r.Name), names.School(r.Name), r.Name,
		r.Application, r.Reviewer, string(r.State), scores, r.Summary, r.ConflictExplanation, r.Round,
		micros(r.FinalizeTime), micros(r.CreateTime), micros(r.UpdateTime), r.Version)
}

// UpdateReview changes a review.
func (s *Store) UpdateReview(ctx context.Context, r review.Review) error {
	scores, err := encode(r.Scores)
	if err != nil {
		return err
	}
	return s.update(ctx, r.Name, "reviews", "state, scores, summary, conflict_explanation, finalized_at, updated_at", r.Version,
		string(r.State), scores, r.Summary, r.ConflictExplanation, micros(r.FinalizeTime), micros(r.UpdateTime))
}

func scanReview(r row) (v review.Review, err error) {
	var scores string
	var finalized, created, updated int64
	if err = r.Scan(&v.Name, &v.Application, &v.Reviewer, &v.State, &scores, &v.Summary, &v.ConflictExplanation, &v.Round,
		&finalized, &created, &updated, &v.Version); err != nil {
		return v, err
	}
	v.FinalizeTime, v.CreateTime, v.UpdateTime = moment(finalized), moment(created), moment(updated)
	return v, decode(scores, &v.Scores)
}

// Review reads one review.
func (s *Store) Review(ctx context.Context, name string) (review.Review, error) {
	return one(ctx, s, name, scanReview, "SELECT "+reviewColumns+
		" FROM reviews WHERE district_id = $1 AND name = $2", names.District(name), name)
}

// ReviewsOf lists all reviews of an application, oldest first.
func (s *Store) ReviewsOf(ctx context.Context, application string) ([]review.Review, error) {
	return all(ctx, s, scanReview, "SELECT "+reviewColumns+
		" FROM reviews WHERE district_id = $1 AND application = $2 ORDER BY id", names.District(application), application)
}

// Reviews lists what Panel.Get would show: one's own; others' of the same round where one's
// own is final; and to staff those of rounds in which they have none.
func (s *Store) Reviews(ctx context.Context, sc caller.Scope, p review.Slice) ([]review.Review, error) {
	var c condition
	c.under("r", sc.Parent)
	const own = "SELECT 1 FROM reviews o WHERE o.district_id = r.district_id AND o.application = r.application AND o.round = r.round AND o.reviewer = "
	c.and(c.shown("r", scope.Join(sc.Reviewing, sc.Staff)))
	c.and("(r.reviewer = " + c.arg(sc.Person) +
		" OR EXISTS (" + own + c.arg(sc.Person) + " AND o.state = 'FINAL')" +
		" OR (" + c.shown("r", sc.Staff) + " AND NOT EXISTS (" + own + c.arg(sc.Person) + ")))")
	c.page("r", p.After)
	return all(ctx, s, scanReview, "SELECT "+reviewColumns+" FROM reviews r"+c.where()+
		" ORDER BY r.id, r.name LIMIT "+c.arg(limit(p.Limit)), c.args...)
}

// Proposed tells whether a decision is proposed in a round.
func (s *Store) Proposed(ctx context.Context, application string, round int) (bool, error) {
	var one int
	return found(s.db.Conn(ctx).QueryRowContext(ctx,
		"SELECT 1 FROM decisions WHERE district_id = $1 AND application = $2 AND round = $3 LIMIT 1",
		names.District(application), application, round).Scan(&one))
}

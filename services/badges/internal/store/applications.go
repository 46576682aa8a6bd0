package store

import (
	"context"
	"errors"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/filter"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
)

const (
	applicationColumns = "name, journey, badge_definition, edition, rubric_version, state, round, snapshot, snapshot_digest, " +
		"attestation, submitter, submitted_at, requirements, decision, award, withdraw_reason, created_at, updated_at, version"
	snapshotColumns = "name, content, digest, manifest, manifest_digest, submitter, school_title, district_title, evidence, created_at, about"
)

// InsertApplication adds an application.
func (s *Store) InsertApplication(ctx context.Context, a application.Application) error {
	requirements, err := encode(a.Requirements)
	if err != nil {
		return err
	}
	return s.insert(ctx, a.Name, "applications", "id, school, "+applicationColumns, names.ID(a.Name), names.School(a.Name),
		a.Name, a.Journey, a.BadgeDefinition, a.Edition, a.RubricVersion, string(a.State), a.Round, a.Snapshot,
		a.SnapshotDigest, a.Attestation, a.Submitter, micros(a.SubmitTime), requirements, a.Decision, a.Award,
		a.WithdrawReason, micros(a.CreateTime), micros(a.UpdateTime), a.Version)
}

// UpdateApplication changes an application.
func (s *Store) UpdateApplication(ctx context.Context, a application.Application) error {
	requirements, err := encode(a.Requirements)
	if err != nil {
		return err
	}
	return s.update(ctx, a.Name, "applications", "edition, rubric_version, state, round, snapshot, snapshot_digest, "+
		"attestation, submitter, submitted_at, requirements, decision, award, withdraw_reason, updated_at", a.Version,
		a.Edition, a.RubricVersion, string(a.State), a.Round, a.Snapshot, a.SnapshotDigest, a.Attestation, a.Submitter,
		micros(a.SubmitTime), requirements, a.Decision, a.Award, a.WithdrawReason, micros(a.UpdateTime))
}

func scanApplication(r row) (a application.Application, err error) {
	var requirements string
	var submitted, created, updated int64
	if err = r.Scan(&a.Name, &a.Journey, &a.BadgeDefinition, &a.Edition, &a.RubricVersion, &a.State, &a.Round, &a.Snapshot,
		&a.SnapshotDigest, &a.Attestation, &a.Submitter, &submitted, &requirements, &a.Decision, &a.Award,
		&a.WithdrawReason, &created, &updated, &a.Version); err != nil {
		return a, err
	}
	a.SubmitTime, a.CreateTime, a.UpdateTime = moment(submitted), moment(created), moment(updated)
	return a, decode(requirements, &a.Requirements)
}

// Application reads one application.
func (s *Store) Application(ctx context.Context, name string) (application.Application, error) {
	return one(ctx, s, name, scanApplication, "SELECT "+applicationColumns+
		" FROM applications WHERE district_id = $1 AND name = $2", names.District(name), name)
}

// Applications lists what Desk.Get would show: everything by a reader's role, and to a
// reviewer what was assigned to them once they declared that there is no conflict.
func (s *Store) Applications(ctx context.Context, sc caller.Scope, f *filter.Expr, p application.Slice) ([]application.Application, error) {
	var c condition
	c.under("a", sc.Parent)
	const mine = "SELECT 1 FROM reviews r WHERE r.district_id = a.district_id AND r.application = a.name AND r.reviewer = "
	c.and("(" + c.shown("a", sc.Readable) + " OR (" + c.shown("a", sc.Reviewing) +
		" AND EXISTS (" + mine + c.arg(sc.Person) + " AND r.state IN ('SCORING', 'FINAL'))" +
		" AND NOT EXISTS (" + mine + c.arg(sc.Person) + " AND r.state = 'RECUSED')))")
	if f != nil {
		c.and(c.matches("a", *f))
	}
	c.page("a", p.After)
	return all(ctx, s, scanApplication, "SELECT "+applicationColumns+" FROM applications a"+c.where()+
		" ORDER BY a.id, a.name LIMIT "+c.arg(limit(p.Limit)), c.args...)
}

// OpenApplication is the open application of a journey, or "".
func (s *Store) OpenApplication(ctx context.Context, journey string) (string, error) {
	var name string
	_, err := found(s.db.Conn(ctx).QueryRowContext(ctx, `SELECT name FROM applications
		WHERE district_id = $1 AND journey = $2 AND state NOT IN ('AWARDED', 'DECLINED', 'WITHDRAWN')`,
		names.District(journey), journey).Scan(&name))
	return name, err
}

// InsertSnapshot adds a snapshot.
func (s *Store) InsertSnapshot(ctx context.Context, n application.Snapshot) error {
	evidence, err := encode(n.Evidence)
	if err != nil {
		return err
	}
	about, err := encode(n.About)
	if err != nil {
		return err
	}
	return s.insert(ctx, n.Name, "snapshots", snapshotColumns, n.Name, string(n.Content), n.Digest, n.Manifest, n.ManDigest,
		n.Submitter, n.SchoolTitle, n.DistrictTitle, evidence, micros(n.CreateTime), about)
}

// Snapshot reads one snapshot.
func (s *Store) Snapshot(ctx context.Context, name string) (application.Snapshot, error) {
	return one(ctx, s, name, func(r row) (n application.Snapshot, err error) {
		var content, evidence, about string
		var created int64
		if err = r.Scan(&n.Name, &content, &n.Digest, &n.Manifest, &n.ManDigest, &n.Submitter, &n.SchoolTitle,
			&n.DistrictTitle, &evidence, &created, &about); err != nil {
			return n, err
		}
		n.Content, n.CreateTime = []byte(content), moment(created)
		return n, errors.Join(decode(evidence, &n.Evidence), decode(about, &n.About))
	}, "SELECT "+snapshotColumns+" FROM snapshots WHERE district_id = $1 AND name = $2", names.District(name), name)
}

// Assignment tells how a person is related to an application: a conflict declared in any
// round stands, a declaration that there is none holds for the rounds after it.
func (s *Store) Assignment(ctx context.Context, name, person string) (application.Assignment, error) {
	states, err := all(ctx, s, func(r row) (state review.State, err error) {
		err = r.Scan(&state)
		return state, err
	}, "SELECT state FROM reviews WHERE district_id = $1 AND application = $2 AND reviewer = $3", names.District(name), name, person)
	out := application.NotAssigned
	for _, state := range states {
		switch state {
		case review.Recused:
			return application.Recused, err
		case review.Scoring, review.Final:
			out = application.Cleared
		case review.Assigned:
			out = max(out, application.Undeclared)
		}
	}
	return out, err
}

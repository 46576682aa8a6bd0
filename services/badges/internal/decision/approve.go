package decision

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Approve puts a decision into force. With AWARD it awards the badge and issues the
// credential: everything in one transaction, once.
func (b *Board) Approve(ctx context.Context, c caller.Caller, name, tag string) (d Decision, err error) {
	err = b.store.Tx(ctx, func(ctx context.Context) error {
		if d, err = b.store.Decision(ctx, name); err != nil {
			return err
		}
		if err := etag.Check(tag, d.Version, name); err != nil {
			return err
		}
		a, err := b.store.Application(ctx, d.Application)
		if err != nil {
			return err
		}
		reviews, err := b.store.ReviewsOf(ctx, a.Name)
		if err != nil {
			return err
		}
		if err := mayApprove(c.Person, d, a, reviews); err != nil {
			return err
		}
		return b.approve(ctx, &d, a, reviews, c.Person)
	})
	return d, err
}

func mayApprove(person string, d Decision, a application.Application, reviews []review.Review) error {
	if d.Approved || d.Round != a.Round {
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: d.Name, Rule: "decided_once", Fix: "The decision is in force, or its round is over; nothing is left to approve.",
		})
	}
	if err := a.Allow(step(d.Outcome)); err != nil {
		return err
	}
	if d.Proposer == person {
		return conflict(d.Name, "not_the_proposer", "Let another person approve what you proposed.")
	}
	return impartial(person, a, reviews)
}

func (b *Board) approve(ctx context.Context, d *Decision, a application.Application, reviews []review.Review, person string) error {
	now := b.now()
	d.Approved, d.Approver, d.ApproveTime, d.UpdateTime, d.Version = true, person, now, now, d.Version+1
	if err := a.Move(step(d.Outcome)); err != nil {
		return err
	}
	a.Decision, a.Requirements, a.UpdateTime, a.Version = d.Name, nil, now, a.Version+1
	var facts Facts
	if d.Outcome == Award {
		var err error
		if facts, err = b.facts(ctx, *d, a, reviews, now); err != nil {
			return err
		}
		a.Award, d.Award = facts.Award.Name, facts.Award.Name
	}
	if d.Outcome == Revise {
		a.Requirements = d.Requirements
	}
	if err := b.store.UpdateDecision(ctx, *d); err != nil {
		return err
	}
	if err := b.store.UpdateApplication(ctx, a); err != nil {
		return err
	}
	if err := b.store.Record(ctx, now, Made{Decision: *d, Journey: a.Journey}); err != nil {
		return err
	}
	switch d.Outcome {
	case Award:
		return b.award(ctx, facts)
	case Revise:
		return b.store.Record(ctx, now, RevisionRequested{Decision: *d, Journey: a.Journey})
	}
	return nil
}

func (b *Board) facts(ctx context.Context, d Decision, a application.Application, reviews []review.Review, now time.Time) (f Facts, err error) {
	if f.Edition, err = b.store.Edition(ctx, a.Edition); err != nil {
		return f, err
	}
	if f.Definition, err = b.store.Definition(ctx, a.BadgeDefinition); err != nil {
		return f, err
	}
	if f.Guide, err = b.store.Guide(ctx, a.RubricVersion); err != nil {
		return f, err
	}
	if f.Snapshot, err = b.store.Snapshot(ctx, a.Snapshot); err != nil {
		return f, err
	}
	if f.Scores, err = b.scores(ctx, a, reviews); err != nil {
		return f, err
	}
	asks := f.Edition.Asks
	f.Award, err = b.granter.Plan(ctx, award.Award{
		Name:    names.Child(names.School(a.Name), "awards", b.newID()),
		Edition: a.Edition, Standard: f.Definition.Standard, FrameworkVersion: asks.FrameworkVersion,
		Application: a.Name, Decision: d.Name, Journey: a.Journey, Credential: names.Child("", "credentials", b.newID()),
		State: award.Active, AwardTime: now, CreateTime: now, UpdateTime: now, Version: 1,
	}, award.Term{ValidMonths: asks.ValidMonths, GraceDays: asks.GraceDays, RenewalMonths: asks.RenewalMonths})
	return f, err
}

func (b *Board) award(ctx context.Context, f Facts) error {
	credential, err := b.issuer.Issue(ctx, f)
	if err != nil {
		return err
	}
	return b.granter.Grant(ctx, f.Award, credential)
}

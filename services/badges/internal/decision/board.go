package decision

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Board is the use of decisions.
type Board struct {
	store   Store
	viewer  Viewer
	granter Granter
	issuer  Issuer
	now     func() time.Time
	newID   func() string
}

// NewBoard returns the board over a store.
func NewBoard(store Store, viewer Viewer, granter Granter, issuer Issuer, now func() time.Time, newID func() string) *Board {
	return &Board{store: store, viewer: viewer, granter: granter, issuer: issuer, now: now, newID: newID}
}

// Propose proposes a decision on a reviewed application.
func (b *Board) Propose(ctx context.Context, c caller.Caller, parent, id string, d Decision) (Decision, error) {
	if err := check(d); err != nil {
		return Decision{}, err
	}
	if id == "" {
		id = b.newID()
	}
	now := b.now()
	out := Decision{
		Name: names.Child(parent, "decisions", id), Application: parent, Outcome: d.Outcome, Rationale: d.Rationale,
		Requirements: d.Requirements, Proposer: c.Person, CreateTime: now, UpdateTime: now, Version: 1,
	}
	return out, b.store.Tx(ctx, func(ctx context.Context) error {
		a, err := b.store.Application(ctx, parent)
		if err != nil {
			return err
		}
		if err := a.Allow(step(d.Outcome)); err != nil {
			return err
		}
		reviews, err := b.store.ReviewsOf(ctx, parent)
		if err != nil {
			return err
		}
		if err := impartial(c.Person, a, reviews); err != nil {
			return err
		}
		out.Round = a.Round
		if err := b.suggest(ctx, &out, a, reviews); err != nil {
			return err
		}
		if err := checkAgainstRule(out); err != nil {
			return err
		}
		return b.store.InsertDecision(ctx, out)
	})
}

// suggest fills in what the decision rule makes of the scores.
func (b *Board) suggest(ctx context.Context, d *Decision, a application.Application, reviews []review.Review) error {
	edition, err := b.store.Edition(ctx, a.Edition)
	if err != nil {
		return err
	}
	scores, err := b.scores(ctx, a, reviews)
	if err != nil {
		return err
	}
	compiled, err := rule.CompileDecision(edition.Asks.DecisionRule)
	if err != nil {
		return err
	}
	met, err := compiled.Met(scores)
	if err != nil {
		d.RuleMet, d.RuleExplanation = false, "The rule "+compiled.String()+" could not be evaluated and counts as not met: "+err.Error()+"."
		return nil
	}
	d.RuleMet, d.RuleExplanation = met, rule.Explain(compiled.String(), met, scores)
	return nil
}

func (b *Board) scores(ctx context.Context, a application.Application, reviews []review.Review) (rule.Scores, error) {
	guide, err := b.store.Guide(ctx, a.RubricVersion)
	if err != nil {
		return rule.Scores{}, err
	}
	return rule.Summarize(guide.CriterionIDs(), review.Points(guide.CriterionIDs(), FinalOf(reviews, a.Round))), nil
}

// FinalOf are the final reviews of a round.
func FinalOf(reviews []review.Review, round int) []review.Review {
	return slices.DeleteFunc(slices.Clone(reviews), func(r review.Review) bool {
		return r.Round != round || r.State != review.Final
	})
}

func step(o Outcome) application.Step {
	switch o {
	case Award:
		return application.Award
	case Revise:
		return application.Revise
	default:
		return application.Decline
	}
}

// impartial refuses who reviewed or handed in the application.
func impartial(person string, a application.Application, reviews []review.Review) error {
	switch {
	case slices.ContainsFunc(reviews, func(r review.Review) bool { return r.Reviewer == person }):
		return conflict(a.Name, "not_a_reviewer", "Leave the decision to somebody who does not review this application.")
	case a.Submitter == person:
		return conflict(a.Name, "not_the_submitter", "Leave the decision to somebody who did not hand the application in.")
	}
	return nil
}

func conflict(field, rule, fix string) error {
	return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{Field: field, Rule: rule, Fix: fix})
}

// Get reads a decision: the state office any, others an approved one of an application that
// they may see.
func (b *Board) Get(ctx context.Context, c caller.Caller, name string) (Decision, error) {
	d, err := b.store.Decision(ctx, name)
	if err != nil {
		return Decision{}, err
	}
	if err := b.mayJudge(ctx, c, d.Application, name); err != nil {
		return Decision{}, err
	}
	if !c.Staff && !d.Approved {
		return Decision{}, problem.NotFound(name)
	}
	return d, nil
}

// List lists the decisions on an application by the same rule.
func (b *Board) List(ctx context.Context, c caller.Caller, parent string, s Slice) ([]Decision, error) {
	if err := b.mayJudge(ctx, c, parent, parent); err != nil {
		return nil, err
	}
	return b.store.Decisions(ctx, parent, !c.Staff, s)
}

func (b *Board) mayJudge(ctx context.Context, c caller.Caller, application, asked string) error {
	_, err := b.viewer.Get(ctx, c, application)
	if problem.Is(err, problem.KindNotFound) {
		return problem.NotFound(asked)
	}
	return err
}

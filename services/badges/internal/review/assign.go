package review

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Assign gives an application to reviewers. Who they are is asked before the transaction.
// Somebody who has the application already keeps their review.
func (p *Panel) Assign(ctx context.Context, name, tag string, reviewers []string) (a application.Application, err error) {
	if len(reviewers) == 0 {
		return a, problem.Invalid(problem.Violation{Field: "reviewers", Rule: "required", Fix: "Name at least one reviewer."})
	}
	if a, err = p.store.Application(ctx, name); err != nil {
		return a, err
	}
	if err := a.Allow(application.AssignReviewers); err != nil {
		return a, err
	}
	if err := p.checkPeople(ctx, a, reviewers); err != nil {
		return a, err
	}
	err = p.store.Tx(ctx, func(ctx context.Context) error {
		if a, err = p.store.Application(ctx, name); err != nil {
			return err
		}
		if err := etag.Check(tag, a.Version, name); err != nil {
			return err
		}
		return p.assign(ctx, &a, reviewers)
	})
	return a, err
}

func (p *Panel) assign(ctx context.Context, a *application.Application, reviewers []string) error {
	if err := a.Move(application.AssignReviewers); err != nil {
		return err
	}
	earlier, err := p.store.ReviewsOf(ctx, a.Name)
	if err != nil {
		return err
	}
	if err := notRecused(earlier, reviewers); err != nil {
		return err
	}
	now := p.now()
	a.UpdateTime, a.Version = now, a.Version+1
	if err := p.store.UpdateApplication(ctx, *a); err != nil {
		return err
	}
	added := 0
	for _, person := range reviewers {
		if slices.ContainsFunc(earlier, func(r Review) bool { return r.Reviewer == person && r.Round == a.Round }) {
			continue
		}
		added++
		r := Review{
			Name: names.Child(a.Name, "reviews", p.newID()), Application: a.Name, Reviewer: person,
			State: Assigned, Round: a.Round, CreateTime: now, UpdateTime: now, Version: 1,
		}
		if err := p.store.InsertReview(ctx, r); err != nil {
			return err
		}
	}
	if added == 0 {
		return nil
	}
	return p.store.Record(ctx, now, ReviewersAssigned{Application: *a, Reviewers: added})
}

// checkPeople refuses people who do not exist or are no reviewers as bad input, and people
// with an interest in the application as a conflict: in each case all of them at once.
func (p *Panel) checkPeople(ctx context.Context, a application.Application, reviewers []string) error {
	var bad, conflicts []problem.Violation
	for i, name := range reviewers {
		field := fmt.Sprintf("reviewers[%d]", i)
		person, err := p.people.Person(ctx, name)
		switch {
		case problem.Is(err, problem.KindNotFound), problem.Is(err, problem.KindDenied):
			bad = append(bad, problem.Violation{Field: field, Rule: "exists", Fix: "Name a person that exists."})
		case err != nil:
			return err
		case !mayReview(person, a):
			bad = append(bad, problem.Violation{Field: field, Rule: "holds_reviewer_role", Fix: "Grant the person the role of reviewer first, or choose another one."})
		default:
			conflicts = append(conflicts, interests(field, person, a)...)
		}
	}
	if len(bad) > 0 {
		return problem.Invalid(bad...)
	}
	if len(conflicts) > 0 {
		return problem.Precondition(problem.ReasonConflictOfInterest, conflicts...)
	}
	return nil
}

func mayReview(person Person, a application.Application) bool {
	return slices.ContainsFunc(person.Grants, func(g Grant) bool { return g.Reviewer && names.Covers(g.Node, a.Name) })
}

func interests(field string, person Person, a application.Application) []problem.Violation {
	district := names.DistrictNode(a.Name)
	switch {
	case person.Name == a.Submitter:
		return []problem.Violation{{Field: field, Rule: "not_the_submitter", Fix: "Choose somebody who did not hand the application in."}}
	case names.Covers(district, person.Name),
		slices.ContainsFunc(person.Grants, func(g Grant) bool { return g.Node != "" && names.Covers(district, g.Node) }):
		return []problem.Violation{{Field: field, Rule: "no_role_in_district", Fix: "Choose somebody without a role in " + district + " or its schools."}}
	}
	return nil
}

func notRecused(earlier []Review, reviewers []string) error {
	var v []problem.Violation
	for i, person := range reviewers {
		if slices.ContainsFunc(earlier, func(r Review) bool { return r.Reviewer == person && r.State == Recused }) {
			v = append(v, problem.Violation{
				Field: fmt.Sprintf("reviewers[%d]", i), Rule: "declared_conflict",
				Fix: "Choose somebody else: this person declared a conflict of interest with the application.",
			})
		}
	}
	if len(v) > 0 {
		return problem.Precondition(problem.ReasonConflictOfInterest, v...)
	}
	return nil
}

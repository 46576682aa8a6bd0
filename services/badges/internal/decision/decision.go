// Package decision ends an application: a chair proposes, another person approves.
//
// A proposal says what the decision rule of the badge makes of the scores; people may decide
// against it, but have to say why. Nobody who reviewed or submitted the application decides on
// it, and nobody approves what they proposed. Approving is one transaction: decision,
// application, award, signed credential and all their events exist together or not at all, and
// an application is decided once.
//
// Package issuing implements Issuer; package award keeps what comes out.
package decision

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Outcome is what was decided.
type Outcome string

// The outcomes, named as in the API.
const (
	Award   Outcome = "AWARD"
	Revise  Outcome = "REVISE"
	Decline Outcome = "DECLINE"
)

// againstTheRule is how long a rationale must be to award where the rule says no.
const againstTheRule = 40

// Decision is what the panel decided and why.
type Decision struct {
	Name, Application      string
	Round                  int
	Outcome                Outcome
	Rationale              string
	Requirements           []string
	RuleMet                bool
	RuleExplanation        string
	Approved               bool
	Proposer, Approver     string
	ApproveTime            time.Time
	Award                  string
	CreateTime, UpdateTime time.Time
	Version                int64
}

func check(d Decision) error {
	var v []problem.Violation
	switch d.Outcome {
	case Award, Revise, Decline:
	default:
		v = append(v, problem.Violation{Field: "decision.outcome", Rule: "required", Fix: "Decide AWARD, REVISE or DECLINE."})
	}
	if strings.TrimSpace(d.Rationale) == "" {
		v = append(v, problem.Violation{Field: "decision.rationale", Rule: "required", Fix: "Say why, in words for the school."})
	}
	named := 0
	for _, r := range d.Requirements {
		if strings.TrimSpace(r) != "" {
			named++
		}
	}
	if d.Outcome == Revise && named == 0 {
		v = append(v, problem.Violation{
			Field: "decision.requirements", Rule: "required_with_revise", Fix: "Say what the revision must bring.",
		})
	}
	if named < len(d.Requirements) {
		v = append(v, problem.Violation{Field: "decision.requirements", Rule: "not_empty", Fix: "Leave out empty requirements."})
	}
	if len(v) > 0 {
		return problem.Invalid(v...)
	}
	return nil
}

func checkAgainstRule(d Decision) error {
	if d.Outcome != Award || d.RuleMet || utf8.RuneCountInString(strings.TrimSpace(d.Rationale)) >= againstTheRule {
		return nil
	}
	return problem.Invalid(problem.Violation{
		Field: "decision.rationale", Rule: "award_against_rule",
		Fix: "The decision rule does not suggest the award; to award nevertheless, give the reason in at least 40 characters. " + d.RuleExplanation,
	})
}

// Facts are what a credential is made of.
type Facts struct {
	Award      award.Award
	Definition definition.Definition
	Edition    definition.Edition
	Guide      definition.Guide
	Scores     rule.Scores
	Snapshot   application.Snapshot
}

// Issuer makes the signed credential of an award.
type Issuer interface {
	Issue(ctx context.Context, f Facts) (award.Credential, error)
}

// Made says that a decision came into force.
type Made struct {
	Decision Decision
	Journey  string
}

// RevisionRequested says that more is asked for.
type RevisionRequested struct {
	Decision Decision
	Journey  string
}

// Slice is a page of a list: rows after a name, at most Limit.
type Slice struct {
	After string
	Limit int
}

// Store keeps decisions.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	InsertDecision(ctx context.Context, d Decision) error
	UpdateDecision(ctx context.Context, d Decision) error
	Decision(ctx context.Context, name string) (Decision, error)
	Decisions(ctx context.Context, application string, approvedOnly bool, s Slice) ([]Decision, error)

	Application(ctx context.Context, name string) (application.Application, error)
	UpdateApplication(ctx context.Context, a application.Application) error
	Snapshot(ctx context.Context, name string) (application.Snapshot, error)
	ReviewsOf(ctx context.Context, application string) ([]review.Review, error)
	Definition(ctx context.Context, name string) (definition.Definition, error)
	Edition(ctx context.Context, name string) (definition.Edition, error)
	Guide(ctx context.Context, name string) (definition.Guide, error)
	Record(ctx context.Context, at time.Time, event any) error
}

// Viewer tells whether a caller may see an application.
type Viewer interface {
	Get(ctx context.Context, c caller.Caller, name string) (application.Application, error)
}

// Granter keeps awards. Plan says for how long a new one is made, and which one it renews.
type Granter interface {
	Plan(ctx context.Context, a award.Award, t award.Term) (award.Award, error)
	Grant(ctx context.Context, a award.Award, c award.Credential) error
}

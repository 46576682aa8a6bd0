// Package review is the judging: reviewers are assigned, declare that they have no conflict of
// interest, score every criterion of the rubric with reasons, and finish.
//
// Independence is the point. Nobody with a role in the school's district may be assigned; nothing
// is visible before the declaration (package application asks for it); what others scored stays
// hidden until one's own review is final, for chairs who review as for everybody else. Reviews
// belong to a round: a resubmission is judged anew.
//
// When as many reviews are final as the badge asks for, the application is reviewed and package
// decision takes over. A review ends where a decision is proposed, so that the numbers under a
// decision stay what they were.
package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// State is where a review stands.
type State string

// The states, named as in the API.
const (
	Assigned State = "ASSIGNED"
	Scoring  State = "SCORING"
	Final    State = "FINAL"
	Recused  State = "RECUSED"
)

// Step is something a reviewer does.
type Step string

// The steps. What refuses a step names it in these words.
const (
	DeclareNone     Step = "declareConflict (none)"
	DeclareConflict Step = "declareConflict"
	Update          Step = "update"
	Finalize        Step = "finalize"
)

type move struct {
	step Step
	from []State
	to   State
}

// moves is the whole state machine. A conflict may be noticed while scoring, too.
func moves() []move {
	return []move{
		{DeclareNone, []State{Assigned}, Scoring},
		{DeclareConflict, []State{Assigned, Scoring}, Recused},
		{Update, []State{Scoring}, Scoring},
		{Finalize, []State{Scoring}, Final},
	}
}

// Steps are the steps that are allowed in the state.
func (s State) Steps() []Step {
	var out []Step
	for _, m := range moves() {
		if slices.Contains(m.from, s) {
			out = append(out, m.step)
		}
	}
	return out
}

// Score is the score of one criterion.
type Score struct {
	Criterion string `json:"criterion"`
	Points    int    `json:"points"`
	Rationale string `json:"rationale"`
}

// Review is one reviewer judging one application in one round.
type Review struct {
	Name, Application, Reviewer string
	State                       State
	Scores                      []Score
	Summary                     string
	ConflictExplanation         string
	Round                       int
	FinalizeTime                time.Time
	CreateTime, UpdateTime      time.Time
	Version                     int64
}

// Move takes the review through a step, or says in which states that is allowed.
func (r *Review) Move(step Step) error {
	for _, m := range moves() {
		if m.step == step && slices.Contains(m.from, r.State) {
			r.State = m.to
			return nil
		}
	}
	var from []string
	for _, m := range moves() {
		if m.step == step {
			for _, s := range m.from {
				from = append(from, string(s))
			}
		}
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: r.Name, Rule: "review_state",
		Fix: fmt.Sprintf("The review is %s; %s is allowed in %s.", r.State, step, strings.Join(from, ", ")),
	})
}

// checkScores says which scores do not fit the rubric, all at once.
func checkScores(scores []Score, g definition.Guide) error {
	var v []problem.Violation
	seen := map[string]bool{}
	for i, s := range scores {
		at := fmt.Sprintf("review.scores[%d].", i)
		c, known := g.Criterion(s.Criterion)
		switch {
		case !known:
			v = append(v, problem.Violation{
				Field: at + "criterion", Rule: "criterion_of_rubric",
				Fix: "Choose one of " + strings.Join(g.CriterionIDs(), ", ") + ".",
			})
			continue
		case seen[s.Criterion]:
			v = append(v, problem.Violation{Field: at + "criterion", Rule: "unique", Fix: "Score each criterion once."})
		}
		seen[s.Criterion] = true
		if _, ok := c.Level(s.Points); !ok {
			v = append(v, problem.Violation{
				Field: at + "points", Rule: "level_of_criterion", Fix: "Choose the points of one of the levels: " + levels(c) + ".",
			})
		}
	}
	if len(v) > 0 {
		return problem.Invalid(v...)
	}
	return nil
}

func levels(c definition.Criterion) string {
	out := make([]string, len(c.Levels))
	for i, l := range c.Levels {
		out[i] = fmt.Sprintf("%d %s", l.Points, l.Title)
	}
	return strings.Join(out, ", ")
}

// checkComplete says which criteria still lack a score or a reason, all at once.
func checkComplete(r Review, g definition.Guide) error {
	var v []problem.Violation
	for _, c := range g.Criteria {
		i := slices.IndexFunc(r.Scores, func(s Score) bool { return s.Criterion == c.ID })
		switch {
		case i < 0:
			v = append(v, problem.Violation{Field: r.Name, Rule: "score_missing", Fix: "Score the criterion " + c.ID + "."})
		case strings.TrimSpace(r.Scores[i].Rationale) == "":
			v = append(v, problem.Violation{Field: r.Name, Rule: "rationale_missing", Fix: "Give the reason for the score of " + c.ID + "."})
		}
	}
	if len(v) > 0 {
		return problem.Precondition(problem.ReasonNotEligible, v...)
	}
	return nil
}

// Points collects the points of the reviews by criterion, in the order given.
func Points(criteria []string, reviews []Review) [][]int {
	out := make([][]int, len(criteria))
	for i, c := range criteria {
		for _, r := range reviews {
			for _, s := range r.Scores {
				if s.Criterion == c {
					out[i] = append(out[i], s.Points)
				}
			}
		}
	}
	return out
}

// ReviewersAssigned says that an application is with reviewers.
type ReviewersAssigned struct {
	Application application.Application
	Reviewers   int
}

// Finalized says that a review is final.
type Finalized struct{ Review Review }

// Person is what is asked about somebody before they may judge.
type Person struct {
	Name   string
	Grants []Grant
}

// Grant is a role of a person on a node of the organization tree.
type Grant struct {
	Node     string
	Reviewer bool
}

// People knows persons, asked with the rights of who is in the context.
type People interface {
	Person(ctx context.Context, name string) (Person, error)
}

// Slice is a page of a list: rows after a key, at most Limit.
type Slice struct {
	After []string // id and name of the last row
	Limit int
}

// Store keeps reviews.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	InsertReview(ctx context.Context, r Review) error
	UpdateReview(ctx context.Context, r Review) error
	Review(ctx context.Context, name string) (Review, error)
	// ReviewsOf are all reviews of an application, of all rounds, oldest first.
	ReviewsOf(ctx context.Context, application string) ([]Review, error)
	// Reviews are those the person may see: see Panel.visible, which says the same.
	Reviews(ctx context.Context, s caller.Scope, page Slice) ([]Review, error)
	// Proposed tells whether a decision is proposed in the round.
	Proposed(ctx context.Context, application string, round int) (bool, error)

	Application(ctx context.Context, name string) (application.Application, error)
	UpdateApplication(ctx context.Context, a application.Application) error
	Edition(ctx context.Context, name string) (definition.Edition, error)
	Guide(ctx context.Context, name string) (definition.Guide, error)
	Record(ctx context.Context, at time.Time, event any) error
}

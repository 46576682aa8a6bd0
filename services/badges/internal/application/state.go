package application

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// State is where an application stands.
type State string

// The states, named as in the API.
const (
	Draft             State = "DRAFT"
	InSubmission      State = "SUBMITTED"
	InReview          State = "IN_REVIEW"
	Reviewed          State = "REVIEWED"
	RevisionRequested State = "REVISION_REQUESTED"
	Awarded           State = "AWARDED"
	Declined          State = "DECLINED"
	WithdrawnState    State = "WITHDRAWN"
)

// Step is something that happens to an application.
type Step string

// The steps. What refuses a step names it in these words.
const (
	Submit          Step = "submit"
	Resubmit        Step = "resubmit"
	Withdraw        Step = "withdraw"
	AssignReviewers Step = "assignReviewers"
	FinishReviews   Step = "finishReviews"
	Award           Step = "award"
	Revise          Step = "revise"
	Decline         Step = "decline"
)

type move struct {
	step Step
	from []State
	to   State
}

// moves is the whole state machine.
func moves() []move {
	return []move{
		{Submit, []State{Draft}, InSubmission},
		{Resubmit, []State{RevisionRequested}, InSubmission},
		{Withdraw, []State{Draft, InSubmission, InReview, Reviewed, RevisionRequested}, WithdrawnState},
		{AssignReviewers, []State{InSubmission, InReview}, InReview},
		{FinishReviews, []State{InReview}, Reviewed},
		{Award, []State{Reviewed}, Awarded},
		{Revise, []State{Reviewed}, RevisionRequested},
		{Decline, []State{Reviewed}, Declined},
	}
}

// Closed tells whether nothing can happen to the application any more.
func (s State) Closed() bool { return s == Awarded || s == Declined || s == WithdrawnState }

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

// Move takes the application through a step, or says in which states that is allowed.
func (a *Application) Move(step Step) error {
	for _, m := range moves() {
		if m.step != step {
			continue
		}
		if !slices.Contains(m.from, a.State) {
			return wrongState(*a, step, m.from)
		}
		a.State = m.to
		return nil
	}
	return wrongState(*a, step, nil)
}

// Allow checks a step without taking it.
func (a Application) Allow(step Step) error { return (&a).Move(step) }

func wrongState(a Application, step Step, from []State) error {
	words := make([]string, len(from))
	for i, s := range from {
		words[i] = string(s)
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: a.Name, Rule: "application_state",
		Fix: fmt.Sprintf("The application is %s; %s is allowed in %s.", a.State, step, strings.Join(words, ", ")),
	})
}

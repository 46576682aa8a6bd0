package grant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

const (
	maxReason      = 500
	evaluatorYears = 2
)

// Check applies the rules of the fields to what is asked for a person whose home
// is a district or the state office (empty).
func (s Service) Check(ctx context.Context, r *record.Rules, home string, wishes []Wish) error {
	for i, w := range wishes {
		same := func(other Wish) bool { return other.Asked == w.Asked }
		if w.Asked.Role != "" && slices.ContainsFunc(wishes[:i], same) {
			r.Add(w.Field, "unique", "Give each role on a node once.")
			continue
		}
		r.Short(w.Field+".reason", w.Reason, maxReason)
		s.checkTimes(r, w)
		if err := s.checkNode(ctx, r, home, w); err != nil {
			return err
		}
	}
	return nil
}

func (s Service) checkNode(ctx context.Context, r *record.Rules, home string, w Wish) error {
	role, node := w.Asked.Role, w.Asked.Node
	switch {
	case role == "":
		r.Add(w.Field+".role", "required", "Give one of the roles.")
	case role == Integration:
		r.Add(w.Field+".role", "role_of_people", "Register a client for a machine; people do not hold its role.")
	case !isNode(node):
		r.Add(w.Field+".node", "node_form", "Use districts/{district}, districts/{district}/schools/{school}, or leave it empty for the state.")
	case !record.Within(node, home):
		r.Add(w.Field+".node", "within_district", "Choose the person's own district or one of its schools; state staff are registered in the state office.")
	case (role == StateAdmin || role == StateAnalyst) && node != "":
		r.Add(w.Field+".node", "state_role_on_state", "Leave the node of a state role empty.")
	default:
		found, err := s.Store.HasNode(ctx, node)
		if err == nil && !found {
			r.Add(w.Field+".node", "node_exists", "Choose a district or school that is registered.")
		}
		return err
	}
	return nil
}

func (s Service) checkTimes(r *record.Rules, w Wish) {
	now := s.Clock.Now()
	start, end := w.Asked.from(now).Start, w.Asked.End
	if !w.Asked.Start.IsZero() && w.Asked.Start.Before(now) {
		r.Add(w.Field+".start_time", "not_past", "Leave the start out to begin now, or choose a later time.")
	}
	if !end.IsZero() && !end.After(start) {
		r.Add(w.Field+".end_time", "end_after_start", "Choose an end after the start and after now.")
	}
	if w.Asked.Role == OutsideEvaluator && (end.IsZero() || end.After(start.AddDate(evaluatorYears, 0, 0))) {
		r.Add(w.Field+".end_time", "evaluator_end", fmt.Sprintf("Give an end at most %d years after the start.", evaluatorYears))
	}
}

// isNode tells whether a text names the state, a district or a school.
func isNode(node string) bool {
	if node == "" {
		return true
	}
	parts := strings.Split(node, "/")
	ok := len(parts) == 2 || len(parts) == 4 && parts[2] == "schools"
	return ok && parts[0] == "districts" && !slices.Contains(parts, "") && !slices.Contains(parts, "-")
}

// rights is what a subject holds: roots bring it along, of everybody else only
// the store knows.
func (s Service) rights(ctx context.Context, by Actor) ([]Held, error) {
	if Root(by.Subject) {
		return by.Grants, nil
	}
	return s.Store.HeldBy(ctx, by.Subject, s.Clock.Now())
}

// mayGive refuses what is not the actor's to give, all of it at once.
func (s Service) mayGive(ctx context.Context, by Actor, wishes []Wish) error {
	held, err := s.rights(ctx, by)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	var broken []problem.Violation
	for _, w := range wishes {
		if !mayGive(held, w.Asked.from(now), now) {
			broken = append(broken, exceeds(w.Field, w.Asked, held, now))
		}
	}
	if broken == nil {
		return nil
	}
	return problem.Precondition(problem.ReasonRoleInsufficient, broken...)
}

func mayGive(held []Held, asked Held, at time.Time) bool {
	return slices.ContainsFunc(held, func(h Held) bool { return h.gives(asked, at) })
}

// mayTake tells whether what somebody holds reaches a role on a node, for
// however long: to take something away they need not hold it as long.
func mayTake(held []Held, r Role, node string, at time.Time) bool {
	return slices.ContainsFunc(held, func(h Held) bool { return h.At(at) && h.reaches(r, node) })
}

// exceeds says what is too much: the role on the node, or only the time.
func exceeds(field string, asked Held, held []Held, at time.Time) problem.Violation {
	if mayTake(held, asked.Role, asked.Node, at) {
		return problem.Violation{
			Field: field, Rule: "grant_outlasts_own",
			Fix: "Give an end that is not after the end of your own grant: nobody grants more than they hold.",
		}
	}
	return problem.Violation{Field: field, Rule: "grant_exceeds_own", Fix: fmt.Sprintf(
		"Ask the state office to change the role %s: nobody grants more than they hold.", asked.Role)}
}

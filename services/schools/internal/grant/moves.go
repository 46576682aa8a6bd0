package grant

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// Approve lets a pending grant take effect, from now on if its start has passed.
func (s Service) Approve(ctx context.Context, by Actor, name, tag string) (View, error) {
	g, err := s.change(ctx, name, tag, func(ctx context.Context, g *Grant) (any, error) {
		if err := s.mayApprove(ctx, by, *g); err != nil {
			return nil, err
		}
		g.Waits, g.Approver = false, by.Subject
		g.Held = g.from(s.Clock.Now())
		return Given{Name: name}, nil
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, g)
}

func (s Service) mayApprove(ctx context.Context, by Actor, g Grant) error {
	now := s.Clock.Now()
	if g.State(now) != Pending {
		return stateWrong(g.Name, "grant_pending", "Only a grant that waits for approval and has not passed its end can be approved.")
	}
	if by.Subject == g.Grantor || by.Subject == g.Person() {
		return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{
			Field: g.Name, Rule: "second_person", Fix: "Ask somebody to approve it who neither gave it nor gets it.",
		})
	}
	if err := s.checkPerson(ctx, g.Person()); err != nil {
		return err
	}
	asked := g.from(now)
	if err := s.mayGive(ctx, by, []Wish{{Field: g.Name, Asked: asked}}); err != nil {
		return err
	}
	supports, err := s.Store.HeldBy(ctx, g.Grantor, now)
	if err == nil && !mayGive(supports, asked, now) {
		return stateWrong(g.Name, "grantor_holds", "Who gave it could not give it any more: refuse it, and give it yourself if it is needed.")
	}
	return err
}

// End ends a grant now, or refuses a pending one.
func (s Service) End(ctx context.Context, by Actor, name, tag, reason string) (View, error) {
	rules := record.For("")
	rules.Text("reason", reason, maxReason)
	if err := rules.Err(); err != nil {
		return View{}, err
	}
	g, err := s.change(ctx, name, tag, func(ctx context.Context, g *Grant) (any, error) {
		if err := s.mayEnd(ctx, by, *g); err != nil {
			return nil, err
		}
		g.EndedAt, g.EndedBy, g.EndReason = s.Clock.Now(), by.Subject, reason
		return Finished{Name: name}, nil
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, g)
}

func (s Service) mayEnd(ctx context.Context, by Actor, g Grant) error {
	now := s.Clock.Now()
	if !g.State(now).Open() {
		return stateWrong(g.Name, "grant_open", "The grant has ended already.")
	}
	held, err := s.rights(ctx, by)
	if err != nil {
		return err
	}
	if !mayTake(held, g.Role, g.Node, now) {
		return problem.Precondition(problem.ReasonRoleInsufficient, exceeds(g.Name, g.Held, nil, now))
	}
	return s.KeepsAdmin(ctx, by, g)
}

// KeepsAdmin refuses that the last state administrator loses a grant: nobody
// could give the role again. Only a root may do so, since it can.
func (s Service) KeepsAdmin(ctx context.Context, by Actor, g Grant) error {
	if g.Role != StateAdmin || g.State(s.Clock.Now()) != Active || Root(by.Subject) {
		return nil
	}
	other, err := s.Store.OtherAdmin(ctx, g.Name, s.Clock.Now())
	if err == nil && !other {
		return stateWrong(g.Name, "last_state_admin", "Make somebody else state administrator first.")
	}
	return err
}

// change reads a grant, changes it and tells.
func (s Service) change(ctx context.Context, name, tag string, do func(context.Context, *Grant) (any, error)) (g Grant, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if g, err = s.Store.Grant(ctx, name); err != nil {
			return err
		}
		if err := g.Check(tag, name); err != nil {
			return err
		}
		event, err := do(ctx, &g)
		if err != nil {
			return err
		}
		g.Touch(s.Clock.Now())
		if err := s.Store.UpdateGrant(ctx, g); err != nil {
			return err
		}
		return s.Store.Emit(ctx, event)
	})
	return g, err
}

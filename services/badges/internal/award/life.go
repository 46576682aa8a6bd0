package award

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// batch is how many awards one Tick moves at most before it looks again.
const batch = 200

// Revoke takes a badge away for good, for a reason that everybody sees.
func (r *Registry) Revoke(ctx context.Context, name, tag, reason string) (Award, error) {
	return r.change(ctx, name, tag, "revoke", []State{Active, Grace, Suspended}, func(ctx context.Context, a *Award, now time.Time) error {
		a.RevokeReason, a.SuspendReason, a.SuspendTime = reason, "", time.Time{}
		if err := r.move(ctx, a, Revoked, now, BadgeRevoked{}); err != nil {
			return err
		}
		return r.release(ctx, *a, now)
	})
}

// Suspend takes a badge out of force until it is reinstated, for a reason that everybody sees.
func (r *Registry) Suspend(ctx context.Context, name, tag, reason string) (Award, error) {
	return r.change(ctx, name, tag, "suspend", []State{Active, Grace}, func(ctx context.Context, a *Award, now time.Time) error {
		a.SuspendReason, a.SuspendTime = reason, now
		return r.move(ctx, a, Suspended, now, BadgeSuspended{})
	})
}

// Reinstate ends a suspension: the badge stands where it would without one. What time brought meanwhile, an end,
// a successor or a lapse, happens now.
func (r *Registry) Reinstate(ctx context.Context, name, tag string) (Award, error) {
	return r.change(ctx, name, tag, "reinstate", []State{Suspended}, func(ctx context.Context, a *Award, now time.Time) error {
		before := Active
		if !a.SuspendTime.Before(a.ExpireTime) {
			before = Grace
		}
		a.SuspendReason, a.SuspendTime = "", time.Time{}
		if err := r.move(ctx, a, before, now, BadgeReinstated{}); err != nil {
			return err
		}
		if err := r.advance(ctx, a, now); err != nil {
			return err
		}
		return r.takeOver(ctx, *a, now)
	})
}

// change does one step of a person with an award that is in one of the states, by the time that it is.
func (r *Registry) change(
	ctx context.Context, name, tag, step string, from []State, do func(ctx context.Context, a *Award, now time.Time) error,
) (a Award, err error) {
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		if a, err = r.store.Award(ctx, name); err != nil {
			return err
		}
		if err := etag.Check(tag, a.Version, name); err != nil {
			return err
		}
		now := r.now()
		if err := r.advance(ctx, &a, now); err != nil {
			return err
		}
		if !slices.Contains(from, a.State) {
			return wrongState(a, step, from)
		}
		return do(ctx, &a, now)
	})
	return a, err
}

func wrongState(a Award, step string, from []State) error {
	allowed := make([]string, len(from))
	for i, s := range from {
		allowed[i] = string(s)
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: a.Name, Rule: "award_state",
		Fix: fmt.Sprintf("The award is %s; %s is allowed in %s.", a.State, step, strings.Join(allowed, ", ")),
	})
}

// move puts an award into a state and says so, to the witnesses, too; the event gets the award as it is now.
func (r *Registry) move(ctx context.Context, a *Award, to State, now time.Time, event any) error {
	was := a.State
	a.State = to
	if err := r.save(ctx, a, now); err != nil {
		return err
	}
	if err := r.store.Record(ctx, now, about(event, *a)); err != nil {
		return err
	}
	for _, w := range r.witnesses {
		if err := w.Changed(ctx, *a, was); err != nil {
			return err
		}
	}
	return r.recount(ctx, *a, now)
}

func (r *Registry) save(ctx context.Context, a *Award, now time.Time) error {
	a.UpdateTime, a.Version = now, a.Version+1
	return r.store.UpdateAward(ctx, *a)
}

// about puts the award into an event about it.
func about(event any, a Award) any {
	switch e := event.(type) {
	case BadgeRevoked:
		return BadgeRevoked{Award: a}
	case BadgeExpired:
		return BadgeExpired{Award: a}
	case BadgeLapsed:
		return BadgeLapsed{Award: a}
	case BadgeSuspended:
		return BadgeSuspended{Award: a}
	case BadgeReinstated:
		return BadgeReinstated{Award: a}
	case BadgeRenewed:
		e.Award = a
		return e
	}
	return event
}

// Tick moves on every award whose time has come and returns how many it moved.
func (r *Registry) Tick(ctx context.Context) (moved int, err error) {
	for {
		due, err := r.store.Due(ctx, r.now(), batch)
		if err != nil || len(due) == 0 {
			return moved, err
		}
		for _, name := range due {
			own := tenant.With(ctx, names.District(name))
			if err := r.store.Tx(own, func(ctx context.Context) error {
				a, err := r.store.Award(ctx, name)
				if err != nil {
					return err
				}
				now := r.now()
				if err := r.announce(ctx, &a, now); err != nil {
					return err
				}
				return r.advance(ctx, &a, now)
			}); err != nil {
				return moved, fmt.Errorf("move award on: %w", err)
			}
			moved++
		}
	}
}

// advance takes an award through what time brings: its end or its successor, and, when the days of grace are over as
// well, its lapse.
func (r *Registry) advance(ctx context.Context, a *Award, now time.Time) error {
	if a.State == Active && !now.Before(a.ExpireTime) {
		next, err := r.successor(ctx, *a)
		if err != nil {
			return err
		}
		if next.State.Counts() {
			return r.move(ctx, a, Renewed, now, BadgeRenewed{Successor: next})
		}
		if err := r.move(ctx, a, Grace, now, BadgeExpired{}); err != nil {
			return err
		}
	}
	if a.State == Grace && !now.Before(a.LapseTime) {
		return r.move(ctx, a, Lapsed, now, BadgeLapsed{})
	}
	return nil
}

// announce says once that a renewal is due.
func (r *Registry) announce(ctx context.Context, a *Award, now time.Time) error {
	if a.RenewalAnnounced || !a.Renewable(now) {
		return nil
	}
	a.RenewalAnnounced = true
	if err := r.save(ctx, a, now); err != nil {
		return err
	}
	return r.store.Record(ctx, now, RenewalDue{Award: *a})
}

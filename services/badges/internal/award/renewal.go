package award

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// RenewalMonths is how long before the end of an award its renewal opens, where its edition says nothing.
const RenewalMonths = 6

// chain bounds how many renewals one look-up follows.
const chain = 100

// Term is for how long an edition awards a badge.
type Term struct{ ValidMonths, GraceDays, RenewalMonths int }

// Plan sets the times of an award that is made at its AwardTime, and which award it renews: the one of the same
// school, standard and framework that counts, has no successor yet, and ends first.
//
// Within the window for a renewal the new term begins where the old one ends, so that nobody loses time by being
// early. In the days of grace, and before the window, it begins now: a badge earned again much too early
// must not pile up years. An award renews nothing that it does not outlast.
func (r *Registry) Plan(ctx context.Context, a Award, t Term) (Award, error) {
	awards, err := r.store.AwardsOf(ctx, names.School(a.Name))
	if err != nil {
		return a, err
	}
	old := renewable(awards, a)
	from := a.AwardTime
	if old.Renewable(a.AwardTime) {
		from = old.ExpireTime
	}
	a.ExpireTime, a.LapseTime = Ends(from, t.ValidMonths, t.GraceDays)
	a.RenewalOpenTime = Opens(a.AwardTime, a.ExpireTime, t.RenewalMonths)
	if old.Name != "" && a.ExpireTime.After(old.ExpireTime) {
		a.Renews = old.Name
	}
	return a, nil
}

// renewable is the award that a new one may renew, without a name when there is none.
func renewable(awards []Award, next Award) (old Award) {
	for _, a := range awards {
		same := a.Standard == next.Standard && names.Parent(a.FrameworkVersion) == names.Parent(next.FrameworkVersion)
		if same && a.State.Counts() && a.RenewedBy == "" && (old.Name == "" || a.ExpireTime.Before(old.ExpireTime)) {
			old = a
		}
	}
	return old
}

// Renewable tells whether a renewal would follow on the end of the award.
func (a Award) Renewable(now time.Time) bool {
	open := !a.RenewalOpenTime.IsZero() && !now.Before(a.RenewalOpenTime) && now.Before(a.ExpireTime)
	return open && a.State == Active && a.RenewedBy == ""
}

// renew ties a new award to the one that it renews. That one stays in force to its end, unless it is over already.
func (r *Registry) renew(ctx context.Context, next Award) error {
	if next.Renews == "" {
		return nil
	}
	old, err := r.store.Award(ctx, next.Renews)
	if err != nil {
		return err
	}
	old.RenewedBy = next.Name
	if err := r.save(ctx, &old, next.AwardTime); err != nil {
		return err
	}
	return r.takeOver(ctx, next, next.AwardTime)
}

// takeOver ends the award before one that counts, when its time is over.
func (r *Registry) takeOver(ctx context.Context, next Award, now time.Time) error {
	if next.Renews == "" || !next.State.Counts() {
		return nil
	}
	old, err := r.store.Award(ctx, next.Renews)
	if err != nil || old.RenewedBy != next.Name || !old.State.Counts() || now.Before(old.ExpireTime) {
		return err
	}
	return r.move(ctx, &old, Renewed, now, BadgeRenewed{Successor: next})
}

// release lets the award before one that is gone be renewed again.
func (r *Registry) release(ctx context.Context, gone Award, now time.Time) error {
	if gone.Renews == "" {
		return nil
	}
	old, err := r.store.Award(ctx, gone.Renews)
	if err != nil || old.RenewedBy != gone.Name || old.State == Renewed {
		return err
	}
	old.RenewedBy = ""
	return r.save(ctx, &old, now)
}

// successor is the award after one, without a state when there is none.
func (r *Registry) successor(ctx context.Context, a Award) (Award, error) {
	if a.RenewedBy == "" {
		return Award{}, nil
	}
	return r.store.Award(ctx, a.RenewedBy)
}

// Refresh is the credential that took the place of one: the newest of the award that renewed its award and stands, or
// the Partnership School award that followed on it, or its own newest version when nothing did.
func (r *Registry) Refresh(ctx context.Context, credential string) (Credential, error) {
	c, err := r.store.Credential(ctx, credential)
	for range chain {
		if err != nil || c.ReplacedBy == "" {
			break
		}
		c, err = r.store.Credential(ctx, c.ReplacedBy)
	}
	if err != nil || c.Award == "" {
		return c, err
	}
	ctx = tenant.With(ctx, names.District(c.Award)) // a credential is public
	a, err := r.store.Award(ctx, c.Award)
	if err != nil {
		return Credential{}, err
	}
	if a, err = r.newest(ctx, a); err != nil || a.Credential == c.Name {
		return c, err
	}
	return r.store.Credential(ctx, a.Credential)
}

// newest is the last award of a row of renewals that stands.
func (r *Registry) newest(ctx context.Context, a Award) (Award, error) {
	for range chain {
		if a.RenewedBy == "" {
			break
		}
		next, err := r.store.Award(ctx, a.RenewedBy)
		if err != nil {
			return Award{}, err
		}
		if !next.State.Counts() && next.State != Renewed {
			break
		}
		a = next
	}
	return a, nil
}

// Ends are the times at which an award ends and lapses. An award made on the last day of a
// month ends on the last day of one.
func Ends(from time.Time, validMonths, graceDays int) (expire, lapse time.Time) {
	expire = shift(from, validMonths)
	return expire, expire.AddDate(0, 0, graceDays)
}

// Opens is when the renewal of an award opens: some months before its end, and not before it was made.
func Opens(made, expire time.Time, months int) time.Time {
	if months <= 0 {
		months = RenewalMonths
	}
	if opens := shift(expire, -months); opens.After(made) {
		return opens
	}
	return made
}

// shift moves a time by months, to the last day of a month that is too short.
func shift(from time.Time, months int) time.Time {
	first := time.Date(from.Year(), from.Month()+time.Month(months), 1,
		from.Hour(), from.Minute(), from.Second(), from.Nanosecond(), from.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(from.Day(), last)-1)
}

package award

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// batch is how many awards one Tick moves at most before it looks again.
const batch = 200

// Registry is the use of awards.
type Registry struct {
	store     Store
	schools   Schools
	certifier Certifier
	now       func() time.Time
}

// NewRegistry returns the registry over a store. The certifier may be nil in tests that are
// not about the Partnership School award.
func NewRegistry(store Store, schools Schools, certifier Certifier, now func() time.Time) *Registry {
	return &Registry{store: store, schools: schools, certifier: certifier, now: now}
}

// Get reads one award.
func (r *Registry) Get(ctx context.Context, name string) (Award, error) {
	return r.store.Award(ctx, name)
}

// List lists the awards that the person may see.
func (r *Registry) List(ctx context.Context, s caller.Scope, page Slice) ([]Award, error) {
	list, err := r.store.Awards(ctx, s, page)
	if err != nil {
		return nil, err
	}
	return list, s.MustExist(ctx, len(list), r.schools.School)
}

// Grant keeps a new award with its credential, in the transaction of ctx.
func (r *Registry) Grant(ctx context.Context, a Award, c Credential) error {
	if err := r.store.InsertAward(ctx, a); err != nil {
		return err
	}
	if err := r.store.InsertCredential(ctx, c); err != nil {
		return err
	}
	if err := r.store.Record(ctx, a.AwardTime, Awarded{Award: a}); err != nil {
		return err
	}
	if err := r.store.Record(ctx, a.AwardTime, CredentialIssued{Credential: c}); err != nil {
		return err
	}
	return r.recount(ctx, a, a.AwardTime)
}

// Revoke takes a badge away, for a reason that everybody sees.
func (r *Registry) Revoke(ctx context.Context, name, tag, reason string) (a Award, err error) {
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		if a, err = r.store.Award(ctx, name); err != nil {
			return err
		}
		if err := etag.Check(tag, a.Version, name); err != nil {
			return err
		}
		if !a.State.Counts() {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: name, Rule: "award_state",
				Fix: fmt.Sprintf("The award is %s; revoke is allowed in %s, %s.", a.State, Active, Grace),
			})
		}
		a.RevokeReason = reason
		return r.move(ctx, &a, Revoked, r.now(), BadgeRevoked{})
	})
	return a, err
}

// move puts an award into a state and says so; the event gets the award as it is now.
func (r *Registry) move(ctx context.Context, a *Award, to State, now time.Time, event any) error {
	a.State, a.UpdateTime, a.Version = to, now, a.Version+1
	if err := r.store.UpdateAward(ctx, *a); err != nil {
		return err
	}
	switch event.(type) {
	case BadgeRevoked:
		event = BadgeRevoked{Award: *a}
	case BadgeExpired:
		event = BadgeExpired{Award: *a}
	case BadgeLapsed:
		event = BadgeLapsed{Award: *a}
	}
	if err := r.store.Record(ctx, now, event); err != nil {
		return err
	}
	return r.recount(ctx, *a, now)
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
			if err := r.store.Tx(own, func(ctx context.Context) error { return r.advance(ctx, name) }); err != nil {
				return moved, fmt.Errorf("move award on: %w", err)
			}
			moved++
		}
	}
}

// advance takes an award through its end and, when the days of grace are over as well,
// through its lapse.
func (r *Registry) advance(ctx context.Context, name string) error {
	a, err := r.store.Award(ctx, name)
	if err != nil {
		return err
	}
	now := r.now()
	if a.State == Active && !now.Before(a.ExpireTime) {
		if err := r.move(ctx, &a, Grace, now, BadgeExpired{}); err != nil {
			return err
		}
	}
	if a.State == Grace && !now.Before(a.LapseTime) {
		return r.move(ctx, &a, Lapsed, now, BadgeLapsed{})
	}
	return nil
}

// recount decides anew whether the school of an award is a Partnership School, and lets the
// certifier keep its credential in step.
func (r *Registry) recount(ctx context.Context, a Award, now time.Time) error {
	school := names.School(a.Name)
	awards, err := r.store.AwardsOf(ctx, school)
	if err != nil {
		return err
	}
	_, standards, err := r.store.Standards(ctx, a.FrameworkVersion)
	if err != nil {
		return err
	}
	status := count(school, a.FrameworkVersion, standards, awards)
	if err := r.recognize(ctx, status, now); err != nil || r.certifier == nil {
		return err
	}
	return r.certifier.Certify(ctx, Standing{
		School: school, FrameworkVersion: a.FrameworkVersion, Recognized: status.Recognized, Standards: standards,
		Awards: slices.DeleteFunc(awards, func(w Award) bool { return w.FrameworkVersion != a.FrameworkVersion }), At: now,
	})
}

// recognize writes down, and says, that a school became or ceased to be a Partnership School.
func (r *Registry) recognize(ctx context.Context, s Status, now time.Time) error {
	before, err := r.store.Partnership(ctx, s.School, s.FrameworkVersion)
	if err != nil || before.Recognized == s.Recognized {
		return err
	}
	after := Partnership{School: s.School, FrameworkVersion: s.FrameworkVersion, Recognized: s.Recognized, ChangeTime: now}
	if err := r.store.SavePartnership(ctx, after); err != nil {
		return err
	}
	return r.store.Record(ctx, now, PartnershipChanged{Partnership: after})
}

func count(school, version string, standards []string, awards []Award) Status {
	out := Status{School: school, FrameworkVersion: version}
	for _, s := range standards {
		if slices.ContainsFunc(awards, func(a Award) bool {
			return a.Standard == s && a.FrameworkVersion == version && a.State.Counts()
		}) {
			out.Held = append(out.Held, s)
		} else {
			out.Missing = append(out.Missing, s)
		}
	}
	out.Recognized = len(out.Held) > 0 && len(out.Missing) == 0
	return out
}

// Status tells how far a school is, under the framework version of its newest badge, or
// the newest one when it has none.
func (r *Registry) Status(ctx context.Context, school, asked string) (Status, error) {
	awards, err := r.store.AwardsOf(ctx, school)
	if err != nil {
		return Status{}, err
	}
	version := ""
	if len(awards) > 0 {
		version = awards[len(awards)-1].FrameworkVersion
	} else if err := r.schools.School(ctx, school); problem.Is(err, problem.KindNotFound) {
		return Status{}, problem.NotFound(asked)
	} else if err != nil {
		return Status{}, err
	}
	version, standards, err := r.store.Standards(ctx, version)
	if err != nil {
		return Status{}, err
	}
	return count(school, version, standards, awards), nil
}

// Ends are the times at which an award ends and lapses. An award made on the last day of a
// month ends on the last day of one.
func Ends(from time.Time, validMonths, graceDays int) (expire, lapse time.Time) {
	first := time.Date(from.Year(), from.Month()+time.Month(validMonths), 1,
		from.Hour(), from.Minute(), from.Second(), from.Nanosecond(), from.Location())
	last := first.AddDate(0, 1, -1).Day()
	expire = first.AddDate(0, 0, min(from.Day(), last)-1)
	return expire, expire.AddDate(0, 0, graceDays)
}

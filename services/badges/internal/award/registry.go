package award

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Registry is the use of awards.
type Registry struct {
	store     Store
	schools   Schools
	certifier Certifier
	witnesses []Witness
	now       func() time.Time
}

// NewRegistry returns the registry over a store. The certifier may be nil in tests that are
// not about the Partnership School award. Witnesses are told of every change of a state.
func NewRegistry(store Store, schools Schools, certifier Certifier, now func() time.Time, witnesses ...Witness) *Registry {
	return &Registry{store: store, schools: schools, certifier: certifier, witnesses: witnesses, now: now}
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
	if err := r.renew(ctx, a); err != nil {
		return err
	}
	return r.recount(ctx, a, a.AwardTime)
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
		holds := func(state State) bool {
			return slices.ContainsFunc(awards, func(a Award) bool {
				return a.Standard == s && a.FrameworkVersion == version && a.State == state
			})
		}
		switch {
		case holds(Active):
			out.Held = append(out.Held, s)
		case holds(Grace):
			out.Held, out.InGrace = append(out.Held, s), true
		default:
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

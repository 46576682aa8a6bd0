package schools

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/restrictions"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/schools/internal/api"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
)

const (
	restrictionsLease = "schools-restrictions"
	restrictionsTTL   = 10 * time.Second
)

// announcer tells all services what districts forbid, over the bus. One that
// this version of the program cannot read as a policy, since the action that it
// names is gone, is left out and told to the log: the others stay in force.
func announcer(d run.Deps, kept *store.Store) *restriction.Announcer {
	complete := func(ctx context.Context) error { return restrictions.Complete(ctx, d.Bus) }
	return &restriction.Announcer{Store: kept, Log: d.Log, Complete: complete, Publish: func(ctx context.Context, district string, all []restriction.Restriction) error {
		var list []access.Restriction
		for _, r := range all {
			one := api.Restriction(r)
			if _, err := one.Policy(); err != nil {
				d.Log.WarnContext(ctx, "restriction left out", "restriction", r.Name, "error", err)
				continue
			}
			list = append(list, one)
		}
		return restrictions.Publish(ctx, d.Bus, record.District(district), list)
	}}
}

// announce announces all districts at the start and from time to time, in one of
// several replicas.
func announce(ctx context.Context, d run.Deps, all *restriction.Announcer) error {
	err := lease.Run(ctx, d.DB, restrictionsLease, ids.New(), restrictionsTTL, func(ctx context.Context) error {
		return all.Run(tenant.Everything(ctx, "announces the restrictions of every district to the services that heed them"))
	})
	if ctx.Err() != nil { // asked to stop
		return nil
	}
	return err
}

package badges

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
	"github.com/tandem-badges/tandem/services/badges/internal/peers"
	"github.com/tandem-badges/tandem/services/badges/internal/standing"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/vcapi"
	"github.com/tandem-badges/tandem/services/badges/internal/work"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// credentials is everything that signs, keeps and checks credentials.
type credentials struct {
	office   *issuer.Office
	statuses *status.Book
	log      *logbook.Book
	issuer   *issuing.Issuer
	checker  *issuing.Checker
	witness  *standing.Witness
	reissuer *work.Reissuer
	vcapi    *vcapi.Service // nil when it is turned off
	tasks    []run.Task
}

// openCredentials puts the credential side together. All of it follows system time, which those
// who verify compare with their own clocks.
func openCredentials(ctx context.Context, d run.Deps, rows *store.Store, others *peers.Peers) (c credentials, err error) {
	now := clock.NewAdjustable().Now
	ring, err := openKeyring(ctx, d, rows)
	if err != nil {
		return c, err
	}
	var logging run.Task
	if c.log, logging, err = openLog(ctx, d, rows, ring); err != nil {
		return c, err
	}
	if c.office, err = openOffice(ctx, d, rows, ring, c.log, others); err != nil {
		return c, err
	}
	set, err := contexts.Standard()
	if err != nil {
		return c, err
	}
	sign := func(ctx context.Context, name string) (keys.Signer, error) {
		if name == vcapi.TestIssuer {
			return testIssuer(ctx, ring)
		}
		_, signer, err := c.office.Signer(ctx, name)
		return signer, err
	}
	c.statuses = status.New(rows, sign, dataintegrity.New(jsonld.New(set)), d.PublicURL, now)
	c.witness = standing.New(c.statuses, c.log, rows, now)
	if c.checker, err = checkerOf(d, rows, c.office, c.statuses); err != nil {
		return c, err
	}
	c.issuer = issuing.New(issuing.Parts{
		Engine: openbadge.New(set), Offices: c.office, Statuses: c.statuses, Log: c.log, Store: rows, Checker: c.checker, Schools: others,
		PublicURL: d.PublicURL, Now: now, NewID: ids.New,
	})
	if c.vcapi, err = openVCAPI(ctx, d, rows, ring, c); err != nil {
		return c, err
	}
	c.reissuer = work.NewReissuer(d.DB, c.issuer, c.office, now)
	c.tasks = []run.Task{
		logging,
		{Name: "statuses", Run: func(ctx context.Context) error { return publish(ctx, d, c.statuses) }},
		{Name: "operations", Run: func(ctx context.Context) error { return c.reissuer.Run(ctx, d.Log) }},
	}
	return c, nil
}

// publish signs status lists anew as they change and before they run out, in one replica
// at a time, also in read-only mode.
func publish(ctx context.Context, d run.Deps, statuses *status.Book) error {
	ctx = upkeep.With(ctx, "a list that runs out would make every badge on it unverifiable")
	return lease.Run(ctx, d.DB, "statuses", holder(), leaseTTL, func(ctx context.Context) error {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			if _, err := statuses.Publish(ctx); err != nil && ctx.Err() == nil {
				d.Log.ErrorContext(ctx, "publishing status lists failed, trying again", "error", err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
		}
	})
}

// Package badges is the service that turns a presented journey into a badge anyone can verify.
//
// The flow: a school applies (internal/application) and what it rests on is frozen and hashed;
// reviewers without a stake score it by a rubric (internal/review); a chair decides and another
// person approves (internal/decision); the approval awards the badge (internal/award) and signs
// its credential (internal/issuing, credential/...) in one transaction. What each badge asks is
// versioned data (internal/definition).
//
// Neighbours: it asks schools, assessments and evidence over gRPC with the caller's rights
// (internal/peers) and listens to nobody; its events (tandem/badges/v1/events.proto) move
// journeys on in schools. New puts the parts together.
package badges

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"time"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/badges/internal/api"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/peers"
	"github.com/tandem-badges/tandem/services/badges/internal/rendering"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/badges/internal/trail"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/idempotency"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	name      = "badges"
	loadLimit = time.Minute      // for the built-in badges, at start
	loadTries = 3                // replicas that start together may be in each other's way
	tick      = time.Second      // how often awards are looked at, in real time
	leaseTTL  = 15 * time.Second // after which another replica takes over
)

// Migrations are the service's tables, with the folders sqlite and postgres.
var Migrations fs.FS = migrations.FS

// New builds the service on a migrated database and loads the built-in badges.
func New(d run.Deps) (run.Service, error) {
	ctx, cancel := context.WithTimeout(tenant.With(context.Background(), tenant.State), loadLimit)
	defer cancel()
	domain, tasks, err := assemble(ctx, d)
	if err != nil {
		return run.Service{}, fmt.Errorf("badges: %w", err)
	}
	if err := load(ctx, domain.Catalog); err != nil {
		return run.Service{}, fmt.Errorf("badges: %w", err)
	}
	return run.Service{
		Name: name,
		Register: func(r grpc.ServiceRegistrar) {
			api.Register(r, domain)
			records.Register(r, &records.Keeper{DB: d.DB, Clock: d.Clock, Declaration: store.Records()})
		},
		Tasks: append([]run.Task{
			{Name: "relay", Run: outbox.NewRelay(d.DB, d.Bus, clock.NewAdjustable(), d.Log).Counting(store.Gauges(d.DB)...).Run},
			{Name: "requests", Run: func(ctx context.Context) error { return idempotency.Clean(ctx, d.DB) }},
			{Name: "awards", Run: func(ctx context.Context) error { return schedule(ctx, d, domain.Registry) }},
		}, tasks...),
		Checks: []run.Check{{Name: "database", Probe: d.DB.Ping}, {Name: "bus", Probe: d.Bus.Ping, Once: true}},
	}, nil
}

func assemble(ctx context.Context, d run.Deps) (api.Domain, []run.Task, error) {
	others, err := peers.New(d.Peers)
	if err != nil {
		return api.Domain{}, nil, err
	}
	rows := store.New(d.DB)
	c, err := openCredentials(ctx, d, rows, others)
	if err != nil {
		return api.Domain{}, nil, err
	}
	now := d.Clock.Now
	catalog := definition.NewCatalog(rows, now, ids.New)
	desk := application.NewDesk(rows, catalog, others, now, ids.New)
	registry := award.NewRegistry(rows, others, c.issuer, now, c.witness)
	return api.Domain{
		Catalog: catalog, Desk: desk, Registry: registry,
		Panel:  review.NewPanel(rows, others, now, ids.New),
		Board:  decision.NewBoard(rows, desk, registry, c.issuer, now, ids.New),
		Trails: trail.NewReader(rows),
		Issuer: c.issuer, Office: c.office, Statuses: c.statuses, Checker: c.checker, Reissuer: c.reissuer, VCAPI: c.vcapi, Book: c.log,
		Renderer: rendering.New(rendering.Options{
			Credentials: rows, Definitions: rows, Office: c.office, Statuses: c.statuses, PublicURL: d.PublicURL, Now: clock.NewAdjustable().Now,
		}),
	}, c.tasks, nil
}

// load brings in the built-in badges. When another replica does the same at this moment, one
// of them finds its rows taken and looks again.
func load(ctx context.Context, c *definition.Catalog) (err error) {
	for range loadTries {
		if err = c.Load(ctx); !problem.Is(err, problem.KindAlreadyExists) && !problem.Is(err, problem.KindAborted) {
			return err
		}
	}
	return err
}

// schedule moves awards on by the product's clock, in one replica at a time.
func schedule(ctx context.Context, d run.Deps, registry *award.Registry) error {
	return lease.Run(ctx, d.DB, "awards", holder(), leaseTTL, func(ctx context.Context) error {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			if _, err := registry.Tick(ctx); err != nil && ctx.Err() == nil {
				d.Log.ErrorContext(ctx, "moving awards on failed, trying again", "error", err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
		}
	})
}

// holder is how leases call this process.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

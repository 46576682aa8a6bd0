// Package assessments is the service that knows what good partnership is and how
// a school does: frameworks of standards, surveys of families and staff, their
// published results, and self-assessments of teams.
//
//	api -> framework, instrument, campaign, response, result, selfassessment -> store
//
// internal/api translates gRPC, the packages named by nouns hold the rules,
// internal/store the SQL and the events, internal/work publishes campaigns beside
// the calls, internal/peers asks the schools service, internal/builtin holds the
// frameworks and instruments that come with the product. The service consumes no
// events; schools counts results and self-assessments by those published here.
package assessments

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/idempotency"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/api"
	"github.com/tandem-badges/tandem/services/assessments/internal/builtin"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/comment"
	"github.com/tandem-badges/tandem/services/assessments/internal/export"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
	"github.com/tandem-badges/tandem/services/assessments/internal/peers"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
	"github.com/tandem-badges/tandem/services/assessments/internal/work"
)

// Name of the service, of its schema and of its event stream.
const Name = "assessments"

// loadTimeout bounds the loading of built-in data at start.
const loadTimeout = 30 * time.Second

// Migrations are the service's tables, a folder per dialect.
var Migrations fs.FS = store.Migrations()

// New builds the service. The database must be migrated; built-in frameworks and
// instruments that are missing are loaded here.
func New(d run.Deps) (run.Service, error) {
	conn, ok := d.Peers["schools"]
	if !ok {
		return run.Service{}, fmt.Errorf("%s needs the peer schools", Name)
	}
	schools := peers.NewSchools(conn)
	frameworks, instruments := store.NewFrameworks(d.DB, d.Clock), store.NewInstruments(d.DB, d.Clock)
	campaigns, assessed := store.NewCampaigns(d.DB, d.Clock), store.NewSelfAssessments(d.DB, d.Clock)
	policies := policy.NewService(store.NewPolicies(d.DB, d.Clock), d.Clock)
	tables := store.NewRollUps(d.DB, d.Clock)
	maker := rollup.NewMaker(tables, instruments, frameworks, policies)
	kept := store.NewResults(d.DB, d.Clock)
	results := result.NewService(kept, maker, instruments, frameworks, assessed, schools, d.Clock)
	catalog, err := builtin.FacilitationInventory()
	if err != nil {
		return run.Service{}, err
	}
	domain := api.Domain{
		Frameworks:      framework.NewService(frameworks, d.Clock),
		Instruments:     instrument.NewService(instruments, frameworks, d.Clock),
		Campaigns:       campaign.NewService(campaigns, instruments, schools, d.Clock),
		Responses:       response.NewService(store.NewResponses(d.DB, d.Clock), instruments, d.Clock),
		Results:         results,
		RollUps:         rollup.NewService(tables, maker, schools, d.Clock),
		SelfAssessments: selfassessment.NewService(assessed, frameworks, schools, results, d.Clock),
		Inventories:     inventory.NewService(store.NewInventories(d.DB, d.Clock), catalog.Catalog(nil), schools, d.Clock),
		Comments:        comment.NewService(store.NewComments(d.DB, d.Clock), instruments, frameworks, policies, d.Clock),
	}
	publisher := work.NewPublisher(d.DB, campaigns, domain.Results, domain.RollUps, d.Clock,
		func(r result.Release) proto.Message { return api.EncodeRelease(r) }, func(r rollup.Release) proto.Message { return api.EncodeStateRelease(r) })
	domain.Publisher = publisher
	domain.InstrumentSource, domain.FrameworkSource = instruments, frameworks
	domain.Exports = export.NewService(store.NewExports(d.DB, d.Clock), export.Released{
		Districts: kept, State: tables, Tables: domain.RollUps, Instruments: instruments,
	}, d.Blobs, d.Clock)
	exporter := work.NewExports(d.DB, domain.Exports, d.Clock, api.EncodeExport)
	domain.Exporter = exporter
	fieldTasks, err := fieldWork(d, &domain, campaigns, instruments, schools, policies)
	if err != nil {
		return run.Service{}, err
	}

	if err := loadBuiltIn(domain); err != nil {
		return run.Service{}, err
	}
	return run.Service{
		Name:     Name,
		Register: registration(d, domain),
		Tasks: append(fieldTasks, []run.Task{
			{Name: "relay", Run: outbox.NewRelay(d.DB, d.Bus, clock.NewAdjustable(), d.Log).Counting(store.Gauges(d.DB)...).Run},
			{Name: "publish", Run: func(ctx context.Context) error { return publisher.Run(ctx, d.Log) }},
			{Name: "drafts", Run: resting(d, domain.Responses.Sweep)},
			{Name: "exports", Run: func(ctx context.Context) error { return exporter.Run(ctx, d.Log) }},
			{Name: "old exports", Run: resting(d, exporter.Clean)},
			{Name: "requests", Run: func(ctx context.Context) error { return idempotency.Clean(ctx, d.DB) }},
		}...),
		Checks: []run.Check{
			{Name: "database", Probe: d.DB.Ping},
			{Name: "bus", Probe: d.Bus.Ping, Once: true},
		},
	}, nil
}

// resting is cleaning up that rests in read-only mode.
func resting(d run.Deps, clean func(context.Context, *slog.Logger) error) func(context.Context) error {
	return func(ctx context.Context) error {
		return d.DB.WhileWritable(ctx, func(ctx context.Context) error { return clean(ctx, d.Log) })
	}
}

// loadBuiltIn loads frameworks and instruments that are missing.
func loadBuiltIn(domain api.Domain) error {
	ctx, cancel := context.WithTimeout(tenant.With(context.Background(), tenant.State), loadTimeout)
	defer cancel()
	return builtin.Load(ctx, domain.Frameworks, domain.Instruments)
}

// registration puts the service on a server.
func registration(d run.Deps, domain api.Domain) func(to grpc.ServiceRegistrar) {
	return func(to grpc.ServiceRegistrar) {
		domain.Register(to)
		records.Register(to, &records.Keeper{DB: d.DB, Clock: d.Clock, Declaration: store.Records()})
	}
}

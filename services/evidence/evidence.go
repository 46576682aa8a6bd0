// Package evidence is the service that keeps what a team collects to show a process:
// artifacts with their content, and manifests that freeze them for an application.
//
//	api -> artifact, portfolio -> store, blobs
//
// internal/api translates gRPC, internal/artifact and internal/portfolio hold the
// rules, internal/store the SQL and the events, internal/work erases contents beside
// the calls, internal/peers asks the schools service about journeys, steps and goals.
// The service consumes no events. The schools service counts evidence by those
// published here; the badges service has a portfolio frozen when a team applies.
package evidence

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/idempotency"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/run"

	"github.com/tandem-badges/tandem/services/evidence/internal/api"
	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	"github.com/tandem-badges/tandem/services/evidence/internal/peers"
	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
	"github.com/tandem-badges/tandem/services/evidence/internal/store"
	"github.com/tandem-badges/tandem/services/evidence/internal/work"
)

// Name of the service, of its schema and of its event stream.
const Name = "evidence"

// dirMode keeps other users of the machine away from uploads under way.
const dirMode = 0o700

// Migrations are the service's tables, a folder per dialect.
var Migrations fs.FS = store.Migrations()

// Config is what an installation may set.
type Config struct {
	MaxContentBytes int64 // size of the biggest content taken in
	MaxArtifacts    int   // artifacts of one journey that are not withdrawn
}

// DefaultConfig is that of an installation that sets nothing.
func DefaultConfig() Config {
	l := artifact.DefaultLimits()
	return Config{MaxContentBytes: l.ContentBytes, MaxArtifacts: l.PerJourney}
}

// New builds the service with its default configuration. The database must be migrated.
func New(d run.Deps) (run.Service, error) { return NewWith(d, DefaultConfig()) }

// NewWith builds the service.
func NewWith(d run.Deps, c Config) (run.Service, error) {
	conn, ok := d.Peers["schools"]
	if !ok {
		return run.Service{}, fmt.Errorf("%s needs the peer schools", Name)
	}
	if c.MaxContentBytes <= 0 || c.MaxArtifacts <= 0 {
		return run.Service{}, fmt.Errorf("%s: limits must be positive: %+v", Name, c)
	}
	spool, err := spoolDir(d.DataDir)
	if err != nil {
		return run.Service{}, err
	}
	schools, rows := peers.NewSchools(conn), store.NewArtifacts(d.DB, d.Clock)
	limits := artifact.Limits{ContentBytes: c.MaxContentBytes, PerJourney: c.MaxArtifacts}
	domain := api.Domain{
		Artifacts:  artifact.NewService(rows, d.Blobs, schools, d.Clock, limits, spool),
		Portfolios: portfolio.NewService(store.NewPortfolios(d.DB, d.Clock), schools, d.Clock),
	}
	sweeper := artifact.NewSweeper(rows, d.Blobs, d.Clock)
	return run.Service{
		Name: Name,
		Register: func(to grpc.ServiceRegistrar) {
			domain.Register(to)
			records.Register(to, &records.Keeper{DB: d.DB, Clock: d.Clock, Declaration: store.Records(store.NewFiles(d.DB, d.Blobs))})
		},
		Tasks: []run.Task{
			{Name: "relay", Run: outbox.NewRelay(d.DB, d.Bus, clock.NewAdjustable(), d.Log).Run},
			{Name: "sweep", Run: func(ctx context.Context) error {
				return work.RunSweeper(ctx, d.DB, store.LooseTopic, sweeper.Sweep, d.Log)
			}},
			{Name: "requests", Run: func(ctx context.Context) error { return idempotency.Clean(ctx, d.DB) }},
		},
		Checks: []run.Check{
			{Name: "database", Probe: d.DB.Ping},
			{Name: "bus", Probe: d.Bus.Ping, Once: true},
			{Name: "blobs", Probe: d.Blobs.Ping, Once: true},
		},
	}, nil
}

// spoolDir is where uploads under way lie, beside the service's other files.
func spoolDir(data string) (string, error) {
	if data == "" {
		return "", nil
	}
	dir := filepath.Join(data, "uploads")
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return "", fmt.Errorf("folder of uploads: %w", err)
	}
	return dir, nil
}

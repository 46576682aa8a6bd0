package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tandem-badges/tandem/gateway"
	"github.com/tandem-badges/tandem/services/assessments"
	"github.com/tandem-badges/tandem/services/badges"
	"github.com/tandem-badges/tandem/services/evidence"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/schools"
)

// databaseRetry is the time between two tries to reach a database.
const databaseRetry = time.Second

// migrations of each service.
func migrations(service string) fs.FS {
	return map[string]fs.FS{
		Schools: schools.Migrations, Assessments: assessments.Migrations,
		Evidence: evidence.Migrations, Badges: badges.Migrations,
		Gateway: gateway.Migrations,
	}[service]
}

// Storage opens the databases of services as the settings say.
type Storage struct {
	settings StorageSettings
	log      *slog.Logger
	roles    map[string]string // PostgreSQL URLs by service, once provisioned
}

// NewStorage returns the databases of the settings, none of them open yet.
func NewStorage(s StorageSettings, log *slog.Logger) *Storage {
	return &Storage{settings: s, log: log}
}

// Open opens the database of one service.
func (s *Storage) Open(ctx context.Context, service string) (*sqldb.DB, error) {
	options, err := s.options(ctx, service)
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("database of %s: %w", service, err)
	}
	return db, nil
}

// database opens the database of one service with the schema this program needs. A
// server that does not answer is waited for, so that a program may start before it:
// ending and being started again would only take longer.
func (a *App) database(ctx context.Context, service string) (*sqldb.DB, error) {
	storage := NewStorage(a.settings.StorageSettings, a.log)
	prepared := storage.Migrated
	if !a.settings.Migrate {
		prepared = func(ctx context.Context, service string) (*sqldb.DB, error) {
			return storage.migratedByOthers(ctx, service, a.settings.StartWait)
		}
	}
	told := false
	return backoff.Retry(ctx, func() (*sqldb.DB, error) {
		db, err := prepared(ctx, service)
		switch {
		case err != nil && !sqldb.IsAway(err):
			err = backoff.Permanent(err)
		case err != nil && !told:
			told = true
			a.log.WarnContext(ctx, "waiting for the database", "service", service, "at_most", a.settings.StartWait, "error", err)
		}
		return db, err
	}, backoff.WithBackOff(backoff.NewConstantBackOff(databaseRetry)), backoff.WithMaxElapsedTime(max(a.settings.StartWait, databaseRetry)))
}

// migratedByOthers opens the database of one service once it has what this program needs.
func (s *Storage) migratedByOthers(ctx context.Context, service string, wait time.Duration) (*sqldb.DB, error) {
	db, err := s.Open(ctx, service)
	if err != nil {
		return nil, err
	}
	if err := db.AwaitSchema(ctx, migrations(service), wait); err != nil {
		return nil, errors.Join(fmt.Errorf("database of %s: %w", service, err), db.Close())
	}
	return db, nil
}

// Migrated opens the database of one service and brings it to the version of
// this program.
func (s *Storage) Migrated(ctx context.Context, service string) (*sqldb.DB, error) {
	db, err := s.Open(ctx, service)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, migrations(service)); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate %s: %w", service, err), db.Close())
	}
	return db, nil
}

func (s *Storage) options(ctx context.Context, service string) (sqldb.Options, error) {
	options := sqldb.Options{Schema: service, Log: s.log}
	switch {
	case s.settings.override(service) != "":
		options.URL = s.settings.override(service)
	case s.settings.DB != "":
		if err := s.provision(ctx); err != nil {
			return options, err
		}
		options.URL, options.OwnerURL = s.roles[service], s.settings.DB
	default:
		if err := os.MkdirAll(s.settings.Data, 0o700); err != nil {
			return options, fmt.Errorf("--data: %w", err)
		}
		options.URL = "sqlite:" + filepath.Join(s.settings.Data, service+".db")
	}
	return options, nil
}

func (s *Storage) provision(ctx context.Context) error {
	if s.roles != nil {
		return nil
	}
	roles, err := sqldb.Provision(ctx, s.settings.DB, DatabaseNames())
	if err != nil {
		return fmt.Errorf("--db: %w", err)
	}
	s.roles = roles
	return nil
}

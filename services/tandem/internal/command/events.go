package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/inbox"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Events are the commands for the operator of the event streams.
type Events struct {
	Replay EventsReplay `cmd:"" help:"Publish events of the outbox history again, to rebuild a stream. Consumers pass over what they have applied."`
	Dead   EventsDead   `cmd:"" help:"List events that a service could not apply, or give them to it again."`
}

// eventSettings are what publishing needs: databases and the bus.
type eventSettings struct {
	app.StorageSettings
	app.BusSettings
	app.LogSettings
}

// EventsReplay publishes history again.
type EventsReplay struct {
	eventSettings
	Services []string  `arg:"" optional:"" help:"Publishing services; all when none is named." enum:"schools,assessments,evidence,badges"`
	Since    time.Time `help:"Events from then on, e.g. 2026-09-01T00:00:00Z. Empty: all that is kept." format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME"`
	Subject  string    `help:"Subject with NATS wildcards, e.g. tandem.badges.award.*.v1.0880." placeholder:"SUBJECT"`
}

// Run replays service by service with progress.
func (r *EventsReplay) Run(ctx context.Context) error {
	return r.with(ctx, r.Services, func(service string, db *sqldb.DB, b *bus.Bus) error {
		count, err := outbox.Replay(ctx, db, b, outbox.ReplayOptions{
			Since: r.Since, Subject: r.Subject,
			Progress: func(events int) { fmt.Fprintf(os.Stderr, "\r%-12s %d events", service, events) },
		})
		fmt.Fprint(os.Stderr, "\r")
		if err != nil {
			return fmt.Errorf("replay %s: %w", service, err)
		}
		fmt.Fprintf(os.Stdout, "%-12s %d events published again\n", service, count)
		return nil
	})
}

// EventsDead lists events that a service gave up on, or has the service try them
// again. It touches databases only, so it works beside the running service.
type EventsDead struct {
	app.StorageSettings
	app.LogSettings
	Services []string `arg:"" optional:"" help:"Consuming services; all when none is named." enum:"schools,assessments,evidence,badges"`
	Replay   bool     `help:"Give the events to the service again, instead of only listing them."`
	ID       []string `help:"Only these event ids." placeholder:"ID"`
}

// Run lists first, so that whoever repeats sees what.
func (d *EventsDead) Run(ctx context.Context) error {
	return eachDatabase(ctx, d.StorageSettings, d.LogSettings, d.Services, func(service string, db *sqldb.DB) error {
		dead, err := inbox.Dead(ctx, db, service)
		if err != nil {
			return err
		}
		if err := printDead(service, dead); err != nil || !d.Replay {
			return err
		}
		count, err := inbox.RequestReplay(ctx, db, service, d.ID...)
		if err == nil {
			fmt.Fprintf(os.Stdout, "%-12s %d events: the running service tries them again within seconds\n", service, count)
		}
		return err
	})
}

func printDead(service string, dead []inbox.DeadLetter) error {
	if len(dead) == 0 {
		_, err := fmt.Fprintf(os.Stdout, "%-12s no dead letters\n", service)
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tEVENT\tSUBJECT\tCAUSE")
	for _, letter := range dead {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", service, letter.Event.ID, letter.Event.Subject, strings.ReplaceAll(letter.Cause, "\n", " "))
	}
	return table.Flush()
}

// with opens the bus and the database of each service for fn.
func (s *eventSettings) with(ctx context.Context, services []string, fn func(service string, db *sqldb.DB, b *bus.Bus) error) error {
	log, logFile, err := openLog(s.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	b, closeBus, err := app.OpenBus(ctx, s.StorageSettings, s.BusSettings, 0, log.Logger)
	if err != nil {
		return err
	}
	defer closeBus()
	return eachDatabase(ctx, s.StorageSettings, s.LogSettings, services, func(service string, db *sqldb.DB) error {
		return fn(service, db, b)
	})
}

// eachDatabase opens the database of each named service, or of all, for fn.
func eachDatabase(ctx context.Context, storage app.StorageSettings, logging app.LogSettings, services []string, fn func(service string, db *sqldb.DB) error) error {
	log, logFile, err := openLog(logging)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	if len(services) == 0 {
		services = app.ServiceNames()
	}
	databases := app.NewStorage(storage, log.Logger)
	for _, service := range services {
		db, err := databases.Migrated(ctx, service)
		if err != nil {
			return err
		}
		if err := errors.Join(fn(service, db), db.Close()); err != nil {
			return err
		}
	}
	return nil
}

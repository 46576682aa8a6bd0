package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// RestoreOptions say how to bring a backup back.
type RestoreOptions struct {
	// Wipe allows to delete what the databases and streams hold. It is the name of the PostgreSQL
	// database, or of the folder with the SQLite files: what somebody typed who knows what goes.
	Wipe         string
	KeepSessions bool // people stay signed in
	Report       Report
}

// Restored is what a restore did.
type Restored struct {
	Lines    []Line   // recomputed from where it was written
	Differs  []string // what is not as it was kept
	Replayed int      // events published from the outboxes, where the backup holds no streams
}

// restoration is a backup being brought back.
type restoration struct {
	RestoreOptions
	from *Folder
	m    *Manifest
	to   Installation
	done Restored
}

// Restore brings a backup back. Nothing is written before all of it was read and found
// whole, and before what it is written to was found empty. Rows come back in one transaction for
// each service that is committed when they are what was kept.
func Restore(ctx context.Context, from *Folder, m *Manifest, to Installation, o RestoreOptions) (*Restored, error) {
	r := &restoration{RestoreOptions: o, from: from, m: m, to: to}
	targets, err := r.prepare(ctx)
	defer func() {
		for _, t := range targets {
			t.close(context.WithoutCancel(ctx))
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := r.files(ctx); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	for _, db := range to.Databases {
		if err := r.database(ctx, db, targets[db.Service]); err != nil {
			return nil, fmt.Errorf("database of %s: %w", db.Service, err)
		}
	}
	if err := r.streams(ctx); err != nil {
		return nil, err
	}
	SortLines(r.done.Lines)
	r.compare()
	return &r.done, nil
}

// prepare finds out whether all can be done, and writes nothing.
func (r *restoration) prepare(ctx context.Context) (targets map[string]target, err error) {
	targets = map[string]target{}
	for _, s := range r.m.Schemas {
		if !slices.ContainsFunc(r.to.Databases, func(db Database) bool { return db.Service == s.Service }) {
			return targets, fmt.Errorf("the backup holds a database of %s, which this program does not know", s.Service)
		}
	}
	for _, db := range r.to.Databases {
		if err := r.fits(db); err != nil {
			return targets, err
		}
		t, err := openTarget(ctx, db)
		if err != nil {
			return targets, fmt.Errorf("database of %s: %w", db.Service, err)
		}
		targets[db.Service] = t
		if err := t.free(ctx, r.Wipe); err != nil {
			return targets, fmt.Errorf("database of %s: %w", db.Service, err)
		}
	}
	if err := r.streamsFree(ctx); err != nil {
		return targets, err
	}
	if err := Verify(ctx, r.from, r.m, r.Report); err != nil {
		return targets, err
	}
	return targets, nil
}

// fits refuses a backup whose schema is newer than this program.
func (r *restoration) fits(db Database) error {
	schema, found := r.m.schema(db.Service)
	if !found {
		return fmt.Errorf("the backup holds no database of %s", db.Service)
	}
	dialect := sqldb.SQLite
	if sqldb.IsPostgres(db.URL) {
		dialect = sqldb.Postgres
	}
	known, err := sqldb.Wanted(db.Service, dialect, db.Migrations)
	if err != nil {
		return err
	}
	newest := map[string]int64{}
	for _, v := range known {
		newest[v.Table] = v.Want
	}
	for table, version := range schema.Versions {
		if version > newest[table] {
			return fmt.Errorf("the backup was made by %s, whose schema of %s is newer (%s is at %d, this program knows %d): restore with that version or a later one",
				r.m.Program, db.Service, table, version, newest[table])
		}
	}
	return nil
}

// database makes the tables as old as the rows are, puts these in and brings all to the
// present.
func (r *restoration) database(ctx context.Context, db Database, to target) error {
	if err := to.clear(ctx); err != nil {
		return err
	}
	schema, _ := r.m.schema(db.Service)
	if err := r.migrate(ctx, db, func(open *sqldb.DB) error { return open.MigrateTo(ctx, db.Migrations, schema.Versions) }); err != nil {
		return err
	}
	lines, err := to.load(ctx, load{restoration: r, schema: schema, tables: r.m.tablesOf(db.Service)})
	if err != nil {
		return err
	}
	r.done.Lines = append(r.done.Lines, lines...)
	return r.migrate(ctx, db, func(open *sqldb.DB) error { return open.Migrate(ctx, db.Migrations) })
}

func (r *restoration) migrate(ctx context.Context, db Database, with func(*sqldb.DB) error) error {
	open, err := r.to.Open(ctx, db.Service)
	if err != nil {
		return err
	}
	return errors.Join(with(open), open.Close())
}

// compare finds what is not as it was kept. Rows cannot differ: they are not committed then.
func (r *restoration) compare() {
	for _, want := range r.m.Lines() {
		i := slices.IndexFunc(r.done.Lines, func(l Line) bool { return l.Name == want.Name })
		switch {
		case i < 0:
			r.done.Differs = append(r.done.Differs, want.Name+" was not restored")
		case r.done.Lines[i] != want:
			r.done.Differs = append(r.done.Differs, fmt.Sprintf("%s was %s and is %s", want.Name, want, r.done.Lines[i]))
		}
	}
}

// replay makes streams of the outboxes, where the backup holds none.
func (r *restoration) replay(ctx context.Context) error {
	for _, service := range r.to.Publishers {
		db, err := r.to.Open(ctx, service)
		if err != nil {
			return err
		}
		count, err := outbox.Replay(ctx, db, r.to.Bus, outbox.ReplayOptions{})
		r.done.Replayed += count
		if err = errors.Join(err, db.Close()); err != nil {
			return fmt.Errorf("publish the events of %s again: %w", service, err)
		}
	}
	return nil
}

// target is a database of a service into which rows are put back.
type target interface {
	// free refuses a database that holds something, unless wipe names it.
	free(ctx context.Context, wipe string) error
	// clear takes away all that is there of the service.
	clear(ctx context.Context) error
	// load puts rows in, and commits them when they are what was kept.
	load(ctx context.Context, l load) ([]Line, error)
	close(ctx context.Context)
}

func openTarget(ctx context.Context, db Database) (target, error) {
	if sqldb.IsPostgres(db.URL) {
		return openPostgresTarget(ctx, db)
	}
	return &liteTarget{db: db}, nil
}

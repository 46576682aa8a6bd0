// Package backup keeps a whole installation as it was at one moment, and brings it back.
//
// A backup is a folder of plain parts below a place of the operator's (package
// kit/blob: a folder or a bucket), ended by manifest.json, without which it is none:
//
//	ID/db/SERVICE/TABLE.zst   rows as PostgreSQL's COPY writes them, by primary key
//	ID/streams/SERVICE.zst    events, one JSON line each
//	ID/settings.zst           what processes share on the bus
//	ID/blobs.zst              which files there were: key, size, SHA-256
//	ID/manifest.json          versions, rows and digests of all of it, and its own digest
//	files/AB/ABCDEF...        contents of files by SHA-256, shared by all backups of the place
//
// The flow of Create: copy the files that are there (files.go), pin all databases to one
// moment (postgres.go, sqlite.go), copy their rows, the events up to that moment
// (streams.go) and the files that came meanwhile, hold what rows name against the files
// (references.go), write the manifest. Restore (restore.go) first reads all of a backup
// again (verify.go), and writes only then. Everything streams; memory is bounded by what
// is in flight, not by the size of an installation.
//
// Neighbours: package command gives it the databases, bus and files of the settings;
// kit/sqldb migrates to the versions of the manifest and proves that no policy hides rows;
// kit/bus numbers streams as they were.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Database is where the rows of a service are.
type Database struct {
	Service    string
	URL        string // sqlite:PATH, or postgres://... of the owner, else of the service's role
	Migrations fs.FS
}

// Installation is what is kept, or brought back.
type Installation struct {
	Databases []Database
	// Open opens the database of a service as the service does, making what it lacks: role, schema, file.
	Open  func(ctx context.Context, service string) (*sqldb.DB, error)
	Bus   *bus.Bus // nil: the streams belong to a process that runs
	Blobs *blob.Store
	// Publishers are the services with a stream.
	Publishers []string
}

// Report hears of the work as it goes on.
type Report interface {
	// Moved counts bytes.
	Moved(bytes int)
	// Part is called with each part that is done.
	Part(line Line)
}

// CreateOptions say how to make a backup.
type CreateOptions struct {
	Program        string // version of this program
	Now            func() time.Time
	DespiteMissing bool // keep a backup although files are missing that rows name
	Report         Report
	Log            *slog.Logger
}

// creation is a backup being made.
type creation struct {
	CreateOptions
	from   Installation
	to     *Folder
	m      *Manifest
	source *source
}

// Create makes a backup and returns its manifest.
func Create(ctx context.Context, from Installation, to *Folder, o CreateOptions) (*Manifest, error) {
	begun := o.Now().UTC()
	c := &creation{CreateOptions: o, from: from, to: to, m: &Manifest{Format: format, ID: newID(begun), Program: o.Program, Begun: begun}}
	if err := to.begin(ctx, c.m.ID); err != nil {
		return nil, err
	}
	last, err := c.last(ctx)
	if err != nil {
		return nil, err
	}
	before, err := c.filesBefore(ctx, last)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if err := c.atOneMoment(ctx, before); err != nil {
		return nil, err
	}
	c.m.Finished = o.Now().UTC()
	if err := to.finish(ctx, c.m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return c.m, nil
}

// last is the backup before, by which files are known again; nil where there is none. One that
// is damaged must not keep an installation from being backed up.
func (c *creation) last(ctx context.Context) (*Manifest, error) {
	last, err := c.to.newest(ctx)
	if err == nil && last != nil {
		err = c.to.read(ctx, last.Seen, nil, func(io.Reader) error { return nil })
	}
	if errors.Is(err, ErrDamaged) {
		c.Log.WarnContext(ctx, "the backup before is damaged: all files are read again", "error", err)
		return nil, nil
	}
	return last, err
}

// atOneMoment copies what is seen of one moment of the databases. How far the streams are
// is read before it and after it: events between are those that the databases tell.
func (c *creation) atOneMoment(ctx context.Context, before Part) error {
	ends, err := c.streamEnds(ctx)
	if err != nil {
		return err
	}
	if c.source, err = openSource(ctx, c.from.Databases, c.Now); err != nil {
		return err
	}
	defer c.source.close(ctx)
	c.m.Moments = c.source.moments()
	for _, db := range c.from.Databases {
		if err := c.database(ctx, db); err != nil {
			return fmt.Errorf("database of %s: %w", db.Service, err)
		}
	}
	if err := c.streams(ctx, ends); err != nil {
		return err
	}
	if err := c.filesAfter(ctx, before); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	if err := c.to.store.Delete(ctx, before.Path); err != nil {
		return err
	}
	return c.references(ctx)
}

// database copies the rows of a service, and what they need to be put back.
func (c *creation) database(ctx context.Context, db Database) error {
	from := c.source.of[db.Service]
	schema, err := from.schema(ctx, db.Service)
	if err != nil {
		return err
	}
	c.m.Schemas = append(c.m.Schemas, schema)
	tables, err := from.tables(ctx, db.Service)
	if err != nil {
		return err
	}
	for _, t := range tables {
		path := fmt.Sprintf("%s/db/%s/%s%s", c.m.ID, t.Service, t.Name, packed)
		t.Part, err = c.to.write(ctx, path, c.Report, func(w writer) error { return from.copyOut(ctx, t, w) })
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		c.m.Tables = append(c.m.Tables, t)
		c.Report.Part(t.Line())
	}
	return nil
}

package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Facts are what an operator should know of a database, of the user who connects to
// it and of the server's clock. Those of SQLite have a server and nothing else.
type Facts struct {
	Server string // "PostgreSQL 17.6", "SQLite 3.50.4"
	Major  int    // of PostgreSQL's version, 0 for SQLite
	User   string
	Owner  bool          // the user owns tables of the schema, or the schema
	Ahead  time.Duration // how far the server's clock is ahead of this machine's
	Pool   int           // connections that this program may open
	Limit  int           // connections that the server lets this user have
	Used   int           // connections to the server that are open
	Open   []string      // tables of districts that are not behind this program's policies
}

// Facts asks the database about itself. It reads no rows of anybody.
func (db *DB) Facts(ctx context.Context) (Facts, error) {
	ctx = tenant.With(ctx)
	f := Facts{Pool: db.read.Stats().MaxOpenConnections}
	if db.dialect == SQLite {
		err := db.read.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&f.Server)
		f.Server = "SQLite " + f.Server
		return f, err
	}
	for _, ask := range []func(context.Context, *Facts) error{db.askServer, db.askUser, db.askConnections, db.askClock, db.askWall} {
		if err := ask(ctx, &f); err != nil {
			return f, fmt.Errorf("ask the database of %s about itself: %w", db.schema, err)
		}
	}
	return f, nil
}

func (db *DB) askServer(ctx context.Context, f *Facts) error {
	var version string
	err := db.read.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000`).
		Scan(&version, &f.Major)
	version, _, _ = strings.Cut(version, " ") // what follows names the distribution
	f.Server = "PostgreSQL " + version
	return err
}

func (db *DB) askUser(ctx context.Context, f *Facts) error {
	return db.read.QueryRowContext(ctx, `
		SELECT current_user,
			EXISTS (SELECT 1 FROM pg_namespace n WHERE n.nspname = $1 AND n.nspowner = r.oid)
			OR EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relowner = r.oid)
		FROM pg_roles r WHERE r.rolname = current_user`, db.schema).Scan(&f.User, &f.Owner)
}

// askConnections takes the narrowest of the limits: of the server without what it
// keeps for superusers, of the database and of the user. Of connections of others a
// service's role is shown their database and user, and not of what kind they are: what
// the server runs for itself lacks one of the two.
func (db *DB) askConnections(ctx context.Context, f *Facts) error {
	return db.read.QueryRowContext(ctx, `
		SELECT least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
				- coalesce(current_setting('reserved_connections', true)::int, 0),
			nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1)),
			(SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL)
		FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user`).Scan(&f.Limit, &f.Used)
}

// askClock compares clocks, half a round trip apart.
func (db *DB) askClock(ctx context.Context, f *Facts) error {
	var micros int64
	before := time.Now()
	err := db.read.QueryRowContext(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&micros)
	f.Ahead = time.UnixMicro(micros).Sub(before.Add(time.Since(before) / 2))
	return err
}

func (db *DB) askWall(ctx context.Context, f *Facts) error {
	tables, err := tenantTables(ctx, db.read, db.schema)
	if err != nil {
		return err
	}
	want := policyNames()
	for _, t := range tables {
		if !t.secured || !slices.Equal(t.policies, want) {
			f.Open = append(f.Open, t.table)
		}
	}
	return nil
}

// policyNames are the policies that every tenant table has, in the order in which
// the database lists them.
func policyNames() []string {
	var names []string
	for _, p := range policies {
		names = append(names, p.name())
	}
	slices.Sort(names)
	return names
}

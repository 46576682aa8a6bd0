package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const (
	oldestPostgres = 14
	clockMargin    = 2 * time.Second
	setClock       = "Let chrony, systemd-timesyncd or the like set the clocks of both machines: windows, tokens and certificates depend on them."
)

// Codes of PostgreSQL that have a remedy of their own.
const (
	pgWrongPassword = "28P01"
	pgNoSuchUser    = "28000"
	pgNoDatabase    = "3D000"
	pgTooMany       = "53300"
)

// errNoFile says that a SQLite database is not there yet: opening it would make it.
var errNoFile = errors.New("the file is not there")

// open opens a service's database as the service would, and makes no file.
func (e *examination) open(ctx context.Context, service string) (*sqldb.DB, error) {
	address, err := e.Settings.DatabaseURL(service)
	if err != nil {
		return nil, err
	}
	if path, lite := strings.CutPrefix(address, "sqlite:"); lite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, errNoFile
		}
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	return sqldb.Open(ctx, sqldb.Options{URL: address, Schema: service})
}

// behind tells whether a schema lacks what this program needs.
func (e *examination) behind(ctx context.Context, db *sqldb.DB, service string) (bool, error) {
	versions, err := db.SchemaVersions(ctx, app.Migrations(service))
	for _, v := range versions {
		if v.Behind() {
			return true, err
		}
	}
	return false, err
}

// servers are the PostgreSQL servers met, with what is asked once of each.
type servers map[string]*sqldb.Facts

// lookAtDatabases says for each database of this process whether it can be worked
// with, and what it is.
func (e *examination) lookAtDatabases(ctx context.Context, n *notes) {
	e.lookAtOwner(ctx, n)
	met := servers{}
	for _, service := range e.targets {
		address, err := e.Settings.DatabaseURL(service)
		if err != nil {
			n.fail(service, "Give postgres://USER:PASSWORD@HOST/NAME.", "%v", err)
			continue
		}
		db, err := e.open(ctx, service)
		if err != nil {
			e.unusable(n, service, address, err)
			continue
		}
		e.lookAtDatabase(ctx, n, db, service, address, met)
		_ = db.Close()
	}
	for where, facts := range met {
		lookAtServer(n, where, facts)
	}
}

// lookAtOwner says whether the one who migrates can, where this process is given him.
func (e *examination) lookAtOwner(ctx context.Context, n *notes) {
	if e.Settings.DB == "" {
		return
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	conn, err := pgx.Connect(ctx, e.Settings.DB)
	if err != nil {
		n.fail("owner", "Look at TANDEM_DB: is the server running, do name, user and password fit, and may this machine reach it?", "%v", err)
		return
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var user string
	var able bool
	err = conn.QueryRow(ctx, `SELECT current_user, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user`).Scan(&user, &able)
	switch {
	case err != nil:
		n.fail("owner", "Look into the log of the database server.", "%v", err)
	case !able:
		n.fail("owner", "ALTER ROLE "+user+" CREATEROLE, since migrations make a role for each service.", "%s may not make roles", user)
	default:
		n.ok("owner", "%s at %s migrates and makes the roles of services", user, hostOf(e.Settings.DB))
	}
}

// unusable explains why a database cannot be opened.
func (e *examination) unusable(n *notes, service, address string, err error) {
	var pg *pgconn.PgError
	code := ""
	if errors.As(err, &pg) {
		code = pg.Code
	}
	fix := "Is it running, is the name right, and may this machine reach it? Look at TANDEM_DB, or TANDEM_" + strings.ToUpper(service) + "_DB."
	switch {
	case errors.Is(err, errNoFile):
		n.warn(service, "Nothing, if this is a new installation: the first start makes it. Else name the right folder with --data.", "%s is not there", strings.TrimPrefix(address, "sqlite:"))
		return
	case errors.Is(err, sqldb.ErrBypass):
		fix = "Let TANDEM_" + strings.ToUpper(service) + "_DB name the role that `tandem migrate` makes, tandem_" + service + ", or take BYPASSRLS and SUPERUSER from the role."
	case code == pgWrongPassword || code == pgNoSuchUser:
		fix = "Run `tandem migrate` with TANDEM_DB: it makes the roles of the services and gives them the passwords that follow from the owner's."
	case code == pgNoDatabase:
		fix = "Make the database, and let the owner of TANDEM_DB own it."
	case code == pgTooMany:
		fix = "Raise max_connections of the server, or put fewer processes on it."
	}
	n.fail(service, fix, "%v", err)
}

// lookAtDatabase looks at one database that answers.
func (e *examination) lookAtDatabase(ctx context.Context, n *notes, db *sqldb.DB, service, address string, met servers) {
	facts, err := db.Facts(ctx)
	if err != nil {
		n.fail(service, "Look into the log of the database server.", "%v", err)
		return
	}
	if db.Dialect() == sqldb.SQLite {
		n.ok(service, "%s, %s", facts.Server, strings.TrimPrefix(address, "sqlite:"))
		lookAtSchema(ctx, n, db, service)
		return
	}
	if facts.Owner {
		n.warn(service, "Connect as the role that `tandem migrate` makes, tandem_"+service+", which owns nothing.", "%s as %s, who owns its tables and could take their policies away", facts.Server, facts.User)
	} else {
		n.ok(service, "%s at %s as %s, who owns nothing", facts.Server, hostOf(address), facts.User)
	}
	if len(facts.Open) > 0 {
		n.fail(service+"/policies", "Run `tandem migrate`: it puts every table of districts behind row-level security.", "not behind the policies of this program: %s", strings.Join(facts.Open, ", "))
	} else {
		n.ok(service+"/policies", "every table of districts is behind row-level security, for its owner too")
	}
	lookAtSchema(ctx, n, db, service)
	total := met[hostOf(address)]
	if total == nil {
		met[hostOf(address)] = &facts
		return
	}
	total.Pool += facts.Pool
	total.Limit = min(total.Limit, facts.Limit)
}

// lookAtSchema compares a schema with what this program needs.
func lookAtSchema(ctx context.Context, n *notes, db *sqldb.DB, service string) {
	versions, err := db.SchemaVersions(ctx, app.Migrations(service))
	if err != nil {
		n.fail(service+"/schema", "May the role read the tables of its schema? `tandem migrate` grants it.", "%v", err)
		return
	}
	var at []string
	for _, v := range versions {
		at = append(at, fmt.Sprintf("%s %d", v.Table, v.Have))
		switch {
		case v.Behind():
			n.fail(service+"/schema", "Run `tandem migrate` of this version before it serves.", "%s is at %d and this program needs %d", v.Table, v.Have, v.Want)
			return
		case v.Have > v.Want:
			n.warn(service+"/schema", "Bring the program to the newer version: it may be one behind during an upgrade, and no further.", "%s is at %d, ahead of this program, which knows %d", v.Table, v.Have, v.Want)
			return
		}
	}
	n.ok(service+"/schema", "as this program needs it: %s", strings.Join(at, ", "))
}

// lookAtServer says what concerns all databases of one server.
func lookAtServer(n *notes, where string, f *sqldb.Facts) {
	if f.Major < oldestPostgres {
		n.fail("version", fmt.Sprintf("Upgrade the server to PostgreSQL %d or newer.", oldestPostgres), "%s at %s", f.Server, where)
	}
	const room = "Raise max_connections of the server (or the limit of the database or role), or run fewer replicas: each process opens so many."
	switch free := f.Limit - f.Used; {
	case f.Pool > f.Limit:
		n.fail("connections", room, "this process may open %d, and %s lets it have %d", f.Pool, where, f.Limit)
	case f.Pool > free:
		n.warn("connections", room, "this process may open %d; of %d at %s, %d are in use (this process may be among them)", f.Pool, f.Limit, where, f.Used)
	default:
		n.ok("connections", "this process may open %d; of %d at %s, %d are in use", f.Pool, f.Limit, where, f.Used)
	}
	lookAtClock(n, where, f.Ahead)
}

// lookAtClock compares the clock of another machine with this one's.
func lookAtClock(n *notes, where string, ahead time.Duration) {
	if ahead.Abs() > clockMargin {
		n.fail("clock", setClock, "%s is %s ahead of this machine", where, ahead.Round(time.Millisecond))
		return
	}
	n.ok("clock", "%s and this machine agree to %s", where, max(ahead.Abs(), time.Millisecond).Round(time.Millisecond))
}

// hostOf is where a database is, as it may be shown.
func hostOf(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(place(address), "postgres://"), "postgresql://")
}

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// snapshot reads the databases of one server as they were at one moment.
type snapshot interface {
	moment() Moment
	// schema tells versions and counters of a service's database.
	schema(ctx context.Context, service string) (Schema, error)
	// tables lists the tables of a service, sorted by name; their parts are empty.
	tables(ctx context.Context, service string) ([]Table, error)
	// copyOut writes the rows of a table, sorted by its key.
	copyOut(ctx context.Context, t Table, w io.Writer) error
	// strings calls fn with what a query of one or more text columns finds.
	strings(ctx context.Context, service, query string, args []any, fn func(values []string) error) error
	close(ctx context.Context)
}

// source is all databases, each with its snapshot.
type source struct {
	all []snapshot
	of  map[string]snapshot
}

// openSource pins the databases to one moment. Those of one PostgreSQL database share a
// snapshot, and so do all of SQLite; each further server has a moment of its own, a little
// later, which the manifest says.
func openSource(ctx context.Context, databases []Database, now func() time.Time) (*source, error) {
	s := &source{of: map[string]snapshot{}}
	var files []Database
	servers := map[string][]Database{}
	var order []string
	for _, db := range databases {
		if !sqldb.IsPostgres(db.URL) {
			files = append(files, db)
			continue
		}
		name, err := serverOf(db)
		if err != nil {
			return nil, err
		}
		if servers[name] == nil {
			order = append(order, name)
		}
		servers[name] = append(servers[name], db)
	}
	var err error
	for _, name := range order {
		if err == nil {
			err = s.add(openPostgres(ctx, servers[name], now))
		}
	}
	if err == nil && len(files) > 0 {
		err = s.add(openSQLite(ctx, files, now))
	}
	if err != nil {
		s.close(ctx)
		return nil, err
	}
	return s, nil
}

func (s *source) add(one snapshot, err error) error {
	if err != nil {
		return err
	}
	s.all = append(s.all, one)
	for _, service := range one.moment().Services {
		s.of[service] = one
	}
	return nil
}

// serverOf names the PostgreSQL database of a URL.
func serverOf(db Database) (string, error) {
	cfg, err := pgx.ParseConfig(db.URL)
	if err != nil {
		return "", fmt.Errorf("database URL of %s is not a PostgreSQL URL", db.Service)
	}
	return fmt.Sprintf("%s:%d/%s", cfg.Host, cfg.Port, cfg.Database), nil
}

func (s *source) moments() (out []Moment) {
	for _, one := range s.all {
		out = append(out, one.moment())
	}
	return out
}

func (s *source) close(ctx context.Context) {
	for _, one := range s.all {
		one.close(context.WithoutCancel(ctx))
	}
}

// isVersions tells the tables that record migrations. Their content is in the manifest as
// versions, since migrating writes them.
func isVersions(table, service string) bool {
	return table == platformVersions || table == serviceVersions(service)
}

// Names of the tables that record migrations, as package sqldb has them.
const platformVersions = "kit_version"

func serviceVersions(service string) string { return "goose_" + service }

// quoted is a name in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// selection is the query for the rows of a table, sorted alike on both dialects: texts by
// their bytes, with the collation that does so where the database's own does not.
func selection(from string, t Table, bytewise string) string {
	var columns, order []string
	types := map[string]string{}
	for _, c := range t.Columns {
		columns = append(columns, quoted(c.Name))
		types[c.Name] = c.Type
	}
	for _, name := range t.Key {
		by := quoted(name)
		if types[name] == typeText && bytewise != "" {
			by += ` COLLATE ` + bytewise
		}
		order = append(order, by)
	}
	return `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + from + ` ORDER BY ` + strings.Join(order, ", ")
}

// errNoKey refuses a table whose rows have no order.
var errNoKey = errors.New("the table has no primary key, so its rows have no order to compare by")

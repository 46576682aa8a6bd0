package kittest

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// WallExceptions are what a service's schema may have though it is no part of the
// wall, each with the reason.
type WallExceptions struct {
	// Tables whose rows belong to no district.
	Tables map[string]string
	// Uniques that do not begin with the district: a taken value tells that
	// somebody else has it, so each must be something nobody can choose or guess.
	Uniques map[string]string
}

// platform are the exceptions of the tables every service has.
var platform = WallExceptions{
	Tables: map[string]string{
		"inbox":       "ids of applied events",
		"inbox_state": "how far a consumer is with a source",
		"leases":      "which replica works",
		"requests":    "answers by caller: no statement reads them but with the proven subject",
		"kit_version": "which migrations are applied",
	},
	Uniques: map[string]string{
		"outbox.id":         "made by the service",
		"outbox.seq":        "made by the database",
		"audit_pending.id":  "made by the service",
		"audit_pending.seq": "made by the database",
		"dead_letters.PK":   "ids of events, made by services; only operators and consumers meet them",
		"operations.PK":     "the name begins with the district",
	},
}

// Wall proves that a service's schema on PostgreSQL is behind row-level security:
// every table with a district is secured for its owner too and shows, changes and
// takes rows of the statement's districts only; the others are listed. Then it
// takes the wall down, table by table and policy by policy, and proves that this
// very proof notices.
func Wall(t *testing.T, schema string, migrations fs.FS, e WallExceptions) {
	t.Helper()
	w := newWall(t, schema, migrations, e)
	t.Run("tables without a district are listed", w.noDistrict)
	t.Run("a taken value gives nothing away", w.uniques)
	t.Run("a reference stays in its district", w.references)
	t.Run("nothing reads with another's rights", w.detours)
	for _, table := range w.tables() {
		t.Run(table, func(t *testing.T) {
			w.fill(t, table)
			require.Empty(t, w.holes(t, table))
			w.mutate(t, table)
		})
	}
}

type wall struct {
	schema     string
	migrations fs.FS
	except     WallExceptions
	owner      *sql.DB
	db         *sqldb.DB
	t          *testing.T
}

func newWall(t *testing.T, schema string, migrations fs.FS, e WallExceptions) *wall {
	t.Helper()
	dsn := Postgres(t)
	w := &wall{schema: schema, migrations: migrations, except: WallExceptions{Tables: map[string]string{}, Uniques: map[string]string{}}, t: t}
	for _, x := range []WallExceptions{platform, e} {
		maps.Copy(w.except.Tables, x.Tables)
		maps.Copy(w.except.Uniques, x.Uniques)
	}
	w.db = OpenPostgres(t, dsn, schema, migrations)
	var err error
	w.owner, err = sql.Open("pgx", dsn+"&options=-c%20search_path%3D"+schema+"%20-c%20session_replication_role%3Dreplica")
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.owner.Close() })
	return w
}

// list runs a query of the owner for texts.
func (w *wall) list(query string, args ...any) (found []string) {
	rows, err := w.owner.QueryContext(w.t.Context(), query, args...)
	require.NoError(w.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		require.NoError(w.t, rows.Scan(&s))
		found = append(found, s)
	}
	require.NoError(w.t, rows.Err())
	return found
}

const tablesQuery = `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
	WHERE c.relkind IN ('r', 'p') AND $2 = EXISTS (SELECT 1 FROM pg_attribute a
		WHERE a.attrelid = c.oid AND a.attname = 'district_id' AND NOT a.attisdropped) ORDER BY 1`

// tables are those with a district.
func (w *wall) tables() []string { return w.list(tablesQuery, w.schema, true) }

func (w *wall) noDistrict(t *testing.T) {
	for _, table := range w.list(tablesQuery, w.schema, false) {
		if table == "goose_"+w.schema {
			continue // which migrations are applied
		}
		require.Contains(t, w.except.Tables, table, "table %s has no district_id: give it one, or list it with the reason", table)
	}
}

func (w *wall) uniques(t *testing.T) {
	for _, index := range w.list(`
		SELECT c.relname || '.' || CASE WHEN i.indisprimary AND i.indnatts > 1 OR i.indisprimary AND a.attname = 'name' THEN 'PK' ELSE a.attname END
		FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE i.indisunique AND a.attname <> 'district_id'
		  AND EXISTS (SELECT 1 FROM pg_attribute d WHERE d.attrelid = c.oid AND d.attname = 'district_id')`, w.schema) {
		require.Contains(t, w.except.Uniques, index, "a unique key must begin with district_id, or be listed with the reason")
	}
}

func (w *wall) references(t *testing.T) {
	require.Empty(t, w.list(`
		SELECT k.conname FROM pg_constraint k
		JOIN pg_namespace n ON n.oid = k.connamespace AND n.nspname = $1
		JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
		JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
		WHERE k.contype = 'f' AND (a.attname <> 'district_id' OR b.attname <> 'district_id')`, w.schema),
		"foreign keys are checked without row-level security: they must hold the district")
}

// detours are what PostgreSQL runs with the rights of somebody else.
func (w *wall) detours(t *testing.T) {
	require.Empty(t, w.list(`
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
		WHERE c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions::text LIKE '%security_invoker=true%', false)`, w.schema),
		"views need security_invoker, and materialized ones know no policies")
	require.Empty(t, w.list(`
		SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = $1 WHERE p.prosecdef`, w.schema),
		"functions must run with the caller's rights")
}

// fill puts one row of each of two districts, and one of the state, into a table.
// What else the schema says about rows is asleep: this is about whose they are.
func (w *wall) fill(t *testing.T, table string) {
	for _, rule := range w.list(`SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('c', 'f')`, table) {
		w.as(t, `ALTER TABLE `+table+` DROP CONSTRAINT "`+rule+`"`)
	}
	w.as(t, `ALTER TABLE `+table+` DISABLE TRIGGER USER`)
	w.as(t, `DELETE FROM `+table)
	for i, district := range []string{"d1", "d2", tenant.State} {
		w.as(t, w.insert(table, district, i+1))
	}
}

// insert is a row made of nothing but its district and a number.
func (w *wall) insert(table, district string, n int) string {
	columns := w.list(`SELECT attname || ' ' || format_type(atttypid, -1) FROM pg_attribute
		WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' ORDER BY attnum`, table)
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		names[i] = name
		switch {
		case name == "district_id":
			values[i] = "'" + district + "'"
		case kind == "boolean":
			values[i] = "false"
		case kind == "text":
			values[i] = fmt.Sprintf("'v%d'", n)
		case kind == "bytea":
			values[i] = `'\x00'`
		default:
			values[i] = fmt.Sprint(n)
		}
	}
	return `INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `) VALUES (` + strings.Join(values, ", ") + `)`
}

// as runs a statement of the owner.
func (w *wall) as(t *testing.T, statement string) {
	t.Helper()
	_, err := w.owner.ExecContext(t.Context(), statement)
	require.NoError(t, err, statement)
}

// holes tells what a district's work can do to a table that it must not.
func (w *wall) holes(t *testing.T, table string) (found []string) {
	own := tenant.With(t.Context(), "d1")
	note := func(ok bool, what string) {
		if !ok {
			found = append(found, what)
		}
	}
	note(slices.Equal(w.list(`SELECT (relrowsecurity AND relforcerowsecurity)::text FROM pg_class WHERE oid = $1::regclass`, table), []string{"true"}), "not forced")
	note(w.count(own, t, table) == 2, "shows other rows than its own and the state's")
	note(w.count(tenant.With(t.Context()), t, table) == 1, "without a district, shows other rows than the state's")
	note(w.count(tenant.Everything(t.Context(), "a test"), t, table) == 3, "hides rows from work for everybody")
	note(w.changed(own, `UPDATE `+table+` SET district_id = district_id`) == 1, "changes other rows than its own")
	note(w.changed(own, `DELETE FROM `+table) == 1, "removes other rows than its own")
	note(w.changed(own, `UPDATE `+table+` SET district_id = 'd2'`) == refused, "gives rows away")
	note(w.changed(own, w.insert(table, "d2", 4)) == refused, "takes rows of another district")
	note(w.changed(own, w.insert(table, tenant.State, 4)) == refused, "takes rows of the state")
	note(w.changed(tenant.With(t.Context(), "d4"), w.insert(table, "d4", 4)) == 1, "refuses its own rows")
	return found
}

func (w *wall) count(ctx context.Context, t *testing.T, table string) (n int) {
	require.NoError(t, w.db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

// What changed answers when no rows were counted.
const (
	refused = -1 // by a policy
	failed  = -2 // otherwise
)

// changed runs a statement, takes it back and returns how many rows it met.
func (w *wall) changed(ctx context.Context, statement string) (n int64) {
	err := w.db.Tx(ctx, func(ctx context.Context) error {
		result, err := w.db.Conn(ctx).ExecContext(ctx, statement)
		if err != nil {
			return err
		}
		if n, err = result.RowsAffected(); err != nil {
			return err
		}
		return errTakeBack
	})
	switch {
	case err == errTakeBack: //nolint:errorlint // the very value
		return n
	case strings.Contains(err.Error(), "row-level security"):
		return refused
	default:
		return failed
	}
}

var errTakeBack = fmt.Errorf("taken back")

// mutate takes each part of the wall away in turn. Migrate puts it back: it looks
// at what is there and not at what it did before.
func (w *wall) mutate(t *testing.T, table string) {
	mutants := []string{
		`ALTER TABLE ` + table + ` DISABLE ROW LEVEL SECURITY`,
		`ALTER TABLE ` + table + ` NO FORCE ROW LEVEL SECURITY`,
	}
	for _, policy := range w.list(`SELECT polname FROM pg_policy WHERE polrelid = $1::regclass`, table) {
		mutants = append(mutants, `DROP POLICY `+policy+` ON `+table, `ALTER POLICY `+policy+` ON `+table+` USING (true)`)
	}
	for _, mutant := range mutants {
		w.as(t, mutant)
		require.NotEmpty(t, w.holes(t, table), "nobody notices: %s", mutant)
		if strings.HasPrefix(mutant, "ALTER POLICY") { // a policy of the right name is believed
			w.as(t, `DROP POLICY `+strings.Fields(mutant)[2]+` ON `+table)
		}
		require.NoError(t, w.db.Migrate(t.Context(), w.migrations))
		require.Empty(t, w.holes(t, table), "not put back after: %s", mutant)
	}
}

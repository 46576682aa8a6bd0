package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// pgTarget is the schema of a service.
type pgTarget struct {
	service string
	conn    *pgx.Conn
}

func openPostgresTarget(ctx context.Context, db Database) (target, error) {
	conn, err := connect(ctx, db)
	if err != nil {
		return nil, err
	}
	return &pgTarget{service: db.Service, conn: conn}, nil
}

func (t *pgTarget) close(ctx context.Context) { _ = t.conn.Close(ctx) }

func (t *pgTarget) free(ctx context.Context, wipe string) error {
	var name string
	var mayCreate bool
	var working int
	err := t.conn.QueryRow(ctx, `
		SELECT current_database(), has_database_privilege(current_database(), 'CREATE'),
			(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1 AND pid <> pg_backend_pid())`,
		"tandem_"+t.service).Scan(&name, &mayCreate, &working)
	switch {
	case err != nil:
		return err
	case !mayCreate:
		return errors.New("restoring makes the schema anew, which takes the owner of the database: give his URL, as --db or for this service")
	case working > 0:
		return fmt.Errorf("%d connections of the running service: stop all services first", working)
	case wipe == name:
		return nil
	}
	full, err := t.holds(ctx)
	if err != nil || full == "" {
		return err
	}
	return fmt.Errorf("it is not empty (%s has rows): restore into an empty database, or with --wipe %s, which deletes all that is in it", full, name)
}

// holds names a table that has rows, or "".
func (t *pgTarget) holds(ctx context.Context) (full string, err error) {
	tx, err := t.conn.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if err := sqldb.Everybody(ctx, tx); err != nil {
		return "", err
	}
	tables, err := pgTables(ctx, tx, t.service)
	if err != nil {
		return "", err
	}
	for _, one := range tables {
		var some bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+pgName(t.service, one.Name)+`)`).Scan(&some); err != nil {
			return "", err
		}
		if some {
			return t.service + "." + one.Name, nil
		}
	}
	return "", nil
}

func (t *pgTarget) clear(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, `SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS `+quoted(t.service)+` CASCADE; RESET lock_timeout`)
	if err != nil {
		return fmt.Errorf("remove the schema that is there: %w", err)
	}
	return nil
}

func (t *pgTarget) load(ctx context.Context, l load) (lines []Line, err error) {
	tx, err := t.conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := sqldb.Everybody(ctx, tx); err != nil {
		return nil, err
	}
	there, err := pgTables(ctx, tx, t.service)
	if err != nil {
		return nil, err
	}
	if err := l.sameTables(there); err != nil {
		return nil, err
	}
	forced, err := t.unforce(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, pgx.Tx, load) error{t.fill, t.count} {
		if err := step(ctx, tx, l); err != nil {
			return nil, err
		}
	}
	for _, one := range l.tables {
		line, err := l.proven(one, func(w io.Writer) error { return pgCopyOut(ctx, tx, one, w) })
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	for _, name := range l.forgets() {
		if _, err := tx.Exec(ctx, `DELETE FROM `+pgName(t.service, name)); err != nil {
			return nil, err
		}
	}
	if err := t.alter(ctx, tx, forced, `FORCE`); err != nil {
		return nil, err
	}
	return lines, tx.Commit(ctx)
}

// unforce lifts row-level security for the owner until the end of the transaction: COPY
// does not write through policies.
func (t *pgTarget) unforce(ctx context.Context, tx pgx.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
		WHERE c.relforcerowsecurity ORDER BY 1`, t.service)
	if err != nil {
		return nil, err
	}
	forced, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	return forced, t.alter(ctx, tx, forced, `NO FORCE`)
}

func (t *pgTarget) alter(ctx context.Context, tx pgx.Tx, tables []string, how string) error {
	for _, name := range tables {
		if _, err := tx.Exec(ctx, `ALTER TABLE `+pgName(t.service, name)+` `+how+` ROW LEVEL SECURITY`); err != nil {
			return fmt.Errorf("row-level security of %s: %w", name, err)
		}
	}
	return nil
}

// fill copies the rows in, tables first to which others refer.
func (t *pgTarget) fill(ctx context.Context, tx pgx.Tx, l load) error {
	rows, err := tx.Query(ctx, `
		SELECT c.relname, f.relname FROM pg_constraint k
		JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1 WHERE k.contype = 'f'`, t.service)
	if err != nil {
		return err
	}
	refersTo := map[string][]string{}
	var from, to string
	if _, err := pgx.ForEachRow(rows, []any{&from, &to}, func() error {
		refersTo[from] = append(refersTo[from], to)
		return nil
	}); err != nil {
		return err
	}
	order, err := l.inOrder(refersTo)
	if err != nil {
		return err
	}
	for _, one := range order {
		columns := make([]string, len(one.Columns))
		for i, c := range one.Columns {
			columns[i] = quoted(c.Name)
		}
		into := `COPY ` + pgName(t.service, one.Name) + ` (` + strings.Join(columns, ", ") + `) FROM STDIN`
		if err := l.from.read(ctx, one.Part, l.Report, func(r io.Reader) error {
			_, err := tx.Conn().PgConn().CopyFrom(ctx, r, into)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// count has counters go on after the last number that was given.
func (t *pgTarget) count(ctx context.Context, tx pgx.Tx, l load) error {
	for _, q := range l.schema.Sequences {
		if q.Last == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), $3)`, pgName(t.service, q.Table), q.Column, q.Last); err != nil {
			return fmt.Errorf("counter of %s: %w", q.Table, err)
		}
	}
	return nil
}

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// pgSnapshot reads schemas of one PostgreSQL database in transactions that share a
// snapshot: one transaction for the owner of all, else one for each service's role.
type pgSnapshot struct {
	told Moment
	of   map[string]pgx.Tx
	all  []*pgx.Conn
}

func openPostgres(ctx context.Context, databases []Database, now func() time.Time) (snapshot, error) {
	s := &pgSnapshot{told: Moment{Dialect: string(sqldb.Postgres)}, of: map[string]pgx.Tx{}}
	shared, byURL := "", map[string]pgx.Tx{}
	for _, db := range databases {
		tx, err := byURL[db.URL], error(nil)
		if tx == nil {
			tx, err = s.begin(ctx, db, &shared)
		}
		if err == nil {
			byURL[db.URL], s.of[db.Service] = tx, tx
			s.told.Services = append(s.told.Services, db.Service)
			err = sqldb.Unfiltered(ctx, tx, db.Service)
		}
		if err != nil {
			s.close(ctx)
			return nil, fmt.Errorf("database of %s: %w", db.Service, err)
		}
	}
	s.told.At = now().UTC()
	return s, nil
}

// begin begins a transaction at the moment of those before it.
func (s *pgSnapshot) begin(ctx context.Context, db Database, shared *string) (pgx.Tx, error) {
	conn, err := connect(ctx, db)
	if err != nil {
		return nil, err
	}
	s.all = append(s.all, conn)
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	if *shared != "" {
		// The name came from PostgreSQL; a parameter is not possible here.
		if _, err := tx.Exec(ctx, `SET TRANSACTION SNAPSHOT '`+*shared+`'`); err != nil {
			return nil, fmt.Errorf("share the moment of the other services: %w", err)
		}
	}
	if err := sqldb.Everybody(ctx, tx); err != nil {
		return nil, err
	}
	if *shared != "" {
		return tx, nil
	}
	return tx, tx.QueryRow(ctx, `SELECT pg_export_snapshot(), pg_current_snapshot()::text`).Scan(shared, &s.told.Snapshot)
}

// connect opens a connection for work that takes long. Its errors do not quote the URL,
// which may hold a password.
func connect(ctx context.Context, db Database) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(db.URL)
	if err != nil {
		return nil, errors.New("not a PostgreSQL URL")
	}
	cfg.RuntimeParams["application_name"] = "tandem_backup"
	cfg.RuntimeParams["statement_timeout"] = "0"
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	return pgx.ConnectConfig(ctx, cfg)
}

func (s *pgSnapshot) moment() Moment { return s.told }

func (s *pgSnapshot) close(ctx context.Context) {
	for _, conn := range s.all {
		_ = conn.Close(ctx)
	}
}

func (s *pgSnapshot) schema(ctx context.Context, service string) (Schema, error) {
	out := Schema{Service: service, Versions: map[string]int64{}}
	for _, table := range []string{platformVersions, serviceVersions(service)} {
		var version int64
		err := s.of[service].QueryRow(ctx, `SELECT max(version_id) FROM `+pgName(service, table)+` WHERE is_applied`).Scan(&version)
		if err != nil {
			return out, fmt.Errorf("version of the schema: %w; has `tandem migrate` run?", err)
		}
		out.Versions[table] = version
	}
	var err error
	out.Sequences, err = pgSequences(ctx, s.of[service], service)
	return out, err
}

// pgSequences reads the counters of identity columns; one that was never used has given nothing.
func pgSequences(ctx context.Context, tx pgx.Tx, service string) ([]Sequence, error) {
	rows, err := tx.Query(ctx, `
		SELECT t.relname, a.attname, coalesce(q.last_value, 0)
		FROM pg_depend d
		JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
		JOIN pg_class t ON t.oid = d.refobjid
		JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = $1
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
		JOIN pg_sequences q ON q.schemaname = n.nspname AND q.sequencename = s.relname
		WHERE d.deptype IN ('a', 'i') AND t.relname NOT IN ($2, $3) ORDER BY 1, 2`, service, platformVersions, serviceVersions(service))
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (q Sequence, err error) {
		return q, row.Scan(&q.Table, &q.Column, &q.Last)
	})
}

func (s *pgSnapshot) tables(ctx context.Context, service string) ([]Table, error) {
	return pgTables(ctx, s.of[service], service)
}

// pgTables lists the tables of a schema with their columns by name and their keys in order.
func pgTables(ctx context.Context, tx pgx.Tx, service string) ([]Table, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname,
			(SELECT array_agg(a.attname::text ORDER BY a.attname COLLATE "C") FROM pg_attribute a
				WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
			(SELECT array_agg(format_type(a.atttypid, NULL) ORDER BY a.attname COLLATE "C") FROM pg_attribute a
				WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
			coalesce((SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i
				JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
				WHERE i.indrelid = c.oid AND i.indisprimary), '{}')
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE "C"`, service)
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	var out []Table
	var name string
	var columns, types, key []string
	_, err = pgx.ForEachRow(rows, []any{&name, &columns, &types, &key}, func() error {
		if isVersions(name, service) {
			return nil
		}
		if len(key) == 0 {
			return fmt.Errorf("%s: %w", name, errNoKey)
		}
		t := Table{Service: service, Name: name, Key: key}
		for i, column := range columns {
			t.Columns = append(t.Columns, Column{Name: column, Type: typeOfPostgres(types[i])})
		}
		out = append(out, t)
		return nil
	})
	return out, err
}

// typeOfPostgres is the common name of a type, or PostgreSQL's own where SQLite has none.
func typeOfPostgres(name string) string {
	switch name {
	case "text", "character varying":
		return typeText
	case "bigint", "integer", "smallint":
		return typeInt
	case "boolean":
		return typeBool
	case "bytea":
		return typeBytes
	}
	return name
}

func (s *pgSnapshot) copyOut(ctx context.Context, t Table, w io.Writer) error {
	return pgCopyOut(ctx, s.of[t.Service], t, w)
}

func pgCopyOut(ctx context.Context, tx pgx.Tx, t Table, w io.Writer) error {
	collation, err := bytewise(ctx, tx)
	if err != nil {
		return err
	}
	query := `COPY (` + selection(pgName(t.Service, t.Name), t, collation) + `) TO STDOUT`
	_, err = tx.Conn().PgConn().CopyTo(ctx, w, query)
	return err
}

// bytewise is the collation that compares texts by their bytes, or "" where the database
// does so by itself: then the rows come in the order of an index, and are not sorted.
func bytewise(ctx context.Context, tx pgx.Tx) (collation string, err error) {
	err = tx.QueryRow(ctx, `SELECT CASE WHEN datcollate IN ('C', 'POSIX') AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' THEN '' ELSE '"C"' END
		FROM pg_database d WHERE datname = current_database()`).Scan(&collation)
	return collation, err
}

func pgName(schema, table string) string { return quoted(schema) + "." + quoted(table) }

func (s *pgSnapshot) strings(ctx context.Context, service, query string, args []any, fn func(values []string) error) error {
	tx := s.of[service]
	if _, err := tx.Exec(ctx, `SET LOCAL search_path = `+quoted(service)); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]string, len(rows.FieldDescriptions()))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := fn(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

package backup

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// lockTime is how long a writer of a service is waited for.
const lockTime = 10 * time.Second

// liteSnapshot reads SQLite files, each in a transaction that sees what was there when all
// of them were locked. The lock lasts as long as it takes to begin these transactions,
// which is milliseconds; after that services write on, into the log beside each file.
type liteSnapshot struct {
	told  Moment
	pools []*sql.DB
	of    map[string]*sql.Tx
}

func openSQLite(ctx context.Context, databases []Database, now func() time.Time) (snapshot, error) {
	s := &liteSnapshot{told: Moment{Dialect: string(sqldb.SQLite)}, of: map[string]*sql.Tx{}}
	unlock, err := s.lock(ctx, databases)
	if err == nil {
		err = s.pin(ctx, databases)
		s.told.At = now().UTC()
		unlock()
	}
	if err != nil {
		s.close(ctx)
		return nil, err
	}
	s.told.Snapshot = "files locked together"
	return s, nil
}

// lock keeps everybody from writing to any of the files, in the order in which they are named.
func (s *liteSnapshot) lock(ctx context.Context, databases []Database) (unlock func(), err error) {
	var held []*sql.Tx
	unlock = func() {
		for _, tx := range held {
			_ = tx.Rollback()
		}
	}
	for _, db := range databases {
		path := litePath(db)
		if _, err := os.Stat(path); err != nil {
			unlock()
			return nil, fmt.Errorf("database of %s: %w", db.Service, err)
		}
		pool, err := s.open(path, "immediate", "")
		if err == nil {
			var tx *sql.Tx
			if tx, err = pool.BeginTx(ctx, nil); err == nil {
				held = append(held, tx)
			}
		}
		if err != nil {
			unlock()
			return nil, fmt.Errorf("lock the database of %s for a moment: %w", db.Service, err)
		}
	}
	return unlock, nil
}

// pin begins the transactions that read.
func (s *liteSnapshot) pin(ctx context.Context, databases []Database) error {
	for _, db := range databases {
		pool, err := s.open(litePath(db), "deferred", "query_only(1)")
		if err != nil {
			return err
		}
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("database of %s: %w", db.Service, err)
		}
		var tables int // the first read is the moment of a transaction
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
			return fmt.Errorf("database of %s: %w", db.Service, err)
		}
		s.of[db.Service] = tx
		s.told.Services = append(s.told.Services, db.Service)
	}
	return nil
}

func (s *liteSnapshot) open(path, lock, pragma string) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", liteDSN(path, lock, pragma))
	if err == nil {
		s.pools = append(s.pools, pool)
	}
	return pool, err
}

func litePath(db Database) string { return strings.TrimPrefix(db.URL, "sqlite:") }

func liteDSN(path, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", lockTime.Milliseconds())}}
	for _, pragma := range pragmas {
		if pragma != "" {
			q.Add("_pragma", pragma)
		}
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (s *liteSnapshot) moment() Moment { return s.told }

func (s *liteSnapshot) close(context.Context) {
	for _, tx := range s.of {
		_ = tx.Rollback()
	}
	for _, pool := range s.pools {
		_ = pool.Close()
	}
}

func (s *liteSnapshot) schema(ctx context.Context, service string) (Schema, error) {
	out := Schema{Service: service, Versions: map[string]int64{}}
	for _, table := range []string{platformVersions, serviceVersions(service)} {
		var version int64
		err := s.of[service].QueryRowContext(ctx, `SELECT max(version_id) FROM `+quoted(table)+` WHERE is_applied`).Scan(&version)
		if err != nil {
			return out, fmt.Errorf("version of the schema: %w; has `tandem migrate` run?", err)
		}
		out.Versions[table] = version
	}
	var err error
	out.Sequences, err = liteSequences(ctx, s.of[service], service)
	return out, err
}

// liteSequences reads the counters of columns that count up.
func liteSequences(ctx context.Context, tx *sql.Tx, service string) (out []Sequence, err error) {
	tables, err := liteTables(ctx, tx, service)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		var counts bool
		err := tx.QueryRowContext(ctx, `SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE type = 'table' AND name = $1`, t.Name).Scan(&counts)
		if err != nil {
			return nil, err
		}
		if !counts {
			continue
		}
		q := Sequence{Table: t.Name, Column: t.Key[0]}
		err = tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = $1`, t.Name).Scan(&q.Last)
		if err != nil {
			return nil, fmt.Errorf("counters: %w", err)
		}
		out = append(out, q)
	}
	return out, nil
}

func (s *liteSnapshot) tables(ctx context.Context, service string) ([]Table, error) {
	return liteTables(ctx, s.of[service], service)
}

// liteTables lists the tables of a file with their columns by name and their keys in order.
func liteTables(ctx context.Context, tx *sql.Tx, service string) (out []Table, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT t.name, c.name, c.type, c.pk
		FROM sqlite_master t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY t.name COLLATE BINARY, c.name COLLATE BINARY`)
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	keys := map[string]map[int]string{}
	for rows.Next() {
		var table, column, declared string
		var place int
		if err := rows.Scan(&table, &column, &declared, &place); err != nil {
			return nil, err
		}
		if isVersions(table, service) {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Name != table {
			out = append(out, Table{Service: service, Name: table})
			keys[table] = map[int]string{}
		}
		t := &out[len(out)-1]
		t.Columns = append(t.Columns, Column{Name: column, Type: typeOfSQLite(declared)})
		if place > 0 {
			keys[table][place] = column
		}
	}
	for i := range out {
		for place := 1; place <= len(keys[out[i].Name]); place++ {
			out[i].Key = append(out[i].Key, keys[out[i].Name][place])
		}
		if len(out[i].Key) == 0 {
			return nil, fmt.Errorf("%s: %w", out[i].Name, errNoKey)
		}
	}
	return out, rows.Err()
}

// typeOfSQLite is the common name of a declared type. Another one is refused with the first
// value of it.
func typeOfSQLite(declared string) string {
	switch strings.ToUpper(declared) {
	case "TEXT":
		return typeText
	case "BIGINT", "INTEGER", "SMALLINT":
		return typeInt
	case "BOOLEAN":
		return typeBool
	case "BLOB":
		return typeBytes
	}
	return strings.ToLower(declared)
}

func (s *liteSnapshot) copyOut(ctx context.Context, t Table, w io.Writer) error {
	return liteCopyOut(ctx, s.of[t.Service], t, w)
}

func liteCopyOut(ctx context.Context, tx *sql.Tx, t Table, w io.Writer) error {
	rows, err := tx.QueryContext(ctx, selection(quoted(t.Name), t, "BINARY"))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	values := make([]any, len(t.Columns))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	var line []byte
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if line, err = appendRow(line[:0], t.Columns, values); err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *liteSnapshot) strings(ctx context.Context, service, query string, args []any, fn func(values []string) error) error {
	rows, err := s.of[service].QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values := make([]string, len(columns))
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

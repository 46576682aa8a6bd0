// Package store keeps everything of the badges service in SQL, the same text for SQLite and
// PostgreSQL, and turns domain events into outbox rows of the same transaction.
//
// Rows are keyed by district and full resource name; what belongs to the state has the district
// "_state". Every update checks the version before it, so that a change made in between is
// found instead of lost. The contract that the domain relies on is in package storetest, run
// on both dialects.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Store implements the Store interfaces of all domain packages.
type Store struct {
	db      *sqldb.DB
	awarded *measure.Counter
}

// New returns the store in a migrated database.
func New(db *sqldb.DB) *Store {
	return &Store{db: db, awarded: measure.NewCounter("tandem.badges.awarded", "Badges awarded.", "", nil)}
}

// Tx runs fn in a transaction that its context carries.
func (s *Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Tx(ctx, fn)
}

// row is what a scan reads from.
type row interface{ Scan(dest ...any) error }

// one reads the row of a name.
func one[T any](ctx context.Context, s *Store, name string, scan func(row) (T, error), query string, args ...any) (T, error) {
	out, err := scan(s.db.Conn(ctx).QueryRowContext(ctx, query, args...))
	return out, sqldb.MapError(err, name)
}

// all reads rows.
func all[T any](ctx context.Context, s *Store, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// insert adds a row to a table; values follow the columns.
func (s *Store) insert(ctx context.Context, name, table, columns string, values ...any) error {
	marks := make([]string, len(values)+1)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	err := audit.Added(ctx, s.db, name, s.rowOf(table, name), func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, "INSERT INTO "+table+" (district_id, "+columns+") VALUES ("+strings.Join(marks, ", ")+")",
			append([]any{names.District(name)}, values...)...)
		return err
	})
	return sqldb.MapError(err, name)
}

// update changes the row of a name when its version is still the one before.
func (s *Store) update(ctx context.Context, name, table, columns string, version int64, values ...any) error {
	args := append([]any{names.District(name), name, version, version - 1}, values...)
	sets := make([]string, 0, len(values)+1)
	for i, c := range strings.Split(columns, ", ") {
		sets = append(sets, c+" = $"+strconv.Itoa(i+5))
	}
	err := audit.Changed(ctx, s.db, name, s.rowOf(table, name), func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, "UPDATE "+table+" SET version = $3, "+strings.Join(sets, ", ")+
			" WHERE district_id = $1 AND name = $2 AND version = $4", args...)
		if err == nil && n == 0 {
			return problem.Stale(name)
		}
		return err
	})
	return sqldb.MapError(err, name)
}

// rowOf reads the row of a name, for the audit log.
func (s *Store) rowOf(table, name string) func(context.Context) (map[string]any, error) {
	return audit.Row(s.db, table, "district_id = $1 AND name = $2", names.District(name), name)
}

// limit makes 0 mean no limit.
func limit(n int) int64 {
	if n <= 0 {
		return 1 << 40
	}
	return int64(n)
}

// micros and back, with 0 for no time.
func micros(t time.Time) int64 { return sqldb.Micros(t) }

func moment(i int64) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return sqldb.Time(i)
}

func encode(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

func decode(text string, into any) error { return json.Unmarshal([]byte(text), into) }

// found tells whether a query gave a row.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

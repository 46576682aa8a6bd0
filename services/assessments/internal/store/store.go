// Package store keeps the service's state in SQL, with one text for SQLite and
// PostgreSQL, and writes the domain's events into the outbox of the same
// transaction.
//
// Each type here is the Store of one domain package: Editions of frameworks and
// instruments, Campaigns, Responses, Results, SelfAssessments. They share one
// database, so a transaction begun through one covers the others. The contract
// they keep is tested by storetest on both dialects.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

//go:embed migrations/sqlite migrations/postgres
var migrations embed.FS

// state stands as the district of what belongs to the whole state.
const state = "_state"

// maxParams is how many values one statement may carry on every dialect.
const maxParams = 900

// Migrations returns the tables of the service, a folder per dialect.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil { // the folder is embedded above
		return migrations
	}
	return sub
}

// base is what every store has.
type base struct {
	db    *sqldb.DB
	clock clock.Clock
}

// Tx runs fn in one transaction, which the context carries.
func (b base) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	return b.db.Tx(ctx, fn)
}

// insert adds a row; a taken key is "already exists" about name.
func (b base) insert(ctx context.Context, name, query string, args ...any) error {
	_, err := b.db.Exec(ctx, query, args...)
	return sqldb.MapError(err, name)
}

// replace changes the one row that still has the version it was read with.
func (b base) replace(ctx context.Context, name, query string, args ...any) error {
	n, err := b.db.Exec(ctx, query, args...)
	if err != nil {
		return sqldb.MapError(err, name)
	}
	if n == 0 {
		return problem.Stale(name)
	}
	return nil
}

// insertMany adds rows with few statements: head is "INSERT INTO t (a, b)".
func (b base) insertMany(ctx context.Context, head string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	step := maxParams / len(rows[0])
	for len(rows) > 0 {
		n := min(step, len(rows))
		var text strings.Builder
		text.WriteString(head + " VALUES ")
		args := make([]any, 0, n*len(rows[0]))
		for i, row := range rows[:n] {
			if i > 0 {
				text.WriteString(", ")
			}
			text.WriteString("(" + places(len(args)+1, len(row)) + ")")
			args = append(args, row...)
		}
		if _, err := b.db.Exec(ctx, text.String(), args...); err != nil {
			return sqldb.MapError(err, "row")
		}
		rows = rows[n:]
	}
	return nil
}

// places are n placeholders, the first with the number given.
func places(first, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(out, ", ")
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// all reads every row with scan.
func all[T any](ctx context.Context, b base, scan func(scanner) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := b.db.Conn(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, sqldb.MapError(err, "rows")
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, sqldb.MapError(rows.Err(), "rows")
}

// one reads the only row; none is "not found" about name.
func one[T any](ctx context.Context, b base, name string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(b.db.Conn(ctx).QueryRowContext(ctx, query, args...))
	return v, sqldb.MapError(err, name)
}

// exists tells whether the query has a row.
func (b base) exists(ctx context.Context, query string, args ...any) (bool, error) {
	var n int
	err := b.db.Conn(ctx).QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, sqldb.MapError(err, "row")
}

func encode(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

func decode(raw string, into any) error {
	if err := json.Unmarshal([]byte(raw), into); err != nil {
		return fmt.Errorf("stored document: %w", err)
	}
	return nil
}

// Package store keeps the service's state in SQL, with one text for SQLite and
// PostgreSQL, and writes the domain's events into the outbox of the same transaction.
//
// Artifacts is the store of package artifact, Portfolios that of package portfolio.
// They share one database, so a transaction begun through one covers the other. The
// contract they keep is tested by storetest on both dialects.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

//go:embed migrations/sqlite migrations/postgres
var migrations embed.FS

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

// exec changes rows; a taken key is "already exists" about name.
func (b base) exec(ctx context.Context, name, query string, args ...any) error {
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

// number reads the only number; no row is 0.
func (b base) number(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = b.db.Conn(ctx).QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, sqldb.MapError(err, "row")
}

// touch gives a portfolio a new version; its first one is 1.
func (b base) touch(ctx context.Context, district, journey string) error {
	return b.exec(ctx, journey+"/portfolio", `INSERT INTO portfolios (district_id, journey, version) VALUES ($1, $2, 1)
		ON CONFLICT (district_id, journey) DO UPDATE SET version = portfolios.version + 1`, district, journey)
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

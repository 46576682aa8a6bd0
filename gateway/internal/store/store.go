// Package store keeps what the gateway owns in SQL: identity providers and
// sessions, machines and their secrets, webhooks and their deliveries.
//
// One text serves SQLite and PostgreSQL; each file here belongs to one of the
// packages that declare a Store interface. Every tenant table leads its keys with
// district_id ('_state' where there is none).
package store

import (
	"context"
	"embed"
	"io/fs"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the migrations, with a folder per dialect.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil { // only when the path itself is malformed
		return migrations
	}
	return sub
}

// Store implements the Store interfaces of the gateway's packages.
type Store struct {
	db    *sqldb.DB
	clock clock.Clock
}

// New returns the store over a migrated database.
func New(db *sqldb.DB, c clock.Clock) *Store { return &Store{db: db, clock: c} }

// Tx runs fn in a transaction that its context carries.
func (s *Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Tx(ctx, fn)
}

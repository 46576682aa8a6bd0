// Package store keeps the nouns of this service in SQL.
//
// One text serves SQLite and PostgreSQL. Every resource is a row of a table whose
// key is district, name of the parent and id; table.go reads and writes such rows
// for all nouns alike, and each file here says which columns a noun has. Emit
// turns domain events into messages and puts them into the outbox of the same
// transaction.
//
// Neighbours: the nouns define the Store interfaces that *Store implements;
// inbox writes projections through it; storetest holds it to its contract on
// both dialects.
package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/inbox"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// Consumer is the name under which this service applies events of others.
const Consumer = "schools"

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

// Store implements the Store interface of every noun.
type Store struct {
	db    *sqldb.DB
	clock clock.Clock
}

var (
	_ district.Store    = (*Store)(nil)
	_ person.Store      = (*Store)(nil)
	_ grant.Store       = (*Store)(nil)
	_ account.Store     = (*Store)(nil)
	_ restriction.Store = (*Store)(nil)
	_ cycle.Store       = (*Store)(nil)
	_ team.Store        = (*Store)(nil)
	_ journey.Store     = (*Store)(nil)
)

// New returns the store over a migrated database.
func New(db *sqldb.DB, c clock.Clock) *Store {
	return &Store{db: db, clock: c}
}

// Tx runs fn in a transaction that its context carries.
func (s *Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Tx(ctx, fn)
}

// Emit puts a domain event into the outbox of the transaction in ctx.
func (s *Store) Emit(ctx context.Context, event any) error {
	msg, err := message(event)
	if err != nil {
		return err
	}
	return outbox.Add(ctx, s.db, s.clock.Now(), msg)
}

// Applied is the time of the newest event of another service that was applied.
func (s *Store) Applied(ctx context.Context) (time.Time, error) {
	return inbox.Applied(ctx, s.db, Consumer)
}

// HasNode tells whether the state, a district or a school is registered.
func (s *Store) HasNode(ctx context.Context, node string) (bool, error) {
	if node == "" {
		return true, nil
	}
	_, err := s.District(ctx, node)
	if schoolNode(node) {
		_, err = s.School(ctx, node)
	}
	if problem.Is(err, problem.KindNotFound) {
		return false, nil
	}
	return err == nil, err
}

// HasPerson tells whether a person is registered.
func (s *Store) HasPerson(ctx context.Context, name string) (bool, error) {
	_, err := s.Person(ctx, name)
	if problem.Is(err, problem.KindNotFound) {
		return false, nil
	}
	return err == nil, err
}

// value runs a query for one value; no row leaves into as it is.
func (s *Store) value(ctx context.Context, into any, query string, args ...any) error {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return sqldb.MapError(err, "")
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		if err := rows.Scan(into); err != nil {
			return fmt.Errorf("read value: %w", err)
		}
	}
	return rows.Err()
}

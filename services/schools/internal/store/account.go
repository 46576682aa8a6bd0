package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// PeopleByMail are the people of a tenant with a mail address; two are enough.
func (s *Store) PeopleByMail(ctx context.Context, tenant, mail string) ([]person.Person, error) {
	return people().query(ctx, s.db, "district_id = $1 AND parent = $2 AND lower(email) = $3 ORDER BY id LIMIT 2",
		record.District(tenant), tenant, mail)
}

// Linked is the person an account belongs to, or empty.
func (s *Store) Linked(ctx context.Context, a account.Account) (name string, err error) {
	err = s.value(ctx, &name, `SELECT person FROM accounts WHERE district_id = $1 AND issuer = $2 AND subject = $3`,
		record.District(a.Tenant), a.Issuer, a.Subject)
	return name, err
}

// HasAccount tells whether a person has an account of an issuer.
func (s *Store) HasAccount(ctx context.Context, name, issuer string) (bool, error) {
	var n int64
	err := s.value(ctx, &n, `SELECT count(*) FROM accounts WHERE district_id = $1 AND person = $2 AND issuer = $3`,
		record.District(name), name, issuer)
	return n > 0, err
}

// InsertLink says whom an account belongs to.
func (s *Store) InsertLink(ctx context.Context, l account.Link) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.db.Exec(ctx, `INSERT INTO accounts (district_id, issuer, subject, person, linked_at) VALUES ($1, $2, $3, $4, $5)`,
			record.District(l.Tenant), l.Issuer, l.Subject, l.Person, sqldb.Micros(l.At)); err != nil {
			return sqldb.MapError(err, l.Person)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: l.Person, After: l})
	})
}

// Subject reads a person and their grants in one statement: it runs on every
// request that somebody makes.
func (s *Store) Subject(ctx context.Context, name string, now, until time.Time) (found account.Subject, err error) {
	if _, collection, _ := record.Split(name); collection != "people" {
		return found, problem.NotFound(name)
	}
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT p.display_name, p.demo, p.disabled, g.id, g.role, g.node, g.start_at, g.end_at
		FROM people p LEFT JOIN grants g ON g.district_id = p.district_id AND g.parent = $4
			AND g.ended_at = 0 AND NOT g.waits AND g.start_at <= $6 AND (g.end_at = 0 OR g.end_at > $5)
		WHERE p.district_id = $1 AND p.parent = $2 AND p.id = $3 ORDER BY g.created_at, g.id`,
		append(key(name), name, sqldb.Micros(now), sqldb.Micros(until))...)
	if err != nil {
		return found, sqldb.MapError(err, name)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		found.Name = name
		var id, role, node sql.NullString
		var start, end sql.NullInt64
		if err := rows.Scan(&found.DisplayName, &found.Demo, &found.Disabled, &id, &role, &node, &start, &end); err != nil {
			return found, fmt.Errorf("read subject: %w", err)
		}
		if id.Valid {
			found.Grants = append(found.Grants, grant.Grant{Name: record.Join(name, "grants", id.String), Held: grant.Held{
				Role: grant.Role(role.String), Node: node.String, Start: sqldb.NullTime(start), End: sqldb.NullTime(end),
			}})
		}
	}
	if err := rows.Err(); err != nil || found.Name != "" {
		return found, err
	}
	return found, problem.NotFound(name)
}

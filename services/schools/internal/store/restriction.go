package store

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
)

// inForce leaves out restrictions that were lifted; they are kept as history.
const inForce = " AND NOT lifted"

func restrictions() table[restriction.Restriction] {
	return table[restriction.Restriction]{
		name: "restrictions", collection: "restrictions", columns: "actions, roles, reason, lifted",
		fields: func(r *restriction.Restriction) []any {
			return []any{jsonText(&r.Actions), jsonText(&r.Roles), &r.Reason, &r.Lifted}
		},
		meta: func(r *restriction.Restriction) (*string, *record.Meta) { return &r.Name, &r.Meta },
	}
}

// Restriction reads one restriction that is in force.
func (s *Store) Restriction(ctx context.Context, name string) (restriction.Restriction, error) {
	return restrictions().get(ctx, s.db, name, inForce)
}

// InsertRestriction adds a restriction.
func (s *Store) InsertRestriction(ctx context.Context, r restriction.Restriction) error {
	return restrictions().insert(ctx, s.db, r)
}

// UpdateRestriction writes a changed restriction.
func (s *Store) UpdateRestriction(ctx context.Context, r restriction.Restriction) error {
	return restrictions().update(ctx, s.db, r)
}

// ListRestrictions lists the restrictions of a district that are in force.
func (s *Store) ListRestrictions(ctx context.Context, district string, r record.Range) ([]restriction.Restriction, error) {
	return restrictions().list(ctx, s.db, district, inForce, r)
}

// RestrictingDistricts are the names of the districts that ever forbade anything.
func (s *Store) RestrictingDistricts(ctx context.Context) ([]string, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT DISTINCT parent FROM restrictions ORDER BY parent`)
	if err != nil {
		return nil, sqldb.MapError(err, "")
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read districts: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

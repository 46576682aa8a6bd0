package store

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func cycles() table[cycle.Cycle] {
	return table[cycle.Cycle]{
		name: "cycles", collection: "cycles", columns: "title, start_date, end_date, terms, windows, state",
		fields: func(c *cycle.Cycle) []any {
			return []any{&c.Title, &c.StartDate, &c.EndDate, jsonText(&c.Terms), jsonText(&c.Windows), text(&c.State)}
		},
		meta: func(c *cycle.Cycle) (*string, *record.Meta) { return &c.Name, &c.Meta },
	}
}

// Cycle reads one cycle.
func (s *Store) Cycle(ctx context.Context, name string) (cycle.Cycle, error) {
	return cycles().get(ctx, s.db, name, "")
}

// InsertCycle adds a cycle.
func (s *Store) InsertCycle(ctx context.Context, c cycle.Cycle) error {
	return cycles().insert(ctx, s.db, c)
}

// UpdateCycle writes a changed cycle.
func (s *Store) UpdateCycle(ctx context.Context, c cycle.Cycle) error {
	return cycles().update(ctx, s.db, c)
}

// ListCycles lists cycles, the one that starts last first. Keys are start date and name.
func (s *Store) ListCycles(ctx context.Context, r record.Range) ([]cycle.Cycle, error) {
	where := &clause{}
	if len(r.After) == 2 {
		_, _, id := record.Split(r.After[1])
		where.and("(start_date, id) < (" + where.arg(r.After[0]) + ", " + where.arg(id) + ")")
	}
	return cycles().query(ctx, s.db, where.String()+" ORDER BY start_date DESC, id DESC"+limit(r), where.args...)
}

// Announcements returns what was said about the windows of a cycle.
func (s *Store) Announcements(ctx context.Context, name string) ([]cycle.Announcement, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `
		SELECT phase, start_time, opened, closed FROM announced_windows WHERE district_id = $1 AND cycle = $2`, record.State, name)
	if err != nil {
		return nil, sqldb.MapError(err, name)
	}
	defer func() { _ = rows.Close() }()
	var said []cycle.Announcement
	for rows.Next() {
		a := cycle.Announcement{Cycle: name}
		if err := rows.Scan(text(&a.Phase), micros(&a.Start), &a.Opened, &a.Closed); err != nil {
			return nil, fmt.Errorf("read announcements: %w", err)
		}
		said = append(said, a)
	}
	return said, rows.Err()
}

// SaveAnnouncement keeps what is said about a window.
func (s *Store) SaveAnnouncement(ctx context.Context, a cycle.Announcement) error {
	read := func(ctx context.Context) ([]cycle.Announcement, error) { return s.Announcements(ctx, a.Cycle) }
	err := audit.Changed(ctx, s.db, a.Cycle, read, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `
			INSERT INTO announced_windows (district_id, cycle, phase, start_time, opened, closed) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (district_id, cycle, phase, start_time) DO UPDATE SET opened = excluded.opened, closed = excluded.closed`,
			record.State, a.Cycle, string(a.Phase), sqldb.Micros(a.Start), a.Opened, a.Closed)
		return err
	})
	return sqldb.MapError(err, a.Cycle)
}

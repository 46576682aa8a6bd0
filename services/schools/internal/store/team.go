package store

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// present leaves out members who left; they are kept as history.
const present = " AND NOT departed"

func teams() table[team.Team] {
	return table[team.Team]{
		name: "teams", collection: "teams", columns: "title, purpose",
		fields: func(t *team.Team) []any { return []any{&t.Title, &t.Purpose} },
		meta:   func(t *team.Team) (*string, *record.Meta) { return &t.Name, &t.Meta },
	}
}

func members() table[team.Member] {
	return table[team.Member]{
		name: "members", collection: "members",
		columns: "person, display_name, speaks_for, lead, confirmed, departed",
		fields: func(m *team.Member) []any {
			return []any{&m.Person, &m.DisplayName, text(&m.Group), &m.Lead, &m.Confirmed, &m.Departed}
		},
		meta: func(m *team.Member) (*string, *record.Meta) { return &m.Name, &m.Meta },
	}
}

// Team reads one team.
func (s *Store) Team(ctx context.Context, name string) (team.Team, error) {
	t, err := teams().get(ctx, s.db, name, "")
	if err != nil {
		return t, err
	}
	return t, s.fillGroups(ctx, &t)
}

// InsertTeam adds a team.
func (s *Store) InsertTeam(ctx context.Context, t team.Team) error {
	return teams().insert(ctx, s.db, t)
}

// UpdateTeam writes a changed team.
func (s *Store) UpdateTeam(ctx context.Context, t team.Team) error {
	return teams().update(ctx, s.db, t)
}

// ListTeams lists the teams of a school.
func (s *Store) ListTeams(ctx context.Context, school string, r record.Range) ([]team.Team, error) {
	list, err := teams().list(ctx, s.db, school, "", r)
	for i := range list {
		if err == nil {
			err = s.fillGroups(ctx, &list[i])
		}
	}
	return list, err
}

func (s *Store) fillGroups(ctx context.Context, t *team.Team) error {
	counts, err := s.MemberCounts(ctx, t.Name)
	for _, g := range team.Groups() {
		if counts[g] > 0 {
			t.Groups = append(t.Groups, g)
		}
	}
	return err
}

// MemberCounts counts the confirmed members of a team by group.
func (s *Store) MemberCounts(ctx context.Context, name string) (map[team.Group]int, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `
		SELECT speaks_for, count(*) FROM members
		WHERE district_id = $1 AND parent = $2 AND confirmed`+present+` GROUP BY speaks_for`, record.District(name), name)
	if err != nil {
		return nil, sqldb.MapError(err, name)
	}
	defer func() { _ = rows.Close() }()
	counts := map[team.Group]int{}
	for rows.Next() {
		var g team.Group
		var n int
		if err := rows.Scan(text(&g), &n); err != nil {
			return nil, fmt.Errorf("count members: %w", err)
		}
		counts[g] = n
	}
	return counts, rows.Err()
}

// Member reads one member who has not left.
func (s *Store) Member(ctx context.Context, name string) (team.Member, error) {
	return members().get(ctx, s.db, name, present)
}

// MemberOf finds who of the team has the account, or is empty.
func (s *Store) MemberOf(ctx context.Context, name, person string) (string, error) {
	var id string
	err := s.value(ctx, &id, `SELECT id FROM members WHERE district_id = $1 AND parent = $2 AND person = $3`+present,
		record.District(name), name, person)
	if id == "" {
		return "", err
	}
	return record.Join(name, "members", id), err
}

// InsertMember adds a member.
func (s *Store) InsertMember(ctx context.Context, m team.Member) error {
	return members().insert(ctx, s.db, m)
}

// UpdateMember writes a changed member.
func (s *Store) UpdateMember(ctx context.Context, m team.Member) error {
	return members().update(ctx, s.db, m)
}

// ListMembers lists the members of a team who have not left.
func (s *Store) ListMembers(ctx context.Context, name string, r record.Range) ([]team.Member, error) {
	return members().list(ctx, s.db, name, present, r)
}

package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func grants() table[grant.Grant] {
	return table[grant.Grant]{
		name: "grants", collection: "grants",
		columns: "role, node, start_at, end_at, reason, grantor, waits, approver, ended_at, ended_by, end_reason",
		fields:  grantFields,
		meta:    func(g *grant.Grant) (*string, *record.Meta) { return &g.Name, &g.Meta },
	}
}

func grantFields(g *grant.Grant) []any {
	return []any{
		text(&g.Role), &g.Node, micros(&g.Start), micros(&g.End), &g.Reason, &g.Grantor, &g.Waits, &g.Approver,
		micros(&g.EndedAt), &g.EndedBy, &g.EndReason,
	}
}

// The conditions on a grant at the time of the argument with this number: open
// ones may yet hold, holding ones do.
func openAt(arg string) string {
	return " AND ended_at = 0 AND (end_at = 0 OR end_at > " + arg + ")"
}

func holdsAt(arg string) string {
	return openAt(arg) + " AND NOT waits AND start_at <= " + arg
}

// enabled is the condition that a person who may sign in has the key in the
// arguments with these numbers.
func enabled(district, parent, id string) string {
	return " AND EXISTS (SELECT 1 FROM people p WHERE p.district_id = " + district + " AND p.parent = " + parent +
		" AND p.id = " + id + " AND NOT p.disabled)"
}

// Grant reads one grant.
func (s *Store) Grant(ctx context.Context, name string) (grant.Grant, error) {
	return grants().get(ctx, s.db, name, "")
}

// InsertGrant adds a grant.
func (s *Store) InsertGrant(ctx context.Context, g grant.Grant) error {
	return grants().insert(ctx, s.db, g)
}

// UpdateGrant writes a changed grant.
func (s *Store) UpdateGrant(ctx context.Context, g grant.Grant) error {
	return grants().update(ctx, s.db, g)
}

// ListGrants lists the grants of a person, newest first.
func (s *Store) ListGrants(ctx context.Context, name string, r record.Range) ([]grant.Grant, error) {
	where := &clause{}
	where.and("district_id = " + where.arg(record.District(name)) + " AND parent = " + where.arg(name))
	if len(r.After) == 2 {
		made, err := strconv.ParseInt(r.After[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("place in a list of grants: %w", err)
		}
		where.and("(created_at, id) < (" + where.arg(made) + ", " + where.arg(r.After[1]) + ")")
	}
	return grants().query(ctx, s.db, where.String()+" ORDER BY created_at DESC, id DESC"+limit(r), where.args...)
}

// OpenGrants are the grants of a person that hold or may yet hold.
func (s *Store) OpenGrants(ctx context.Context, name string, at time.Time) ([]grant.Grant, error) {
	return grants().query(ctx, s.db, "district_id = $1 AND parent = $2"+openAt("$3")+" ORDER BY id",
		record.District(name), name, sqldb.Micros(at))
}

// HeldBy is what a person who may sign in holds at a time.
func (s *Store) HeldBy(ctx context.Context, name string, at time.Time) ([]grant.Held, error) {
	args := append(key(name), name, sqldb.Micros(at))
	found, err := grants().query(ctx, s.db, "district_id = $1 AND parent = $4"+holdsAt("$5")+enabled("$1", "$2", "$3"), args...)
	held := make([]grant.Held, len(found))
	for i, g := range found {
		held[i] = g.Held
	}
	return held, err
}

// OtherAdmin tells whether a state administrator is left without this grant.
func (s *Store) OtherAdmin(ctx context.Context, besides string, at time.Time) (bool, error) {
	parent, _, id := record.Split(besides)
	var n int64
	err := s.value(ctx, &n, `SELECT count(*) FROM grants WHERE district_id = $1 AND role = $2
		AND NOT (parent = $4 AND id = $5)`+holdsAt("$3")+` AND EXISTS (SELECT 1 FROM people p
		WHERE p.district_id = $1 AND p.parent = '' AND p.id = substr(grants.parent, 8) AND NOT p.disabled)`, // behind "people/"
		record.State, string(grant.StateAdmin), sqldb.Micros(at), parent, id)
	return n > 0, err
}

// Held is what people hold at a time, by their names, in the order in which it
// was given.
func (s *Store) Held(ctx context.Context, people []string, at time.Time) (map[string][]person.Role, error) {
	args := []any{sqldb.Micros(at)}
	keys := make([]string, len(people))
	for i, name := range people {
		args = append(args, record.District(name), name)
		keys[i] = fmt.Sprintf("($%d, $%d)", 2*i+2, 2*i+3)
	}
	found, err := grants().query(ctx, s.db, "(district_id, parent) IN (VALUES "+strings.Join(keys, ", ")+")"+holdsAt("$1")+
		" ORDER BY created_at, id", args...)
	held := map[string][]person.Role{}
	for _, g := range found {
		held[g.Person()] = append(held[g.Person()], person.Role{Role: g.Role, Node: g.Node})
	}
	return held, err
}

// ListHolders lists the open grants on nodes with who holds them. A node's
// holders are registered in its district or in the state office.
func (s *Store) ListHolders(ctx context.Context, q grant.HolderQuery, r record.Range) ([]grant.Holder, error) {
	where := &clause{}
	at := where.arg(sqldb.Micros(q.At))
	if q.Below != "" {
		where.and("g.district_id IN (" + where.arg(record.District(q.Below)) + ", " + where.arg(record.State) + ")")
	}
	if !q.Deep || q.Below != "" {
		var on []string
		for _, node := range q.Nodes {
			on = append(on, "g.node = "+where.arg(node))
		}
		if q.Deep {
			prefix := q.Below + "/"
			on = append(on, fmt.Sprintf("substr(g.node, 1, %d) = %s", len(prefix), where.arg(prefix)))
		}
		where.and("(" + strings.Join(on, " OR ") + ")")
	}
	if len(r.After) == 2 {
		where.and("(g.parent, g.id) > (" + where.arg(r.After[0]) + ", " + where.arg(r.After[1]) + ")")
	}
	return s.holders(ctx, where.String()+openAt(at)+" ORDER BY g.parent, g.id"+limit(r), where.args)
}

// holding joins a grant to its person by the key of people, taken out of the name
// that the grant keeps.
const holding = `p.district_id = g.district_id
	AND p.parent = CASE WHEN g.district_id = '_state' THEN '' ELSE 'districts/' || g.district_id END
	AND p.id = substr(g.parent, CASE WHEN g.district_id = '_state' THEN 8 ELSE 19 + length(g.district_id) END)`

func (s *Store) holders(ctx context.Context, rest string, args []any) ([]grant.Holder, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT p.display_name, g.parent, g.id, g.version, g.created_at, g.updated_at, `+
		grants().columns+` FROM grants g JOIN people p ON `+holding+` WHERE `+rest, args...)
	if err != nil {
		return nil, sqldb.MapError(err, "")
	}
	defer func() { _ = rows.Close() }()
	var found []grant.Holder
	for rows.Next() {
		var h grant.Holder
		var parent, id string
		into := append([]any{&h.DisplayName, &parent, &id, &h.Version, micros(&h.Created), micros(&h.Updated)}, grantFields(&h.Grant)...)
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read holders: %w", err)
		}
		h.Name = record.Join(parent, "grants", id)
		found = append(found, h)
	}
	return found, rows.Err()
}

// Enabled tells whether a person is registered, and may sign in.
func (s *Store) Enabled(ctx context.Context, name string) (found, on bool, err error) {
	p, err := s.Person(ctx, name)
	if problem.Is(err, problem.KindNotFound) {
		return false, false, nil
	}
	return err == nil, !p.Disabled, err
}

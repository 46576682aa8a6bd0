// Package ledger keeps the record of who was given identified records of people.
//
// An RPC whose rule says that it discloses is entered before its answer leaves:
// who asked, what they asked for, how many records the answer holds, the role
// that let them. A call that cannot be entered is refused, so that there is no
// reading without an entry. An answer over several districts has an entry in the
// ledger of each. Entries hold ids and counts, and can only be added to.
//
// Neighbours: package audit records changes; package grpcserver puts the
// interceptors behind access and validation; package records shows the ledger.
package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// Reading is one reading that is about to be answered.
type Reading struct {
	Action   string
	Resource string         // what was asked for
	Records  map[string]int // how many records of each district, by its id
}

// Enter adds a reading by the caller in ctx to the ledger of each district.
func Enter(ctx context.Context, db *sqldb.DB, r Reading) error {
	if db == nil {
		return problem.Unavailable("disclosure ledger")
	}
	id, _ := access.FromContext(ctx)
	// Not only the caller's own tenants: the entry is the district's, not theirs.
	all := tenant.Everything(ctx, "a district's ledger tells who read, wherever they belong")
	all = upkeep.With(all, "reading goes on in read-only mode, and is entered")
	now := sqldb.Micros(time.Now())
	err := db.Tx(all, func(ctx context.Context) error {
		for district, records := range r.Records {
			_, err := db.Conn(ctx).ExecContext(ctx, `
				INSERT INTO disclosures (district_id, id, event_time, subject, action, resource, records, purpose, request_id)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				district, ids.New(), now, id.Subject, r.Action, r.Resource, records, purpose(id, r.Resource), requestid.From(ctx))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return problem.WithCause(problem.Unavailable("disclosure ledger"), err)
	}
	return nil
}

// purpose names the roles that let the caller read: those held on the resource's
// node, else those held anywhere, for what was assigned to them. A machine reads
// by its scopes.
func purpose(id access.Identity, resource string) string {
	node := access.NodeOf(resource)
	words := roles(id, func(granted string) bool { return access.Covers(granted, node) || access.Covers(node, granted) })
	if len(words) == 0 {
		words = roles(id, func(string) bool { return true })
	}
	words = append(words, id.Scopes...)
	text := strings.Join(words, " ")
	if id.Service != "" && id.Service != "gateway" {
		text = strings.TrimSpace(text + " via " + id.Service)
	}
	return text
}

func roles(id access.Identity, suits func(node string) bool) []string {
	var words []string
	for _, g := range id.Grants {
		if suits(g.Node) {
			words = append(words, strings.ToLower(strings.TrimPrefix(accessv1.Role_name[int32(g.Role)], "ROLE_")))
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Disclosure is one entry.
type Disclosure struct {
	District, ID              string
	Time                      time.Time
	Subject, Action, Resource string
	Records                   int
	Purpose, RequestID        string
}

// Query selects entries of one district, the newest first.
type Query struct {
	District string
	Before   time.Time // entries before then; zero for all
	BeforeID string    // and of those at that very time, only below this id
	Limit    int
	Subject  string
	Resource string // and what lies below it
}

// List reads entries, the newest first.
func List(ctx context.Context, db *sqldb.DB, q Query) (found []Disclosure, err error) {
	where, args := q.where()
	rows, err := db.Conn(ctx).QueryContext(ctx, fmt.Sprintf(`
		SELECT district_id, id, event_time, subject, action, resource, records, purpose, request_id
		FROM disclosures WHERE %s ORDER BY event_time DESC, id DESC LIMIT %d`, where, q.Limit), args...)
	if err != nil {
		return nil, fmt.Errorf("disclosure ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		d, at := Disclosure{}, int64(0)
		if err := rows.Scan(&d.District, &d.ID, &at, &d.Subject, &d.Action, &d.Resource, &d.Records, &d.Purpose, &d.RequestID); err != nil {
			return nil, fmt.Errorf("disclosure ledger: %w", err)
		}
		d.Time = sqldb.Time(at)
		found = append(found, d)
	}
	return found, rows.Err()
}

func (q Query) where() (string, []any) {
	args := []any{q.District}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	parts := []string{"district_id = $1"}
	if !q.Before.IsZero() {
		parts = append(parts, fmt.Sprintf("(event_time, id) < (%s, %s)", arg(sqldb.Micros(q.Before)), arg(q.BeforeID)))
	}
	if q.Subject != "" {
		parts = append(parts, "subject = "+arg(q.Subject))
	}
	if q.Resource != "" {
		below := arg(q.Resource + "/")
		parts = append(parts, fmt.Sprintf("(resource = %s OR substr(resource, 1, length(%s)) = %s)", arg(q.Resource), below, below))
	}
	return strings.Join(parts, " AND "), args
}

// About counts the readings of a resource, for the person it is about.
func About(ctx context.Context, db *sqldb.DB, resource string) (n int, err error) {
	err = db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM disclosures WHERE district_id = $1 AND resource = $2`,
		audit.DistrictOf(resource), resource).Scan(&n)
	return n, err
}

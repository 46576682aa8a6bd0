package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	kept "github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/gateway/internal/records"
)

// Dispositions is the topic on which the worker is woken.
const Dispositions = "dispositions"

var _ records.Store = (*Store)(nil)

const dispositionColumns = `district_id, id, version, created_at, updated_at, kind, rule, reason, export_sha256, person, state,
	planned_by, approved_by, lines, done, certificate, completed_at`

func dispositionKey(name string) (district, id string) {
	parent, id, _ := strings.Cut(name, "/dispositions/")
	return strings.TrimPrefix(parent, "districts/"), id
}

// InsertDisposition adds one.
func (s *Store) InsertDisposition(ctx context.Context, d records.Disposition) error {
	return s.writeDisposition(ctx, d, audit.Added[records.Disposition], `INSERT INTO dispositions (`+dispositionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, sqldb.Micros(d.Created))
}

// UpdateDisposition writes a changed one.
func (s *Store) UpdateDisposition(ctx context.Context, d records.Disposition) error {
	return s.writeDisposition(ctx, d, audit.Changed[records.Disposition], `UPDATE dispositions SET version = $3, updated_at = $5,
		kind = $6, rule = $7, reason = $8, export_sha256 = $9, person = $10, state = $11, planned_by = $12, approved_by = $13,
		lines = $14, done = $15, certificate = $16, completed_at = $17
		WHERE district_id = $1 AND id = $2 AND version = $4`, d.Version-1)
}

type recorder func(ctx context.Context, db *sqldb.DB, resource string,
	read func(context.Context) (records.Disposition, error), write func(context.Context) error) error

// writeDisposition runs a statement over all columns; fourth is the time of
// creation, or the version that an update replaces.
func (s *Store) writeDisposition(ctx context.Context, d records.Disposition, record recorder, statement string, fourth int64) error {
	lines, err := json.Marshal(d.Lines)
	if err != nil {
		return err
	}
	done, err := json.Marshal(d.Done)
	if err != nil {
		return err
	}
	district, id := dispositionKey(d.Name)
	read := func(ctx context.Context) (records.Disposition, error) { return s.Disposition(ctx, d.Name) }
	err = record(ctx, s.db, d.Name, read, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, statement, district, id, d.Version, fourth, sqldb.Micros(d.Updated), int(d.Kind), d.Rule, d.Reason,
			d.Export, d.Person, int(d.State), d.PlannedBy, d.ApprovedBy, string(lines), string(done), d.Certificate, sqldb.Micros(d.Completed))
		if err == nil && n == 0 {
			return problem.Stale(d.Name)
		}
		return err
	})
	return sqldb.MapError(err, d.Name)
}

// Disposition reads one.
func (s *Store) Disposition(ctx context.Context, name string) (records.Disposition, error) {
	district, id := dispositionKey(name)
	found, err := s.dispositions(ctx, `district_id = $1 AND id = $2`, district, id)
	if err == nil && len(found) == 0 {
		err = problem.NotFound(name)
	}
	if err != nil {
		return records.Disposition{}, sqldb.MapError(err, name)
	}
	return found[0], nil
}

// ListDispositions lists those of a district by id.
func (s *Store) ListDispositions(ctx context.Context, parent, after string, limit int) ([]records.Disposition, error) {
	return s.dispositions(ctx, `district_id = $1 AND id > $2 ORDER BY id LIMIT $3`, strings.TrimPrefix(parent, "districts/"), after, limit)
}

// RunningDispositions are those to be carried out.
func (s *Store) RunningDispositions(ctx context.Context) ([]records.Disposition, error) {
	return s.dispositions(ctx, `state = $1 ORDER BY created_at, id`, int(records.Running))
}

func (s *Store) dispositions(ctx context.Context, where string, args ...any) (found []records.Disposition, err error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+dispositionColumns+` FROM dispositions WHERE `+where, args...)
	if err != nil {
		return nil, sqldb.MapError(err, "dispositions")
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		d, err := scanDisposition(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	return found, rows.Err()
}

func scanDisposition(rows *sql.Rows) (d records.Disposition, err error) {
	var district, id, lines, done string
	var created, updated, completed int64
	var kind, state int
	err = rows.Scan(&district, &id, &d.Version, &created, &updated, &kind, &d.Rule, &d.Reason, &d.Export, &d.Person, &state,
		&d.PlannedBy, &d.ApprovedBy, &lines, &done, &d.Certificate, &completed)
	if err != nil {
		return d, err
	}
	d.Name, d.Kind, d.State = "districts/"+district+"/dispositions/"+id, kept.Kind(kind), records.State(state)
	d.Created, d.Updated, d.Completed = sqldb.Time(created), sqldb.Time(updated), sqldb.Time(completed)
	if err := json.Unmarshal([]byte(lines), &d.Lines); err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(done), &d.Done)
}

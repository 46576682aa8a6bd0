package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// table says how a noun is kept: fields returns, in the order of columns, what a
// row is read into and written from.
type table[T any] struct {
	name       string
	collection string
	columns    string
	fields     func(*T) []any
	meta       func(*T) (name *string, meta *record.Meta)
}

const keyColumns = "parent, id, version, created_at, updated_at"

// key is where a resource lies.
func key(name string) []any {
	parent, _, id := record.Split(name)
	return []any{record.District(name), parent, id}
}

func schoolNode(node string) bool { return record.School(node) != "" }

func (t table[T]) insert(ctx context.Context, db *sqldb.DB, v T) error {
	name, meta := t.meta(&v)
	args := append(key(*name), meta.Version, sqldb.Micros(meta.Created), sqldb.Micros(meta.Updated))
	args = append(args, bind(t.fields(&v))...)
	err := audit.Added(ctx, db, *name, t.reader(db, *name), func(ctx context.Context) error {
		_, err := db.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (district_id, %s, %s) VALUES (%s)`,
			t.name, keyColumns, t.columns, placeholders(1, len(args))), args...)
		return err
	})
	return sqldb.MapError(err, *name)
}

// update writes a row whose version was counted up by one since it was read, and
// is stale when somebody else was faster.
func (t table[T]) update(ctx context.Context, db *sqldb.DB, v T) error {
	name, meta := t.meta(&v)
	args := append(key(*name), meta.Version-1, meta.Version, sqldb.Micros(meta.Updated))
	args = append(args, bind(t.fields(&v))...)
	sets := make([]string, 0, len(args))
	for i, column := range strings.Split(t.columns, ", ") {
		sets = append(sets, fmt.Sprintf("%s = $%d", column, i+7))
	}
	err := audit.Changed(ctx, db, *name, t.reader(db, *name), func(ctx context.Context) error {
		return hit(*name)(db.Exec(ctx, fmt.Sprintf(`UPDATE %s SET version = $5, updated_at = $6, %s
			WHERE district_id = $1 AND parent = $2 AND id = $3 AND version = $4`, t.name, strings.Join(sets, ", ")), args...))
	})
	return sqldb.MapError(err, *name)
}

func (t table[T]) remove(ctx context.Context, db *sqldb.DB, v T) error {
	name, meta := t.meta(&v)
	err := audit.Removed(ctx, db, *name, t.reader(db, *name), func(ctx context.Context) error {
		return hit(*name)(db.Exec(ctx, `DELETE FROM `+t.name+` WHERE district_id = $1 AND parent = $2 AND id = $3 AND version = $4`,
			append(key(*name), meta.Version)...))
	})
	return sqldb.MapError(err, *name)
}

// hit is stale when a statement found no row of the version it wants.
func hit(name string) func(rows int64, err error) error {
	return func(rows int64, err error) error {
		if err == nil && rows == 0 {
			return problem.Stale(name)
		}
		return err
	}
}

// reader reads the row as it is, for the audit log.
func (t table[T]) reader(db *sqldb.DB, name string) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return t.get(ctx, db, name, "") }
}

// get reads one row; where narrows it further and may be empty.
func (t table[T]) get(ctx context.Context, db *sqldb.DB, name, where string) (v T, err error) {
	if _, collection, _ := record.Split(name); collection != t.collection {
		return v, problem.NotFound(name)
	}
	found, err := t.query(ctx, db, `district_id = $1 AND parent = $2 AND id = $3`+where, key(name)...)
	if err != nil {
		return v, err
	}
	if len(found) == 0 {
		return v, problem.NotFound(name)
	}
	return found[0], nil
}

// list reads the rows below a parent in the order of their ids.
func (t table[T]) list(ctx context.Context, db *sqldb.DB, parent, where string, r record.Range) ([]T, error) {
	args := []any{record.District(parent), parent}
	condition := `district_id = $1 AND parent = $2` + where
	if len(r.After) == 1 {
		args = append(args, r.After[0])
		condition += ` AND id > $3`
	}
	return t.query(ctx, db, condition+` ORDER BY id`+limit(r), args...)
}

// all reads the rows below a parent in the order of their creation.
func (t table[T]) all(ctx context.Context, db *sqldb.DB, parent string) ([]T, error) {
	return t.query(ctx, db, `district_id = $1 AND parent = $2 ORDER BY created_at, id`, record.District(parent), parent)
}

func (t table[T]) query(ctx context.Context, db *sqldb.DB, rest string, args ...any) ([]T, error) {
	rows, err := db.Conn(ctx).QueryContext(ctx, fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %s`, keyColumns, t.columns, t.name, rest), args...)
	if err != nil {
		return nil, sqldb.MapError(err, t.name)
	}
	defer func() { _ = rows.Close() }()
	var found []T
	for rows.Next() {
		var v T
		var parent, id string
		name, meta := t.meta(&v)
		into := append([]any{&parent, &id, &meta.Version, micros(&meta.Created), micros(&meta.Updated)}, t.fields(&v)...)
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		*name = record.Join(parent, t.collection, id)
		found = append(found, v)
	}
	return found, rows.Err()
}

func limit(r record.Range) string {
	if r.Limit <= 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", r.Limit)
}

func placeholders(from, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(all, ", ")
}

// bind turns what a row is read into into what it is written from.
func bind(fields []any) []any {
	values := make([]any, len(fields))
	for i, f := range fields {
		switch v := f.(type) {
		case *string:
			values[i] = *v
		case *bool:
			values[i] = *v
		case *int64:
			values[i] = *v
		case driver.Valuer:
			values[i] = v
		default:
			values[i] = f
		}
	}
	return values
}

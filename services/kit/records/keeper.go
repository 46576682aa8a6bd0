package records

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Keeper works on the records of one service. Time is the product's: retention
// counts from dates that the product wrote.
type Keeper struct {
	DB          *sqldb.DB
	Clock       clock.Clock
	Declaration Declaration
}

// platform are the tables of package sqldb that hold rows of a district for a
// while: sent events, dead letters, running work. Requests keep answers of calls
// for a week and do not know their district, so all of them go.
var platform = []struct{ table, condition string }{
	{"outbox", "district_id = $1 AND sent_at IS NOT NULL"},
	{"dead_letters", "district_id = $1"},
	{"operations", "district_id = $1"},
	{"requests", "$1 <> ''"},
}

// statement is what is done to the rows of one table.
type statement struct {
	table     string
	set       string // columns emptied; nothing means that rows are deleted
	where     string
	args      []any
	treatment Treatment
}

// Due counts what Dispose would do.
func (k *Keeper) Due(ctx context.Context, s Scope) ([]Line, error) {
	ctx = k.reach(ctx, s)
	var lines []Line
	for _, st := range k.statements(s) {
		var n int64
		if err := k.DB.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM `+st.table+` WHERE `+st.where, st.args...).Scan(&n); err != nil {
			return nil, fmt.Errorf("count due %s: %w", st.table, err)
		}
		if n > 0 {
			lines = append(lines, Line{Table: st.table, Records: n, Treatment: st.treatment})
		}
	}
	return lines, nil
}

// Dispose deletes what the scope says, in one transaction with the entries of the
// audit log and the counts, and then makes sure that the database file holds
// nothing of it any more. Repeated, it does what is left, and tells all that the
// disposition did.
func (k *Keeper) Dispose(ctx context.Context, s Scope, disposition string) ([]Line, error) {
	ctx = k.reach(ctx, s)
	err := k.DB.Tx(ctx, func(ctx context.Context) error {
		for _, st := range k.statements(s) {
			n, err := k.do(ctx, st)
			if err == nil && n > 0 {
				err = k.done(ctx, s, disposition, Line{Table: st.table, Records: n, Treatment: st.treatment})
			}
			if err != nil {
				return fmt.Errorf("dispose of %s: %w", st.table, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.Kind == District && k.Declaration.Files != nil {
		if err := k.removeFiles(ctx, s, disposition); err != nil {
			return nil, fmt.Errorf("dispose of files: %w", err)
		}
	}
	if err := k.DB.Compact(ctx); err != nil {
		return nil, err
	}
	return disposals(ctx, k.DB, s.District, disposition)
}

// done counts and records what was done to one table.
func (k *Keeper) done(ctx context.Context, s Scope, disposition string, l Line) error {
	if err := disposed(ctx, k.DB, s.District, disposition, l); err != nil {
		return err
	}
	return audit.Record(ctx, k.DB, audit.Change{
		Resource: disposition, After: map[string]any{"table": l.Table, "records": l.Records, "treatment": l.Treatment},
	})
}

// removeFiles counts the files before the first one goes: no transaction spans
// them and the count.
func (k *Keeper) removeFiles(ctx context.Context, s Scope, disposition string) error {
	n, err := k.Declaration.Files.Count(ctx, s.District)
	if err != nil || n == 0 {
		return err
	}
	if err := found(ctx, k.DB, s.District, disposition, Line{Table: "files", Records: n, Treatment: Deleted}); err != nil {
		return err
	}
	return k.Declaration.Files.Remove(ctx, s.District)
}

func (k *Keeper) do(ctx context.Context, st statement) (int64, error) {
	text := `DELETE FROM ` + st.table + ` WHERE ` + st.where
	if st.set != "" {
		text = `UPDATE ` + st.table + ` SET ` + st.set + ` WHERE ` + st.where
	}
	return k.DB.Exec(ctx, text, st.args...)
}

// reach is the context whose statements touch what the scope is about. A person
// may have worked in several districts.
func (k *Keeper) reach(ctx context.Context, s Scope) context.Context {
	if s.Kind == District || s.Kind == Person {
		return tenant.Everything(ctx, "what is left of a district or a person is looked for everywhere")
	}
	return tenant.With(ctx, s.District)
}

func (k *Keeper) statements(s Scope) []statement {
	var all []statement
	for _, t := range k.Declaration.Tables {
		if st, ok := k.statement(t, s); ok {
			all = append(all, st)
		}
	}
	if s.Kind == District {
		for _, p := range platform {
			all = append(all, statement{table: p.table, where: p.condition, args: []any{s.District}, treatment: Deleted})
		}
	}
	return all
}

func (k *Keeper) statement(t Table, s Scope) (statement, bool) {
	switch s.Kind {
	case District:
		return statement{table: t.Name, where: `district_id = $1`, args: []any{s.District}, treatment: Deleted}, !t.Stays
	case Person:
		if t.About == "" {
			return statement{}, false
		}
		return t.treated(t.Erase, `(`+t.About+`) = $1`, s.Person), true
	case Retention:
		rule, ok := RuleOf(t.Rule)
		if !ok || (s.Rule != "" && s.Rule != t.Rule) {
			return statement{}, false
		}
		before := sqldb.Micros(k.Clock.Now().Add(-rule.Keep))
		where := fmt.Sprintf(`district_id = $1 AND %s > 0 AND %s <= $2`, t.Since, t.Since)
		return t.treated(t.Treatment, where, s.District, before), true
	default:
		return statement{}, false
	}
}

// treated deletes the rows, or empties their personal columns where they are not
// empty yet.
func (t Table) treated(how Treatment, where string, args ...any) statement {
	st := statement{table: t.Name, where: where, args: args, treatment: how}
	if how == Deleted {
		return st
	}
	var sets, full []string
	for _, column := range slices.Sorted(maps.Keys(t.Personal)) {
		empty := `'` + t.Personal[column] + `'` // a constant of the program
		sets = append(sets, column+` = `+empty)
		full = append(full, column+` <> `+empty)
	}
	st.set = strings.Join(sets, ", ")
	st.where += ` AND (` + strings.Join(full, " OR ") + `)`
	return st
}

// Record is one row about a person.
type Record struct {
	Table, Resource string
	Row             map[string]any
}

// Collect returns what is kept about a person: rows about them, and rows that
// name them.
func (k *Keeper) Collect(ctx context.Context, person string) ([]Record, error) {
	ctx = k.reach(ctx, Scope{Kind: Person})
	var all []Record
	for _, t := range k.Declaration.Tables {
		where, args := t.naming(person)
		if where == "" {
			continue
		}
		err := k.each(ctx, t, where, args, func(r Record) error { all = append(all, r); return nil })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// naming is the condition that a row is about the person or names them.
func (t Table) naming(person string) (string, []any) {
	var parts []string
	args := []any{person, `%"` + escape(person) + `"%`}
	if t.About != "" {
		parts = append(parts, `(`+t.About+`) = $1`)
	}
	for _, column := range t.Subjects {
		parts = append(parts, fmt.Sprintf(`%s = $1 OR %s LIKE $2 ESCAPE '\'`, column, column))
	}
	if parts == nil {
		return "", nil
	}
	// Both arguments stand in every text, so that all tables are asked alike.
	return `(` + strings.Join(parts, " OR ") + `) AND $2 <> ''`, args
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// Export calls fn for every row of a district, table by table. Tables that are
// withheld are left out.
func (k *Keeper) Export(ctx context.Context, district string, fn func(Record) error) error {
	ctx = tenant.With(ctx, district)
	for _, t := range k.Declaration.Tables {
		if t.Withheld != "" {
			continue
		}
		if err := k.each(ctx, t, `district_id = $1`, []any{district}, fn); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) each(ctx context.Context, t Table, where string, args []any, fn func(Record) error) error {
	resource := `''`
	if t.Resource != "" {
		resource = t.Resource
	}
	rows, err := k.DB.Conn(ctx).QueryContext(ctx, fmt.Sprintf(`SELECT %s AS resource_name, t.* FROM %s t WHERE %s`, resource, t.Name, where), args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		r := Record{Table: t.Name, Row: map[string]any{}}
		for i, c := range columns[1:] {
			if !slices.Contains(t.Secret, c) {
				r.Row[c] = plain(c, values[i+1])
			}
		}
		r.Resource, _ = plain("", values[0]).(string)
		if err := fn(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plain makes a value of a driver one of JSON: times readable, bytes as text.
func plain(column string, v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case int64:
		if strings.HasSuffix(column, "_at") || column == "day" {
			if v == 0 {
				return ""
			}
			return sqldb.Time(v).Format(time.RFC3339Nano)
		}
		return v
	default:
		return v
	}
}

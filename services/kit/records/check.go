package records

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// theirs are the tables of package sqldb, which hold ids, digests and events, and
// are looked after by the packages that own them.
var theirs = []string{
	"outbox", "inbox", "inbox_state", "dead_letters", "leases", "requests", "operations",
	"audit_pending", "audit_entries", "disclosures", "disposals", "kit_version", "sqlite_sequence",
}

// Check holds the declaration to the tables of a migrated database and returns
// what is wrong, for a test: a table that nobody declared, a column that does not
// exist, a rule that is not in the schedule, a personal table without an end.
func (d Declaration) Check(ctx context.Context, db *sqldb.DB) (wrong []string, err error) {
	real, err := columnsOf(tenant.Everything(ctx, "looks at tables, not at rows"), db)
	if err != nil {
		return nil, err
	}
	declared := map[string]bool{}
	for _, t := range d.Tables {
		declared[t.Name] = true
		if real[t.Name] == nil {
			wrong = append(wrong, t.Name+": no such table")
			continue
		}
		wrong = append(wrong, t.check(real[t.Name])...)
	}
	for table := range real {
		if !declared[table] && !slices.Contains(theirs, table) && !strings.HasPrefix(table, "goose_") {
			wrong = append(wrong, table+": say in the declaration of records what personal data it holds, or why none")
		}
	}
	slices.Sort(wrong)
	return wrong, nil
}

func (t Table) check(columns []string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, t.Name+": "+fmt.Sprintf(format, args...)) }
	personal := t.About != "" || len(t.Subjects) > 0 || len(t.Personal) > 0
	if personal == (t.None != "") {
		say("declare personal data or say why there is none, not both")
	}
	if !slices.Contains(columns, "district_id") {
		say("has no column district_id")
	}
	for _, c := range slices.Concat(slices.Sorted(maps.Keys(t.Personal)), t.Subjects, t.Secret) {
		if !slices.Contains(columns, c) {
			say("has no column %s", c)
		}
	}
	if !personal {
		return wrong
	}
	if _, ok := RuleOf(t.Rule); !ok {
		say("rule %q is not in the retention schedule", t.Rule)
	}
	if !slices.Contains(columns, t.Since) {
		say("has no column %s from which its time counts", t.Since)
	}
	if t.Treatment != Deleted && (t.Treatment != Pseudonymized || len(t.Personal) == 0) {
		say("say what becomes of rows whose time is over")
	}
	if t.About != "" && t.Erase != Deleted && (t.Erase != Pseudonymized || len(t.Personal) == 0) {
		say("say what becomes of rows whose person is erased")
	}
	return wrong
}

func columnsOf(ctx context.Context, db *sqldb.DB) (map[string][]string, error) {
	text := `SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'`
	args := []any{}
	if db.Dialect() == sqldb.Postgres {
		text, args = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1`, []any{db.Schema()}
	}
	rows, err := db.Conn(ctx).QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return nil, err
		}
		all[table] = append(all[table], column)
	}
	return all, rows.Err()
}

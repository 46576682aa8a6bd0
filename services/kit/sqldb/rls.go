package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// allowed are the districts of the running statement: NULL when nothing was said,
// also after a pooler's RESET, which leaves an empty text. As a sub-select it is
// computed once per statement and not per row.
const allowed = `((SELECT string_to_array(nullif(current_setting('tandem.districts', true), ''), ','))::text[])`

// policy is one of the two policies every tenant table has. PostgreSQL lets a row
// through when either does.
type policy struct {
	use  string // FOR ...
	rule string
}

// own lets work read and change the rows of its districts; state lets any work
// that said its tenant read what belongs to no district.
var policies = []policy{
	{"FOR ALL USING (%[1]s) WITH CHECK (%[1]s)", `district_id = ANY (` + allowed + `) OR '*' = ANY (` + allowed + `)`},
	{"FOR SELECT USING (%[1]s)", `district_id = '_state' AND ` + allowed + ` IS NOT NULL`},
}

func (p policy) text() string { return fmt.Sprintf(p.use, p.rule) }

// name holds a digest of the text, so that a policy of an older version, or one
// that somebody made by hand, is known for what it is.
func (p policy) name() string {
	sum := sha256.Sum256([]byte(p.text()))
	return "tandem_" + hex.EncodeToString(sum[:6])
}

// walled is a table with a district and how it stands.
type walled struct {
	table    string
	secured  bool // row-level security is on, for the owner too
	policies []string
}

// wall puts every table of the schema that has a district behind row-level
// security, and leaves alone what is as it should be: it locks nothing then.
func (db *DB) wall(ctx context.Context, owner *sql.DB) error {
	tables, err := tenantTables(ctx, owner, db.schema)
	if err != nil {
		return fmt.Errorf("row-level security of %s: %w", db.schema, err)
	}
	want := policyNames()
	var statements []string
	for _, t := range tables {
		if !t.secured || !slices.Equal(t.policies, want) {
			statements = append(statements, secure(t)...)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	// One message is one transaction: a table is never without its policies.
	if _, err := owner.ExecContext(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("row-level security of %s: %w", db.schema, err)
	}
	return nil
}

func tenantTables(ctx context.Context, owner *sql.DB, schema string) (out []walled, err error) {
	rows, err := owner.QueryContext(ctx, `
		SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
			coalesce((SELECT string_agg(polname, ',' ORDER BY polname) FROM pg_policy p WHERE p.polrelid = c.oid), '')
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'district_id' AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') ORDER BY c.relname`, schema)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t walled
		var names string
		if err := rows.Scan(&t.table, &t.secured, &names); err != nil {
			return nil, err
		}
		t.policies = strings.FieldsFunc(names, func(r rune) bool { return r == ',' })
		out = append(out, t)
	}
	return out, rows.Err()
}

// secure are the statements that put one table behind the wall.
func secure(t walled) []string {
	table := quoted(t.table)
	var statements []string
	for _, old := range t.policies {
		statements = append(statements, `DROP POLICY `+quoted(old)+` ON `+table)
	}
	for _, p := range policies {
		statements = append(statements, `CREATE POLICY `+p.name()+` ON `+table+` `+p.text())
	}
	return append(statements,
		`ALTER TABLE `+table+` ENABLE ROW LEVEL SECURITY`, `ALTER TABLE `+table+` FORCE ROW LEVEL SECURITY`)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

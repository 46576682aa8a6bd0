package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Everybody has a transaction read the rows of every district, whoever its user is:
// what follows in it is about an installation as a whole, such as a backup.
func Everybody(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT set_config('tandem.districts', $1, true)`, tenant.All)
	return err
}

// Unfiltered proves that the user of a transaction which called Everybody sees every
// row of a schema: each table is without row-level security for this user, or behind
// the policies of this program and no others. It names the first table of which that is
// not known.
func Unfiltered(ctx context.Context, tx pgx.Tx, schema string) error {
	var said string
	if err := tx.QueryRow(ctx, `SELECT coalesce(current_setting('tandem.districts', true), '')`).Scan(&said); err != nil {
		return err
	}
	if said != tenant.All {
		return fmt.Errorf("rows of %s: the transaction reads for %q and not for every district", schema, said)
	}
	rows, err := tx.Query(ctx, `
		SELECT c.relname, coalesce(string_agg(CASE WHEN p.polpermissive THEN p.polname ELSE 'restrictive ' || p.polname END, ','), '')
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
		LEFT JOIN pg_policy p ON p.polrelid = c.oid
		WHERE c.relkind IN ('r', 'p') AND row_security_active(c.oid)
		GROUP BY c.relname ORDER BY c.relname`, schema)
	if err != nil {
		return fmt.Errorf("row-level security of %s: %w", schema, err)
	}
	var table, names string
	_, err = pgx.ForEachRow(rows, []any{&table, &names}, func() error {
		if !slices.Contains(strings.Split(names, ","), policies[0].name()) {
			return fmt.Errorf("%s.%s lacks the policy that shows the rows of every district; run `tandem migrate`", schema, table)
		}
		for _, name := range strings.Split(names, ",") {
			if !slices.ContainsFunc(policies, func(p policy) bool { return p.name() == name }) {
				return fmt.Errorf("%s.%s has policy %q, which this program did not make and which may hide rows; run `tandem migrate`, or drop it", schema, table, name)
			}
		}
		return nil
	})
	return err
}

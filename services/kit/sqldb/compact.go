package sqldb

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Compact takes what was deleted out of the database's file. SQLite keeps deleted
// rows in free pages and in its log until both are written anew; PostgreSQL's own
// vacuum does that in its time, and needs the owner. A reader in the way is an
// error: try again.
func (db *DB) Compact(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	ctx = tenant.OrNone(ctx) // it looks at no rows
	if _, err := db.write.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("compact database of %s: %w", db.schema, err)
	}
	var busy, log, moved int
	if err := db.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil {
		return fmt.Errorf("compact database of %s: %w", db.schema, err)
	}
	if busy != 0 {
		return fmt.Errorf("compact database of %s: somebody reads from its log", db.schema)
	}
	return nil
}

package sqldb_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// BenchmarkTraced compares a read and a transaction of two reads in a request that is
// recorded and in one that is not. Only the ratio means something.
func BenchmarkTraced(b *testing.B) {
	kittest.Spans(b)
	db := kittest.SQLite(b, "schools", migrations())
	quiet := kittest.All(b)
	require.NoError(b, db.Tx(quiet, func(ctx context.Context) error { return addSchool(ctx, db, "s1") }))
	recorded, span := otel.Tracer("bench").Start(quiet, "request")
	defer span.End()
	for name, ctx := range map[string]context.Context{"quiet": quiet, "recorded": recorded} {
		b.Run("read/"+name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, look(ctx, db))
			}
		})
		b.Run("tx/"+name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, db.Tx(ctx, func(ctx context.Context) error {
					if err := look(ctx, db); err != nil {
						return err
					}
					return look(ctx, db)
				}))
			}
		})
	}
}

func look(ctx context.Context, db *sqldb.DB) error {
	var title string
	return db.Conn(ctx).QueryRowContext(ctx, `SELECT title FROM schools WHERE id = $1`, "s1").Scan(&title)
}

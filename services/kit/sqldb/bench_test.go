package sqldb_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// BenchmarkWall compares a read by key and a transaction of two statements with
// and without the wall. Only the ratio means something.
func BenchmarkWall(b *testing.B) {
	owner := kittest.Postgres(b)
	db := kittest.OpenPostgres(b, owner, "schools", migrations())
	plain, err := sql.Open("pgx", owner+"&options=-c%20search_path%3Dschools")
	require.NoError(b, err)
	defer func() { _ = plain.Close() }()
	_, err = plain.ExecContext(b.Context(), `INSERT INTO schools SELECT 'd' || n % 100, 's' || n, 'x', TRUE, 0 FROM generate_series(1, 20000) n`)
	require.NoError(b, err)
	ctx := tenant.With(b.Context(), "d7")
	const query = `SELECT title FROM schools WHERE district_id = 'd7' AND id = $1`
	var title string
	b.Run("read/plain", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, plain.QueryRowContext(ctx, query, "s107").Scan(&title))
		}
	})
	b.Run("read/wall", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.Conn(ctx).QueryRowContext(ctx, query, "s107").Scan(&title))
		}
	})
	b.Run("tx/plain", func(b *testing.B) {
		for b.Loop() {
			tx, err := plain.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
			require.NoError(b, err)
			for range 2 {
				require.NoError(b, tx.QueryRowContext(ctx, query, "s107").Scan(&title))
			}
			require.NoError(b, tx.Commit())
		}
	})
	b.Run("tx/wall", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.Tx(ctx, func(ctx context.Context) error {
				for range 2 {
					if err := db.Conn(ctx).QueryRowContext(ctx, query, "s107").Scan(&title); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	})
}

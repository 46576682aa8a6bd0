package sqldb_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// alone inserts a school and returns the ids that the statement answers.
func alone(ctx context.Context, db *sqldb.DB, district, id string) (out []string, err error) {
	err = db.Alone(ctx, `INSERT INTO schools (district_id, id, title, open, changed_at) VALUES ($1, $2, 'x', TRUE, 0) RETURNING id`, []any{district, id},
		func() { out = nil }, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			out = append(out, id)
			return err
		})
	return out, err
}

func TestAStatementAloneIsATransaction(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		ctx := tenant.With(t.Context(), "d1")
		ids, err := alone(ctx, db, "d1", "oak")
		require.NoError(t, err)
		require.Equal(t, []string{"oak"}, ids)
		require.Equal(t, 1, count(t, db, "schools"), "it is there for others when it returns")
		_, err = alone(ctx, db, "d1", "oak")
		require.True(t, sqldb.IsUnique(err), "%v", err)
		_, err = alone(t.Context(), db, "d1", "elm")
		require.ErrorIs(t, err, sqldb.ErrNoTenant)
		if db.Dialect() == sqldb.Postgres {
			_, err = alone(ctx, db, "d2", "elm")
			require.ErrorContains(t, err, "row-level security")
		}
		require.Error(t, db.Tx(ctx, func(ctx context.Context) error {
			_, err := alone(ctx, db, "d1", "fir")
			require.NoError(t, err)
			return context.Canceled
		}))
		require.Equal(t, 1, count(t, db, "schools"), "inside a transaction it is a part of that one")
	})
}

// What a commit refuses is known only after the last row was read.
func TestAStatementAloneThatIsNotCommittedIsAnError(t *testing.T) {
	owner := kittest.Postgres(t)
	db := kittest.OpenPostgres(t, owner, "schools", migrations())
	plain, err := sql.Open("pgx", owner+"&options=-c%20search_path%3Dschools")
	require.NoError(t, err)
	defer func() { _ = plain.Close() }()
	_, err = plain.ExecContext(t.Context(), `ALTER TABLE schools ADD CONSTRAINT one_title UNIQUE (title) DEFERRABLE INITIALLY DEFERRED`)
	require.NoError(t, err)
	ctx := tenant.With(t.Context(), "d1")
	_, err = alone(ctx, db, "d1", "oak")
	require.NoError(t, err)
	ids, err := alone(ctx, db, "d1", "elm")
	require.True(t, sqldb.IsUnique(err), "%v", err)
	require.Equal(t, []string{"elm"}, ids, "the row was there before the commit was refused, or this test proves nothing")
	_, err = alone(ctx, db, "d1", "elm")
	require.True(t, sqldb.IsUnique(err), "the connection is as good as before: %v", err)
}

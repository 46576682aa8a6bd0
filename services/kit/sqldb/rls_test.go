package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// two returns a database with a school of the same id in each of two districts
// and one of the state, and the owner's URL.
func two(t *testing.T) (*sqldb.DB, string) {
	t.Helper()
	owner := kittest.Postgres(t)
	db := kittest.OpenPostgres(t, owner, "schools", migrations())
	for _, district := range []string{"d1", "d2", tenant.State} {
		require.NoError(t, addTo(tenant.With(t.Context(), district), db, district, "same"))
	}
	return db, owner
}

func addTo(ctx context.Context, db *sqldb.DB, district, id string) error {
	_, err := db.Exec(ctx, `INSERT INTO schools (district_id, id, title, open, changed_at) VALUES ($1, $2, $3, TRUE, 0)`,
		district, id, "School of "+district)
	return err
}

// seen are the districts whose schools a context is shown.
func seen(ctx context.Context, t require.TestingT, db *sqldb.DB) string {
	rows, err := db.Conn(ctx).QueryContext(ctx, `SELECT district_id FROM schools ORDER BY district_id`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var d string
		require.NoError(t, rows.Scan(&d))
		all = append(all, d)
	}
	require.NoError(t, rows.Err())
	return strings.Join(all, " ")
}

func TestTheWallStandsAroundThePlatformsTables(t *testing.T) {
	kittest.Wall(t, "schools", migrations(), kittest.WallExceptions{})
}

func TestAStatementSeesTheRowsOfItsContext(t *testing.T) {
	db, _ := two(t)
	for want, ctx := range map[string]context.Context{
		"_state":       tenant.With(t.Context()),
		"_state d1":    tenant.With(t.Context(), "d1"),
		"_state d1 d2": kittest.All(t),
	} {
		t.Run(want, func(t *testing.T) {
			require.Equal(t, want, seen(ctx, t, db), "outside a transaction")
			require.NoError(t, db.Tx(ctx, func(ctx context.Context) error {
				require.Equal(t, want, seen(ctx, t, db), "in a transaction")
				require.Equal(t, "_state d2", seen(tenant.With(ctx, "d2"), t, db), "in it, for another")
				require.Equal(t, want, seen(ctx, t, db), "and back")
				return nil
			}))
		})
	}
}

func TestAStatementForNoTenantIsRefused(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		var n int
		err := db.Conn(t.Context()).QueryRowContext(t.Context(), `SELECT count(*) FROM schools`).Scan(&n)
		require.ErrorIs(t, err, sqldb.ErrNoTenant)
		require.ErrorContains(t, err, "SELECT count(*) FROM schools", "it says which")
		_, err = db.Exec(t.Context(), `DELETE FROM schools`)
		require.ErrorIs(t, err, sqldb.ErrNoTenant)
		_, err = db.Exec(tenant.With(t.Context(), "d1,d2"), `DELETE FROM schools`)
		require.ErrorContains(t, err, "no id of a district")
		require.NoError(t, db.Ping(t.Context()))
	})
}

func TestADistrictCannotWriteForAnother(t *testing.T) {
	db, _ := two(t)
	own := tenant.With(t.Context(), "d1")
	for name, statement := range map[string]string{
		"insert":           `INSERT INTO schools VALUES ('d2', 'new', 'x', TRUE, 0)`,
		"insert for all":   `INSERT INTO schools VALUES ('_state', 'new', 'x', TRUE, 0)`,
		"give away":        `UPDATE schools SET district_id = 'd3' WHERE district_id = 'd1'`,
		"take a taken key": `INSERT INTO schools VALUES ('d2', 'same', 'x', TRUE, 0)`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := db.Exec(own, statement)
			require.ErrorContains(t, err, "row-level security")
		})
	}
	for _, statement := range []string{`UPDATE schools SET title = 'x'`, `DELETE FROM schools`} {
		n, err := db.Exec(own, statement+` WHERE district_id <> 'd1'`)
		require.NoError(t, err)
		require.Zero(t, n, statement)
	}
}

// The owner's session is what a service would have that connects as owner: the
// policies hold for him because they are forced. A superuser is above them, which
// is why no service may be one.
func TestThePoliciesHoldForTheOwnerButNotForASuperuser(t *testing.T) {
	_, url := two(t)
	pool, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	tx, err := pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	count := func() (n int) {
		require.NoError(t, tx.QueryRowContext(t.Context(), `SELECT count(*) FROM schools.schools`).Scan(&n))
		return n
	}
	require.Equal(t, 3, count(), "the superuser sees all of it")
	for _, s := range []string{
		`CREATE ROLE owner_in_test NOSUPERUSER NOBYPASSRLS`, `GRANT USAGE ON SCHEMA schools TO owner_in_test`,
		`ALTER TABLE schools.schools OWNER TO owner_in_test`, `SET LOCAL ROLE owner_in_test`,
	} {
		_, err := tx.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
	require.Zero(t, count(), "the owner says no tenant")
	_, err = tx.ExecContext(t.Context(), `SELECT set_config('tandem.districts', 'd1', true)`)
	require.NoError(t, err)
	require.Equal(t, 2, count())
}

func TestASuperuserIsNoService(t *testing.T) {
	url := kittest.Postgres(t)
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Schema: "schools"})
	if err == nil {
		_ = db.Close()
	}
	require.ErrorIs(t, err, sqldb.ErrBypass)
}

// After RESET, as a pooler sends it, the setting is an empty text and not NULL.
func TestAResetSessionSeesNothing(t *testing.T) {
	_, owner := two(t)
	urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
	require.NoError(t, err)
	pool, err := sql.Open("pgx", urls["schools"])
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	conn, err := pool.Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	for _, c := range []struct {
		statement string
		want      int
	}{
		{`SELECT 1`, 0},
		{`SET tandem.districts = 'd1'`, 2},
		{`RESET tandem.districts`, 0},
		{`SET tandem.districts = ''`, 0},
		{`SET tandem.districts = '-'`, 1},
		{`RESET ALL`, 0},
	} {
		_, err := conn.ExecContext(t.Context(), c.statement)
		require.NoError(t, err)
		var n int
		require.NoError(t, conn.QueryRowContext(t.Context(), `SELECT count(*) FROM schools.schools`).Scan(&n), c.statement)
		require.Equal(t, c.want, n, c.statement)
	}
}

// One connection serves tenants in any order, with work that breaks off in
// between; each must see what is its own.
func TestAPooledConnectionCarriesNothingOver(t *testing.T) {
	_, owner := two(t)
	urls, err := sqldb.Provision(t.Context(), owner, []string{"schools"})
	require.NoError(t, err)
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: urls["schools"], OwnerURL: owner, Schema: "schools", MaxConns: 1})
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	tenants := map[string]context.Context{
		"_state": tenant.With(t.Context()), "_state d1": tenant.With(t.Context(), "d1"),
		"_state d2": tenant.With(t.Context(), "d2"), "_state d1 d2": kittest.All(t),
	}
	deeds := map[string]func(ctx context.Context, r *rapid.T, want string){
		"read": func(ctx context.Context, r *rapid.T, want string) { require.Equal(r, want, seen(ctx, r, db)) },
		"read in a transaction": func(ctx context.Context, r *rapid.T, want string) {
			require.NoError(r, db.Tx(ctx, func(ctx context.Context) error {
				require.Equal(r, want, seen(ctx, r, db))
				return nil
			}))
		},
		"stop reading": func(ctx context.Context, r *rapid.T, _ string) {
			rows, err := db.Conn(ctx).QueryContext(ctx, `SELECT district_id, generate_series(1, 1000) FROM schools`) //nolint:rowserrcheck // it stops early
			require.NoError(r, err)
			rows.Next()
			require.NoError(r, rows.Close()) //nolint:sqlclosecheck // now, not at the end
		},
		"cancel": func(ctx context.Context, r *rapid.T, _ string) {
			ctx, cancel := context.WithCancel(ctx)
			_ = db.Tx(ctx, func(ctx context.Context) error {
				_ = seen(ctx, r, db)
				cancel()
				_, err := db.Exec(ctx, `SELECT pg_sleep(10)`)
				return err
			})
		},
		"cancel a read": func(ctx context.Context, r *rapid.T, _ string) {
			ctx, cancel := context.WithCancel(ctx)
			rows, err := db.Conn(ctx).QueryContext(ctx, `SELECT generate_series(1, 100000)`)
			require.NoError(r, err)
			cancel()
			_ = rows.Close() //nolint:sqlclosecheck // now, not at the end
			_ = rows.Err()
		},
		"fail": func(ctx context.Context, r *rapid.T, _ string) {
			_, err := db.Conn(ctx).QueryContext(ctx, `SELECT nonsense FROM schools`) //nolint:rowserrcheck,sqlclosecheck // it fails
			require.Error(r, err)
		},
		"panic": func(ctx context.Context, r *rapid.T, _ string) {
			require.Panics(r, func() {
				_ = db.Tx(ctx, func(ctx context.Context) error {
					_ = seen(ctx, r, db)
					panic("broken") //nolint:forbidigo // the connection must survive it
				})
			})
		},
	}
	rapid.Check(t, func(r *rapid.T) {
		for range 8 {
			want := rapid.SampledFrom([]string{"_state", "_state d1", "_state d2", "_state d1 d2"}).Draw(r, "tenant")
			deed := rapid.SampledFrom([]string{"read", "read in a transaction", "stop reading", "cancel", "cancel a read", "fail", "panic"}).Draw(r, "deed")
			deeds[deed](tenants[want], r, want)
		}
		require.Equal(r, "_state d1", seen(tenants["_state d1"], r, db))
	})
}

func TestManyTenantsAtOnceSeeTheirOwn(t *testing.T) {
	db, _ := two(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			district := fmt.Sprintf("d%d", i%2+1)
			for range 50 {
				if got := seen(tenant.With(t.Context(), district), t, db); got != "_state "+district {
					t.Errorf("%s is shown %s", district, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

// The setting is read once per statement, and a read by key uses the key's index:
// the wall costs next to nothing.
func TestTheWallIsCheap(t *testing.T) {
	db, owner := two(t)
	pool, err := sql.Open("pgx", owner)
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	_, err = pool.ExecContext(t.Context(), `INSERT INTO schools.schools SELECT 'd' || n % 100, 's' || n, 'x', TRUE, 0 FROM generate_series(1, 20000) n`)
	require.NoError(t, err)
	_, err = pool.ExecContext(t.Context(), `ANALYZE schools.schools`)
	require.NoError(t, err)
	ctx := tenant.With(t.Context(), "d7")
	rows, err := db.Conn(ctx).QueryContext(ctx, `EXPLAIN SELECT title FROM schools WHERE district_id = 'd7' AND id = 's107'`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	require.Contains(t, plan.String(), "InitPlan")
	require.Contains(t, plan.String(), "Index Scan using schools_pkey")
	require.NotContains(t, plan.String(), "Seq Scan")
}

func TestAReadOutsideATransactionCannotWrite(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		_, err := db.Conn(kittest.All(t)).ExecContext(kittest.All(t), `DELETE FROM schools`)
		require.ErrorContains(t, err, "read")
	})
}

func TestAnObserverIsToldEachStatement(t *testing.T) {
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		var told []string
		stop := db.Observe(func(_ context.Context, statement string) { told = append(told, statement) })
		require.Zero(t, count(t, db, "schools"))
		_, err := db.Exec(kittest.All(t), `DELETE FROM teams`)
		require.NoError(t, err)
		stop()
		require.Zero(t, count(t, db, "teams"))
		require.Equal(t, []string{`SELECT count(*) FROM schools`, `DELETE FROM teams`}, told)
	})
}

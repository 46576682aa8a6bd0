package sqldb_test

import (
	"context"
	"database/sql"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestAServicesRoleOwnsNothing(t *testing.T) {
	owner := kittest.Postgres(t)
	db := kittest.OpenPostgres(t, owner, "schools", migrations())
	other := kittest.OpenPostgres(t, owner, "badges", migrations())
	require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error { return addSchool(ctx, db, "a") }))

	var role string
	var super, bypass, owns bool
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `
		SELECT rolname, rolsuper, rolbypassrls, EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid)
		FROM pg_roles r WHERE rolname = current_user`).Scan(&role, &super, &bypass, &owns))
	require.Equal(t, "tandem_schools", role)
	require.False(t, super || bypass || owns)

	for name, statement := range map[string]string{
		"create a table":              `CREATE TABLE schools.x (n INT)`,
		"change a table":              `ALTER TABLE schools ADD COLUMN x INT`,
		"truncate a table":            `TRUNCATE schools CASCADE`,
		"read another service's rows": `SELECT * FROM badges.schools`,
	} {
		t.Run("it may not "+name, func(t *testing.T) {
			_, err := db.Exec(kittest.All(t), statement)
			require.ErrorContains(t, err, "42501", name) // insufficient_privilege
		})
	}
	require.Equal(t, 0, count(t, other, "schools"), "each service has rows of its own")
}

func TestProvisionIsRepeatableAndSafeTogether(t *testing.T) {
	owner := kittest.Postgres(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := sqldb.Provision(kittest.All(t), owner, []string{"schools", "badges"}); err != nil {
				t.Errorf("provision: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestAnOwnersPasswordGivesEachRoleItsOwn(t *testing.T) {
	admin := kittest.Postgres(t)
	pool, err := sql.Open("pgx", admin)
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	role, service := "owner_"+ids.New(), "s"+ids.New()
	_, err = pool.ExecContext(kittest.All(t), `CREATE ROLE `+role+` SUPERUSER LOGIN PASSWORD 'hush'`)
	require.NoError(t, err)
	t.Cleanup(func() { dropRole(t, admin, role); dropRole(t, admin, "tandem_"+service) })

	u, err := url.Parse(admin)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "hush")
	first, err := sqldb.Provision(kittest.All(t), u.String(), []string{service})
	require.NoError(t, err)
	again, err := sqldb.Provision(kittest.All(t), u.String(), []string{service})
	require.NoError(t, err)
	require.Equal(t, first, again, "derived, so that every process finds the same")
	runtime, err := url.Parse(first[service])
	require.NoError(t, err)
	password, ok := runtime.User.Password()
	require.True(t, ok)
	require.Len(t, password, 64)
	require.NotContains(t, first[service], "hush")
	require.Equal(t, "tandem_"+service, runtime.User.Username())
}

// dropRole removes a role with what it owns in the test's database.
func dropRole(t *testing.T, admin, role string) {
	pool, err := sql.Open("pgx", admin)
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	for _, s := range []string{`DROP OWNED BY ` + role + ` CASCADE`, `DROP ROLE ` + role} {
		_, err = pool.Exec(s)
		require.NoError(t, err)
	}
}

func TestProvisionRefusesWhatIsNoService(t *testing.T) {
	_, err := sqldb.Provision(kittest.All(t), "sqlite:x", []string{"schools"})
	require.ErrorContains(t, err, "postgres://")
	_, err = sqldb.Provision(kittest.All(t), kittest.Postgres(t), []string{`x"; DROP`})
	require.ErrorContains(t, err, "lower-case word")
}

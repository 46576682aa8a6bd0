package sqldb

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	rolePrefix        = "tandem_"
	provisionAttempts = 10

	pgDuplicateObject = "42710"
	pgInternal        = "XX000" // "tuple concurrently updated": another process alters the same role
)

// Provision prepares one PostgreSQL database for the named services, as its
// owner: a schema for each and a login role tandem_<service> that owns nothing,
// bypasses nothing and may read and change rows of its schema only, in the
// tables of today and of later migrations. It returns the URL each service
// connects with. Running it again, or from several processes, is harmless.
//
// Roles belong to the whole server, so their passwords are derived from the
// owner's password and need no place to be kept; an owner without password
// (trust or peer authentication) makes roles without one.
func Provision(ctx context.Context, ownerURL string, services []string) (map[string]string, error) {
	roles, err := serviceRoles(ownerURL, services)
	if err != nil {
		return nil, err
	}
	pool, err := openOwner(ownerURL, "", limits{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = pool.Close() }()
	urls := make(map[string]string, len(services))
	for _, one := range roles {
		if err := provisionService(ctx, pool, one.service, one.role, one.password); err != nil {
			return nil, fmt.Errorf("provision %s: %w", one.service, err)
		}
		urls[one.service] = one.url
	}
	return urls, nil
}

// RoleURLs returns the URLs that Provision would return, and connects to nothing.
func RoleURLs(ownerURL string, services []string) (map[string]string, error) {
	roles, err := serviceRoles(ownerURL, services)
	if err != nil {
		return nil, err
	}
	urls := make(map[string]string, len(roles))
	for _, one := range roles {
		urls[one.service] = one.url
	}
	return urls, nil
}

// serviceRole is how a service is known to the database.
type serviceRole struct{ service, role, password, url string }

func serviceRoles(ownerURL string, services []string) ([]serviceRole, error) {
	cfg, err := pgx.ParseConfig(ownerURL)
	if err != nil || !IsPostgres(ownerURL) {
		return nil, errors.New("owner's database URL: want postgres://USER:PASSWORD@HOST/NAME")
	}
	var roles []serviceRole
	for _, service := range services {
		if !schemaName.MatchString(service) {
			return nil, fmt.Errorf("service %q: want a lower-case word", service)
		}
		one := serviceRole{service: service, role: rolePrefix + service}
		if cfg.Password != "" {
			one.password = rolePassword(cfg.Password, one.role)
		}
		if one.url, err = runtimeURL(ownerURL, one.role, one.password); err != nil {
			return nil, err
		}
		roles = append(roles, one)
	}
	return roles, nil
}

// provisionService repeats what lost a race against another process: roles are
// shared by all databases of a server, so a lock in this one would not do.
func provisionService(ctx context.Context, pool *sql.DB, service, role, password string) error {
	for attempt := 1; ; attempt++ {
		err := provisionOnce(ctx, pool, service, role, password)
		if err == nil || attempt == provisionAttempts || !isRace(err) {
			return err
		}
	}
}

func provisionOnce(ctx context.Context, pool *sql.DB, service, role, password string) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer func() { _ = conn.Close() }()
	// Taken outside of the transaction: an index that a migration builds concurrently
	// waits for every transaction that is open, so none may wait for the migration.
	if err := lockSchema(ctx, conn, service); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockID(service))
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := ensureRole(ctx, tx, role, password); err != nil {
		return err
	}
	if err := ensureSchema(ctx, tx, service); err != nil {
		return err
	}
	// Names are checked words, so that they need no quoting here.
	for _, grant := range []string{
		`GRANT USAGE ON SCHEMA ` + service + ` TO ` + role,
		`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ` + service + ` TO ` + role,
		`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ` + service + ` TO ` + role,
		`ALTER DEFAULT PRIVILEGES IN SCHEMA ` + service + ` GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ` + role,
		`ALTER DEFAULT PRIVILEGES IN SCHEMA ` + service + ` GRANT USAGE ON SEQUENCES TO ` + role,
	} {
		if _, err := tx.ExecContext(ctx, grant); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// ensureRole makes the role, or gives an existing one the present password. It
// touches an existing role only where it must: an unneeded ALTER races with
// other processes.
func ensureRole(ctx context.Context, tx *sql.Tx, role, password string) error {
	var exists, safe bool
	err := tx.QueryRowContext(ctx, `SELECT count(*) > 0,
		coalesce(bool_and(rolcanlogin AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole AND NOT rolcreatedb), false)
		FROM pg_roles WHERE rolname = $1`, role).Scan(&exists, &safe)
	if err != nil {
		return err
	}
	verb := `CREATE`
	if exists {
		verb = `ALTER`
	}
	if exists && safe && password == "" {
		return nil
	}
	//nolint:gosec // a role cannot be a parameter; its name is made of a service's, which is checked
	stmt := verb + ` ROLE ` + role + ` LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB`
	if exists && safe {
		stmt = `ALTER ROLE ` + role
	}
	if password != "" {
		stmt += ` PASSWORD '` + password + `'` // hexadecimal, nothing to escape
	}
	_, err = tx.ExecContext(ctx, stmt)
	return err
}

func isRace(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case pgUniqueViolation, pgDuplicateObject, pgSerializationFailure, pgDeadlockDetected, pgInternal:
		return true
	}
	return false
}

func rolePassword(ownerPassword, role string) string {
	mac := hmac.New(sha256.New, []byte(ownerPassword))
	_, _ = mac.Write([]byte(role))
	return hex.EncodeToString(mac.Sum(nil))
}

// runtimeURL is the owner's URL with another user.
func runtimeURL(ownerURL, role, password string) (string, error) {
	u, err := url.Parse(ownerURL)
	if err != nil {
		return "", errors.New("owner's database URL: not a URL")
	}
	u.User = url.User(role)
	if password != "" {
		u.User = url.UserPassword(role, password)
	}
	q := u.Query()
	q.Del("user")
	q.Del("password")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

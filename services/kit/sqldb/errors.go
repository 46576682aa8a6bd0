package sqldb

import (
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// PostgreSQL's error codes that mean something to a caller.
const (
	pgUniqueViolation      = "23505"
	pgForeignKeyViolation  = "23503"
	pgSerializationFailure = "40001"
	pgDeadlockDetected     = "40P01"
	pgTooManyConnections   = "53300"
	pgAdminShutdown        = "57P01"
	pgCannotConnectNow     = "57P03"
	pgInvalidPassword      = "28P01"
	pgInvalidAuthorization = "28000"
	pgNoDatabase           = "3D000"
)

// sqlitePrimaryCode masks an extended SQLite result code to its family.
const sqlitePrimaryCode = 0xff

// MapError turns a driver's error into a domain error about the named resource:
// no row, a taken key, or concurrent work in the way. Others, and domain errors,
// pass unchanged. The cause stays in the chain for the log and for Tx's retries.
func MapError(err error, name string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return problem.NotFound(name)
	case IsUnique(err):
		return problem.WithCause(problem.AlreadyExists(name), err)
	case IsRetryable(err):
		return problem.WithCause(problem.Conflict(name), err)
	case isAway(err):
		return problem.WithCause(problem.Unavailable("database"), err)
	default:
		return err
	}
}

// IsUnique tells whether a statement failed on a primary key or unique index.
func IsUnique(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return pgCode(err) == pgUniqueViolation
}

// IsForeignKey tells whether a statement failed because a row it refers to is
// missing, or because rows still refer to the one it removes.
func IsForeignKey(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
	}
	return pgCode(err) == pgForeignKeyViolation
}

// IsRetryable tells whether the same transaction may succeed when run again.
func IsRetryable(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code() & sqlitePrimaryCode
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
	}
	switch pgCode(err) {
	case pgSerializationFailure, pgDeadlockDetected:
		return true
	}
	return false
}

// IsAway tells whether the database does not answer, which may pass by itself; a
// database that answers and lets nobody in does not count.
func IsAway(err error) bool {
	switch pgCode(err) {
	case pgInvalidPassword, pgInvalidAuthorization, pgNoDatabase:
		return false
	}
	return isAway(err)
}

// isAway tells whether there is no connection to the database.
func isAway(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return true
	}
	switch pgCode(err) {
	case pgTooManyConnections, pgAdminShutdown, pgCannotConnectNow:
		return true
	}
	return false
}

func pgCode(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// Package kittest gives tests the real parts: both databases, an embedded bus,
// and a service behind the whole gRPC chain.
//
// Databases runs a test once per dialect; PostgreSQL comes from
// TEST_POSTGRES_DSN or from installed binaries, started once per test process
// and gone with it. NATS starts a bus, Serve a service, Deps what a service is
// built from. Nothing here sleeps: Eventually waits for a condition.
package kittest

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	patience = 30 * time.Second
	look     = 5 * time.Millisecond
)

// Start is the time at which fake clocks of Deps begin: a school morning.
func Start() time.Time { return time.Date(2026, time.September, 1, 15, 0, 0, 0, time.UTC) }

// Databases runs fn as subtests "sqlite" and "postgres", each with a fresh and
// migrated database opened as the service would: on PostgreSQL as its own role.
// A nil migrations has the platform's tables only.
func Databases(t *testing.T, schema string, migrations fs.FS, fn func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t, schema, migrations)) })
	t.Run("postgres", func(t *testing.T) {
		fn(t, OpenPostgres(t, Postgres(t), schema, migrations))
	})
}

// SQLite returns a fresh migrated SQLite database.
func SQLite(t testing.TB, schema string, migrations fs.FS) *sqldb.DB {
	t.Helper()
	return open(t, sqldb.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), schema+".db"), Schema: schema}, migrations)
}

// OpenPostgres provisions the schema in the database of the owner's DSN, and
// returns it migrated and opened as the service's role. Called again with the
// same DSN it is another replica's pool.
func OpenPostgres(t testing.TB, ownerDSN, schema string, migrations fs.FS) *sqldb.DB {
	t.Helper()
	urls, err := sqldb.Provision(t.Context(), ownerDSN, []string{schema})
	require.NoError(t, err)
	return open(t, sqldb.Options{URL: urls[schema], OwnerURL: ownerDSN, Schema: schema}, migrations)
}

func open(t testing.TB, o sqldb.Options, migrations fs.FS) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, db.Migrate(t.Context(), migrations))
	ran(t, string(db.Dialect()))
	return db
}

// ran leaves a file named after the dialect in the folder TANDEM_TEST_DATABASES,
// by which a run over many modules can say what was really tested.
func ran(t testing.TB, dialect string) {
	t.Helper()
	if dir := os.Getenv("TANDEM_TEST_DATABASES"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, dialect), nil, 0o600)) //nolint:gosec // the folder of whoever runs the tests
	}
}

// NATS returns a connection to a bus of the test's own.
func NATS(t testing.TB) *bus.Bus {
	t.Helper()
	server, err := bus.StartEmbedded(t.TempDir(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	b, err := bus.Connect(t.Context(), bus.Options{InProcess: server, Name: t.Name()})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// Deps returns what a service is built from: a SQLite database with its
// migrations, a bus, a blob store in memory and a fake clock at Start. Tests set
// Peers and replace what they need.
func Deps(t testing.TB, service string, migrations fs.FS) run.Deps {
	t.Helper()
	blobs, err := blob.Open(t.Context(), "mem://")
	require.NoError(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	return run.Deps{
		DB: SQLite(t, service, migrations), Bus: NATS(t), Blobs: blobs, Clock: clock.NewFake(Start()), Log: Log(t),
		DataDir: t.TempDir(), PublicURL: "http://127.0.0.1:8080",
	}
}

// Log returns a logger whose lines appear with a failed test.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Context returns the test's context with an identity, as a handler sees it and
// as Serve's connection sends it.
func Context(t testing.TB, subject string, grants ...access.Grant) context.Context {
	t.Helper()
	return access.WithIdentity(t.Context(), access.Identity{Subject: subject, Grants: grants})
}

// All returns the test's context for work that touches rows of every district. A
// test of what one district sees says tenant.With instead.
func All(t testing.TB) context.Context {
	t.Helper()
	return tenant.Everything(t.Context(), "a test looks at everything")
}

// Token mints a subject token, as the gateway sends it to services.
func Token(t testing.TB, signer *identity.Signer, subject string, grants ...access.Grant) string {
	t.Helper()
	token, err := signer.MintSubject(access.Identity{Subject: subject, Grants: grants})
	require.NoError(t, err)
	return token
}

// Eventually waits until cond holds, and fails the test with the message when it
// does not within half a minute.
func Eventually(t testing.TB, cond func() bool, format string, args ...any) {
	t.Helper()
	require.Eventually(t, cond, patience, look, append([]any{format}, args...)...)
}

// EventuallyNoError waits until check returns nil, and fails the test with its
// last error when it does not within half a minute.
func EventuallyNoError(t testing.TB, check func() error) {
	t.Helper()
	deadline, tick := time.NewTimer(patience), time.NewTicker(look)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			require.NoError(t, err, "still after %s", patience)
		case <-tick.C:
		}
	}
}

// Go runs a task, such as a relay, until the test ends or stop is called; stop
// waits for it. An error of the task fails the test.
func Go(t testing.TB, task func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- task(ctx) }()
	var stopped bool
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Errorf("task ended: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

package kittest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestServeSendsTheIdentityOfTheContext(t *testing.T) {
	conn := kittest.Serve(t, run.Service{Name: "schools", Register: func(r grpc.ServiceRegistrar) {
		schoolsv1.RegisterPeopleServiceServer(r, schoolsv1.UnimplementedPeopleServiceServer{})
	}}, kittest.ServeOptions{DB: kittest.SQLite(t, "schools", nil)})
	people := schoolsv1.NewPeopleServiceClient(conn)
	_, err := people.GetPerson(t.Context(), &schoolsv1.GetPersonRequest{Name: "people/ana"})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
	_, err = people.GetPerson(kittest.Context(t, "people/ana"), &schoolsv1.GetPersonRequest{Name: "people/ana"})
	require.NotEqual(t, codes.Unauthenticated, status.Code(err), "%v", err)
}

func TestDepsAreReal(t *testing.T) {
	d := kittest.Deps(t, "schools", nil)
	require.NoError(t, d.DB.Ping(t.Context()))
	require.NoError(t, d.Bus.Ping(t.Context()))
	require.NoError(t, d.Blobs.Ping(t.Context()))
	require.Equal(t, kittest.Start(), d.Clock.Now())
}

func TestDatabasesTellWhatRan(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TANDEM_TEST_DATABASES", dir)
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		require.FileExists(t, filepath.Join(dir, string(db.Dialect())))
	})
}

func TestEventuallyNoErrorWaits(t *testing.T) {
	tries := 0
	kittest.EventuallyNoError(t, func() error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	require.Equal(t, 3, tries)
}

// TestPostgresEndsWithItsProcess runs a test binary that starts a server and
// dies without cleaning up.
func TestPostgresEndsWithItsProcess(t *testing.T) {
	if os.Getenv("TANDEM_TEST_DIE") != "" {
		kittest.Postgres(t)
		dirs, err := filepath.Glob(filepath.Join(os.TempDir(), "tandem-pg-*"))
		require.NoError(t, err)
		_, _ = os.Stdout.WriteString("server in " + strings.Join(dirs, " ") + "\n")
		p, err := os.FindProcess(os.Getpid())
		require.NoError(t, err)
		require.NoError(t, p.Kill())
		<-t.Context().Done()
	}
	if os.Getenv("TEST_POSTGRES_DSN") != "" {
		t.Skipf("the server is given by TEST_POSTGRES_DSN and not of this process")
	}
	kittest.Postgres(t)                // skips where there is no PostgreSQL
	tmp, err := os.MkdirTemp("", "kt") // short: a socket's path has a limit
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	require.NoError(t, os.Chmod(tmp, 0o755))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPostgresEndsWithItsProcess$")
	cmd.Env = append(os.Environ(), "TANDEM_TEST_DIE=1", "TMPDIR="+tmp)
	cmd.WaitDelay = time.Minute
	out, err := cmd.Output()
	require.Error(t, err, "it kills itself")
	require.Contains(t, string(out), "server in "+tmp)
	kittest.Eventually(t, func() bool {
		left, err := filepath.Glob(filepath.Join(tmp, "tandem-pg-*", "data", "postmaster.pid"))
		return err == nil && len(left) == 0
	}, "the server has stopped")
}

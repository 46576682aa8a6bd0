package kittest

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

// server is the PostgreSQL of this test process, started by the first test that
// needs it. It is fast, and forgets all in a power cut.
var server = sync.OnceValues(func() (running, error) {
	return startServer("-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=32MB")
})

// durable is one that acknowledges what is on the disk, as it is installed: the few
// settings are those that every guide to PostgreSQL changes first.
var durable = sync.OnceValues(func() (running, error) {
	return startServer("-c fsync=on -c full_page_writes=on -c synchronous_commit=on -c shared_buffers=256MB -c max_wal_size=4GB")
})

// DurablePostgres returns the owner's URL of a fresh database on a server of this
// process that waits for the disk at each commit, for benchmarks.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	started, err := durable()
	if errors.Is(err, errNoPostgres) {
		t.Skipf("PostgreSQL is not measured: %v", err)
	}
	require.NoError(t, err)
	return freshDatabase(t, started.url)
}

// PostgresProgram returns the path of a program that comes with PostgreSQL, such as
// pgbench, or skips the test.
func PostgresProgram(t testing.TB, name string) string {
	t.Helper()
	bin, err := findBinaries()
	if err == nil {
		bin, err = exec.LookPath(filepath.Join(bin, name))
	}
	if err != nil {
		t.Skipf("not measured: %s is not installed", name)
	}
	return bin
}

// errNoPostgres says that PostgreSQL is not to be had on this machine.
var errNoPostgres = errors.New("no PostgreSQL: set TEST_POSTGRES_DSN to an owner's URL, or install the package postgresql")

// Postgres returns the owner's URL of a fresh database, dropped with the test.
// It uses the server of TEST_POSTGRES_DSN, else one of this process started from
// installed binaries. Where there is neither, the test is skipped; with CI set it
// fails, since there both dialects must run.
func Postgres(t testing.TB) string {
	t.Helper()
	owner := os.Getenv("TEST_POSTGRES_DSN")
	if owner == "" {
		started, err := server()
		owner = started.url
		if errors.Is(err, errNoPostgres) && os.Getenv("CI") == "" {
			t.Skipf("PostgreSQL is not tested: %v", err)
		}
		require.NoError(t, err)
	}
	return freshDatabase(t, owner)
}

func freshDatabase(t testing.TB, owner string) string {
	t.Helper()
	u, err := url.Parse(owner)
	require.NoError(t, err, "TEST_POSTGRES_DSN must be a URL: postgres://USER@HOST/NAME")
	pool, err := sql.Open("pgx", owner)
	require.NoError(t, err)
	name := "t_" + ids.New()
	_, err = pool.ExecContext(t.Context(), `CREATE DATABASE `+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`)
		require.NoError(t, err)
		_ = pool.Close()
	})
	u.Path = "/" + name
	return u.String()
}

// serverScript runs a server until its standard input ends, which happens when
// the test process is gone, however it went.
const serverScript = `
log="$DIR/log"
stop() { "$BIN/pg_ctl" -D "$DIR/data" -m immediate stop >/dev/null 2>&1; rm -rf "$DIR"; }
trap stop EXIT
"$BIN/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$log" 2>&1 &&
"$BIN/pg_ctl" -D "$DIR/data" -w -t 60 -l "$log" -o "-p $PORT -k $DIR -c listen_addresses=127.0.0.1 \
  -c max_connections=200 $SETTINGS" \
  start >>"$log" 2>&1 || { tail -n 5 "$log"; exit 1; }
echo ready
exec 1>&-
cat >/dev/null
`

// running is a started server. It ends when life is closed, at the latest with
// this process; so life must stay referred to.
type running struct {
	url  string // the owner's
	life io.Closer
}

// startServer starts a server with options of its own.
func startServer(settings string) (running, error) {
	bin, err := findBinaries()
	if err != nil {
		return running{}, err
	}
	dir, err := os.MkdirTemp("", "tandem-pg-")
	if err != nil {
		return running{}, err
	}
	port, err := freePort()
	if err != nil {
		return running{}, err
	}
	cmd := exec.Command("/bin/sh", "-c", serverScript)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "BIN=" + bin, "DIR=" + dir, "PORT=" + strconv.Itoa(port), "LC_ALL=C", "SETTINGS=" + settings}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt of the tests reaches it by its input
	if err := asUser(cmd, dir); err != nil {
		return running{}, err
	}
	life, err := awaitReady(cmd)
	if err != nil {
		return running{}, err
	}
	return running{url: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), life: life}, nil
}

// asUser runs the server as the user postgres when the tests run as root, whom
// PostgreSQL refuses.
func asUser(cmd *exec.Cmd, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("%w (running as root, and there is no user postgres)", errNoPostgres)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(dir, int(uid), int(gid))
}

// awaitReady starts the helper, waits for its word and returns its standard
// input.
func awaitReady(cmd *exec.Cmd) (io.Closer, error) {
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if err == nil && strings.TrimSpace(line) == "ready" {
		return life, nil
	}
	rest, _ := io.ReadAll(r)
	return nil, fmt.Errorf("PostgreSQL did not start: %s%s", line, rest)
}

// findBinaries returns the folder with initdb and pg_ctl: of PATH, or the newest
// version of Debian's packages.
func findBinaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errNoPostgres
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	return filepath.Dir(found[len(found)-1]), nil
}

func version(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

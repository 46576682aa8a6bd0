package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	postgresPort     = "5432"
	postgresPassword = "superuser-of-a-test" // of a server that only this machine reaches, and only for this run
)

// process is a PostgreSQL server from installed binaries, as a process in a network namespace.
type process struct {
	work, host string
	inside     func(ctx context.Context, name string, args ...string) *exec.Cmd

	bin string
}

func (p *process) data() string { return filepath.Join(p.work, "postgres") }

// Start makes the data folder on first use and waits until the server answers.
func (p *process) Start(ctx context.Context) error {
	if err := p.install(ctx); err != nil {
		return err
	}
	owner, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(p.data(), "PG_VERSION")); err != nil {
		if err := p.initialize(ctx, owner); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(filepath.Join(p.work, "postgres.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	// A session of its own: an interrupt from the terminal is for this program, which stops it in order.
	cmd := p.inside(context.WithoutCancel(ctx), "setpriv", "--reuid="+owner.Uid, "--regid="+owner.Gid, "--clear-groups",
		filepath.Join(p.bin, "postgres"), "-D", p.data(), "-p", postgresPort, "-k", p.data(), "-c", "listen_addresses="+p.host,
		"-c", "max_connections=400", "-c", "shared_buffers=128MB")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return waitFor(ctx, time.Minute, "PostgreSQL to answer", func() bool { return p.Exec(ctx, "postgres", "SELECT 1") == nil })
}

// install finds the binaries, or has apt install them.
func (p *process) install(ctx context.Context) error {
	for _, fetched := range []bool{false, true} {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
		if len(found) > 0 {
			slices.Sort(found)
			p.bin = filepath.Dir(found[len(found)-1])
			return nil
		}
		if fetched {
			break
		}
		install := exec.CommandContext(ctx, "sh", "-c", "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql")
		if _, err := Run(install); err != nil {
			return fmt.Errorf("PostgreSQL is needed: %w", err)
		}
	}
	return errors.New("PostgreSQL is needed: install the package postgresql")
}

func (p *process) initialize(ctx context.Context, owner *user.User) error {
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	secret := filepath.Join(p.work, "postgres.pw")
	if err := errors.Join(
		os.RemoveAll(p.data()), os.MkdirAll(p.data(), 0o700), os.Chown(p.data(), uid, gid),
		os.WriteFile(secret, []byte(postgresPassword), 0o600), os.Chown(secret, uid, gid),
	); err != nil {
		return err
	}
	init := exec.CommandContext(ctx, "setpriv", "--reuid="+owner.Uid, "--regid="+owner.Gid, "--clear-groups", //nolint:gosec // Debian's
		filepath.Join(p.bin, "initdb"), "-D", p.data(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile="+secret, "-E", "UTF8", "--no-locale", "--no-sync")
	init.Dir = "/"
	if _, err := Run(init); err != nil {
		return err
	}
	hba := filepath.Join(p.data(), "pg_hba.conf")
	file, err := os.OpenFile(hba, os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // of our own server
	if err != nil {
		return err
	}
	_, err = file.WriteString("host all all 10.0.0.0/8 scram-sha-256\n")
	return errors.Join(err, file.Close())
}

// Kill ends the postmaster with SIGKILL. Its children see that it is gone and end too.
func (p *process) Kill(ctx context.Context) error {
	pid, err := p.postmaster()
	if err != nil {
		return err
	}
	if err := p.end(ctx, pid, syscall.SIGKILL); err != nil {
		return err
	}
	return os.Remove(filepath.Join(p.data(), "postmaster.pid"))
}

// stop ends the server where one runs.
func (p *process) stop(ctx context.Context) {
	pid, err := p.postmaster()
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err == nil && strings.TrimSpace(string(name)) == "postgres" { // the file may be older than what has this number now
		_ = p.end(ctx, pid, syscall.SIGQUIT)
	}
}

func (p *process) end(ctx context.Context, pid int, signal syscall.Signal) error {
	if err := syscall.Kill(pid, signal); err != nil {
		return err
	}
	return waitFor(ctx, 20*time.Second, "PostgreSQL to end", func() bool { return syscall.Kill(pid, 0) != nil })
}

func (p *process) postmaster() (int, error) {
	raw, err := os.ReadFile(filepath.Join(p.data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	return strconv.Atoi(first)
}

func (p *process) Address() string { return p.host + ":" + postgresPort }

func (p *process) Superuser(database string) string { return superuser(p.Address(), database) }

func superuser(address, database string) string {
	return "postgres://postgres:" + postgresPassword + "@" + address + "/" + database + "?sslmode=disable"
}

// Exec gives statements to psql on its standard input.
func (p *process) Exec(ctx context.Context, database, statements string) error {
	_, err := p.Query(ctx, database, statements)
	return err
}

// Query returns rows as lines.
func (p *process) Query(ctx context.Context, database, query string) (string, error) {
	cmd := p.inside(ctx, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", p.Superuser(database))
	cmd.Stdin = strings.NewReader(query)
	return Run(cmd)
}

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	// The program is built by these tests and not imported: without this, go test would show results of
	// an older program after a part of it has changed.
	_ "github.com/tandem-badges/tandem/services/tandem/internal/command"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// startWithin bounds how long a process may take to become ready, with room for
// a busy machine.
const startWithin = 90 * time.Second

var programs = struct {
	dir, tandem, nats string
}{}

// TestMain builds the program and a NATS server once.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tandem-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		programs.dir, programs.tandem, programs.nats = dir, filepath.Join(dir, "tandem"), filepath.Join(dir, "nats-server")
		for program, pkg := range map[string]string{
			programs.tandem: "github.com/tandem-badges/tandem/services/tandem",
			programs.nats:   "github.com/nats-io/nats-server/v2",
		} {
			if output, err := exec.Command("go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "build %s: %v\n%s", pkg, err, output)
				return 1
			}
		}
		return m.Run()
	}())
}

// process is a running program that ends with the test.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
}

func start(t testing.TB, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), log: &buffer{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %v printed:\n%s", filepath.Base(program), args, p.log.tail())
		}
	})
	return p
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop asks the process to end and returns its exit code.
func (p *process) stop(signal syscall.Signal) int {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(signal))
	select {
	case <-p.done:
	case <-time.After(startWithin):
		p.t.Fatalf("the process did not stop on %s", signal)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// buffer keeps what a process prints.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	const most = 6000
	text := b.text.Bytes()
	return string(text[max(0, len(text)-most):])
}

// instance is the configuration of one installation under test: the same ports
// and data through kills and restarts.
type instance struct {
	t     testing.TB
	url   string
	ops   string
	data  string
	ports map[string]string
	env   []string

	program string // of serve
}

func newInstance(t testing.TB, env ...string) *instance {
	t.Helper()
	i := &instance{t: t, data: t.TempDir(), ports: map[string]string{}, program: programs.tandem}
	for _, name := range []string{"HTTP", "OPS", "SCHOOLS", "ASSESSMENTS", "EVIDENCE", "BADGES"} {
		i.ports[name] = freeAddress(t)
		i.env = append(i.env, "TANDEM_"+name+"_ADDR="+i.ports[name])
	}
	i.url, i.ops = "http://"+i.ports["HTTP"], "http://"+i.ports["OPS"]
	i.env = append(i.env, "TANDEM_DEV=true", "TANDEM_DATA="+i.data, "TANDEM_PUBLIC_URL="+i.url)
	i.env = append(i.env, env...)
	return i
}

// serve starts all services in one process and waits until they are ready.
func (i *instance) serve() *process {
	i.t.Helper()
	p := start(i.t, i.env, i.program, "serve", "all")
	i.awaitReady(i.ops, p)
	return p
}

// serveApart starts each service and the gateway as a process of its own.
func (i *instance) serveApart() map[string]*process {
	i.t.Helper()
	processes := map[string]*process{}
	for _, name := range []string{"schools", "assessments", "evidence", "badges", "gateway"} {
		ops := i.ports["OPS"]
		if name != "gateway" {
			ops = freeAddress(i.t)
		}
		processes[name] = start(i.t, append(i.env, "TANDEM_OPS_ADDR="+ops), programs.tandem, "serve", name)
	}
	i.awaitReady(i.ops, processes["gateway"])
	return processes
}

func (i *instance) awaitReady(base string, p *process) {
	i.t.Helper()
	await(i.t, "the instance to be ready", func() bool {
		if p != nil && !p.running() {
			i.t.Fatalf("the process ended:\n%s", p.log.tail())
		}
		resp, err := http.Get(base + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// play runs the walkthrough against the instance.
func (i *instance) play(ctx context.Context, options walkthrough.Options) (walkthrough.Result, string, error) {
	out := &buffer{}
	options.URL, options.Out = i.url, out
	options.Folder = filepath.Join(i.data, "walkthrough")
	options.Verify = func(ctx context.Context, target string) error {
		output, err := exec.CommandContext(ctx, programs.tandem, "verify", target).CombinedOutput()
		for retry := 0; options.Resume && err != nil && retry < 10; retry++ { // the instance may be away
			i.awaitReady(i.ops, nil)
			output, err = exec.CommandContext(ctx, programs.tandem, "verify", target).CombinedOutput()
		}
		if err != nil {
			return fmt.Errorf("verify %s: %w\n%s", target, err, output)
		}
		return nil
	}
	result, err := walkthrough.Play(ctx, options)
	return result, out.tail(), err
}

// await looks at a condition until it is true.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, startWithin, 20*time.Millisecond, "waited in vain for %s", what)
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// natsServer runs a real NATS server with JetStream.
func natsServer(t testing.TB) (url string) {
	t.Helper()
	url, _, _ = natsProcess(t)
	return url
}

// natsProcess also returns the server's process and the folder of its streams.
func natsProcess(t testing.TB) (url string, p *process, folder string) {
	t.Helper()
	folder = t.TempDir()
	address := freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	p = start(t, nil, programs.nats, "-js", "-a", host, "-p", port, "-sd", folder)
	await(t, "the NATS server", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil && p.running()
	})
	return "nats://" + address, p, folder
}

package run_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tandem-badges/tandem/services/kit/run"
)

const patience = 10 * time.Second

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// journal keeps the order of what happened.
type journal struct {
	mu     sync.Mutex
	events []string
}

func (j *journal) note(event string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, event)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.events...)
}

// fakeServer serves until it is drained.
func fakeServer(name string, j *journal) run.Server {
	stopped := make(chan struct{})
	return run.Server{
		Name:  name,
		Serve: func() error { <-stopped; return nil },
		Drain: func(context.Context) error { j.note("drain " + name); close(stopped); return nil },
	}
}

func waitingTask(name string, j *journal) run.Task {
	return run.Task{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		j.note("end " + name)
		return ctx.Err()
	}}
}

// start runs the group in the background and returns how it ended.
func start(ctx context.Context, g *run.Group) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	return ended
}

func await[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("waited in vain")
	}
	return v
}

func TestStopGoesTheWayOfARequestBackwards(t *testing.T) {
	j := &journal{}
	g := run.NewGroup(run.Options{Log: quiet()})
	g.Closer("bus", func(context.Context) error { j.note("close bus"); return nil })
	g.Closer("database", func(context.Context) error { j.note("close database"); return nil })
	g.Service(run.Service{Name: "schools", Tasks: []run.Task{waitingTask("relay", j)}})
	g.Server(fakeServer("grpc", j))
	g.Server(fakeServer("http", j))

	ctx, cancel := context.WithCancel(context.Background())
	ended := start(ctx, g)
	cancel()
	require.NoError(t, await(t, ended))
	require.Equal(t, []string{"drain http", "drain grpc", "end relay", "close database", "close bus"}, j.all())
}

func TestFirstFailureStopsEverythingAndIsNamed(t *testing.T) {
	broken := errors.New("broken")
	cases := map[string]struct {
		add  func(g *run.Group)
		want string
	}{
		"a task that fails": {func(g *run.Group) {
			g.Service(run.Service{Name: "schools", Tasks: []run.Task{{Name: "relay", Run: func(context.Context) error { return broken }}}})
		}, "task schools/relay: broken"},
		"a task that panics": {func(g *run.Group) {
			g.Task(run.Task{Name: "relay", Run: func(context.Context) error {
				panic("broken") //nolint:forbidigo // what the case is about
			}})
		}, "task relay: panic: broken"},
		"a server that cannot serve": {func(g *run.Group) {
			g.Server(run.Server{Name: "grpc", Serve: func() error { return broken }, Drain: func(context.Context) error { return nil }})
		}, "server grpc: broken"},
		"a server that stops by itself": {func(g *run.Group) {
			g.Server(run.Server{Name: "grpc", Serve: func() error { return nil }, Drain: func(context.Context) error { return nil }})
		}, "server grpc: stopped by itself"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			g := run.NewGroup(run.Options{Log: quiet()})
			g.Server(fakeServer("http", j))
			g.Task(waitingTask("inbox", j))
			c.add(g)
			require.ErrorContains(t, await(t, start(context.Background(), g)), c.want)
			require.Equal(t, []string{"drain http", "end inbox"}, j.all())
		})
	}
}

func TestTaskThatIsDoneEarlyIsNoFailure(t *testing.T) {
	done := make(chan struct{})
	g := run.NewGroup(run.Options{Log: quiet()})
	g.Task(run.Task{Name: "once", Run: func(context.Context) error { close(done); return nil }})
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(ctx, g)
	await(t, done)
	cancel()
	require.NoError(t, await(t, ended))
}

func TestWhatDoesNotEndIsLeftBehindAfterTheDeadline(t *testing.T) {
	closed := false
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	g := run.NewGroup(run.Options{Log: quiet(), Drain: 20 * time.Millisecond})
	g.Task(run.Task{Name: "stubborn", Run: func(context.Context) error { <-release; return nil }})
	g.Closer("database", func(context.Context) error { closed = true; return errors.New("busy") })

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := await(t, start(ctx, g))
	require.ErrorContains(t, err, "tasks did not end within the deadline")
	require.ErrorContains(t, err, "close database: busy")
	require.True(t, closed, "connections are closed all the same")
}

func TestSignals(t *testing.T) {
	j := &journal{}
	signals, exits := make(chan os.Signal), make(chan int, 1)
	draining, release := make(chan struct{}), make(chan struct{})
	g := run.NewGroup(run.Options{Log: quiet(), Signals: signals, SameSignal: time.Nanosecond, Exit: func(code int) { exits <- code }})
	g.Task(waitingTask("relay", j))
	g.Server(run.Server{Name: "grpc", Serve: func() error { <-release; return nil }, Drain: func(context.Context) error {
		close(draining)
		<-release
		return nil
	}})
	ended := start(context.Background(), g)

	signals <- syscall.SIGTERM
	await(t, draining)
	require.Empty(t, j.all(), "tasks go on while requests are in flight")
	signals <- syscall.SIGTERM
	require.Equal(t, 130, await(t, exits))
	close(release)
	require.NoError(t, await(t, ended))
}

// GNU make passes SIGTERM on to what it runs, also when it came to the whole group.
func TestASignalToldTwiceIsOne(t *testing.T) {
	signals := make(chan os.Signal)
	release := make(chan struct{})
	g := run.NewGroup(run.Options{Log: quiet(), Signals: signals, Exit: func(int) { t.Error("the stop was cut short") }})
	g.Server(run.Server{Name: "grpc", Serve: func() error { <-release; return nil }, Drain: func(context.Context) error {
		<-release
		return nil
	}})
	ended := start(context.Background(), g)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGTERM
	signals <- syscall.SIGINT
	close(release)
	require.NoError(t, await(t, ended))
}

func TestSignalsOfTheProcessAreHeard(t *testing.T) {
	started := make(chan struct{})
	g := run.NewGroup(run.Options{Log: quiet()})
	g.Task(run.Task{Name: "relay", Run: func(ctx context.Context) error { close(started); <-ctx.Done(); return nil }})
	ended := start(context.Background(), g)
	await(t, started)
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	require.NoError(t, await(t, ended))
}

// slowHealth answers when it is let go.
type slowHealth struct {
	healthv1.UnimplementedHealthServer
	entered chan struct{}
	release chan struct{}
}

func (s *slowHealth) Check(context.Context, *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	close(s.entered)
	<-s.release
	return &healthv1.HealthCheckResponse{}, nil
}

func TestGRPCCallInFlightIsFinished(t *testing.T) {
	slow := &slowHealth{entered: make(chan struct{}), release: make(chan struct{})}
	server := grpc.NewServer()
	healthv1.RegisterHealthServer(server, slow)
	listener := listen(t)
	g := run.NewGroup(run.Options{Log: quiet()})
	g.Server(run.GRPC("grpc", server, listener))
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(ctx, g)

	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	answered := make(chan error, 1)
	go func() {
		_, err := healthv1.NewHealthClient(conn).Check(context.Background(), &healthv1.HealthCheckRequest{})
		answered <- err
	}()
	await(t, slow.entered)
	cancel()
	close(slow.release)
	require.NoError(t, await(t, answered))
	require.NoError(t, await(t, ended))
}

func TestGRPCCallThatHangsIsCutAtTheDeadline(t *testing.T) {
	slow := &slowHealth{entered: make(chan struct{}), release: make(chan struct{})}
	server := grpc.NewServer()
	healthv1.RegisterHealthServer(server, slow)
	listener := listen(t)
	s := run.GRPC("grpc", server, listener)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()

	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	answered := make(chan error, 1)
	go func() {
		_, err := healthv1.NewHealthClient(conn).Check(context.Background(), &healthv1.HealthCheckRequest{})
		answered <- err
	}()
	await(t, slow.entered)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(ctx) }()
	require.Error(t, await(t, answered), "the caller is told")
	close(slow.release)
	require.ErrorIs(t, await(t, drained), context.DeadlineExceeded)
	require.NoError(t, await(t, served))
}

func TestHTTPRequestInFlightIsFinished(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	listener := listen(t)
	g := run.NewGroup(run.Options{Log: quiet()})
	g.Server(run.HTTP("http", &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	})}, listener))
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(ctx, g)

	answered := make(chan error, 1)
	go func() {
		resp, err := http.Get("http://" + listener.Addr().String())
		if err == nil {
			err = resp.Body.Close()
		}
		answered <- err
	}()
	await(t, entered)
	cancel()
	close(release)
	require.NoError(t, await(t, answered))
	require.NoError(t, await(t, ended))
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return listener
}

package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// DefaultDrain is how long a stop may take when nothing else is said.
const DefaultDrain = 20 * time.Second

// sameSignal is how soon after the first a second signal is taken for the same.
const sameSignal = 2 * time.Second

// Options of a Group. The zero value of each is usable but for Log.
type Options struct {
	Log   *slog.Logger
	Drain time.Duration // how long a stop may take; 0 means DefaultDrain
	// DrainDelay is how long a stopping process still serves, not ready any more,
	// before Drain begins: until nobody is sent to it.
	DrainDelay time.Duration
	// Signals, when set, replaces SIGINT and SIGTERM of the process.
	Signals <-chan os.Signal
	// SameSignal is how soon after the first a second signal is taken for the same,
	// which a terminal sent to the whole process group and make passed on; 0 means 2 s.
	SameSignal time.Duration
	// Exit, when set, replaces os.Exit for the second signal.
	Exit func(code int)
}

// Closer is a connection to close after everything that may use it.
type Closer struct {
	Name  string
	Close func(ctx context.Context) error
}

// Group holds the parts of a process. Build it in one goroutine, then Run it
// once.
type Group struct {
	opts    Options
	ready   *Readiness
	tasks   []Task
	servers []Server
	closers []Closer
}

// NewGroup returns a group without parts.
func NewGroup(opts Options) *Group {
	if opts.Drain <= 0 {
		opts.Drain = DefaultDrain
	}
	if opts.SameSignal <= 0 {
		opts.SameSignal = sameSignal
	}
	if opts.Exit == nil {
		opts.Exit = os.Exit
	}
	g := &Group{opts: opts, ready: NewReadiness(opts.Log)}
	g.ready.starting.Store(true)
	return g
}

// Readiness returns the registry of the group's checks.
func (g *Group) Readiness() *Readiness { return g.ready }

// Service adds the tasks and checks of a service, named "service/part". What
// it registers is the business of whoever builds the gRPC server.
func (g *Group) Service(svc Service) {
	for _, task := range svc.Tasks {
		g.Task(Task{Name: svc.Name + "/" + task.Name, Run: task.Run})
	}
	for _, check := range svc.Checks {
		check.Name = svc.Name + "/" + check.Name
		g.Check(check)
	}
}

// Task adds background work.
func (g *Group) Task(t Task) { g.tasks = append(g.tasks, t) }

// Check adds a readiness check.
func (g *Group) Check(c Check) { g.ready.Add(c) }

// Server adds a server; servers are drained in reverse order.
func (g *Group) Server(s Server) { g.servers = append(g.servers, s) }

// Closer adds a connection; connections are closed in reverse order.
func (g *Group) Closer(name string, closeFn func(ctx context.Context) error) {
	g.closers = append(g.closers, Closer{Name: name, Close: closeFn})
}

// Run starts tasks and servers and returns when they have stopped: because ctx
// ended, a signal came, or one of them failed, which is then the error. A
// second signal later during the stop ends the process at once.
func (g *Group) Run(ctx context.Context) error {
	ctx, stop := g.withSignals(ctx)
	defer stop()

	// Tasks outlive ctx: requests still in flight may need them.
	taskCtx, endTasks := context.WithCancel(context.WithoutCancel(ctx))
	defer endTasks()
	g.ready.starting.Store(false)
	failed := make(chan error, len(g.tasks)+len(g.servers))
	var tasks, servers sync.WaitGroup
	for _, task := range g.tasks {
		tasks.Go(func() { g.runTask(taskCtx, task, failed) })
	}
	for _, server := range g.servers {
		servers.Go(func() { g.runServer(ctx, server, failed) })
	}

	var cause error
	select {
	case <-ctx.Done():
		g.opts.Log.Info("stopping")
		cause = g.linger(failed)
	case cause = <-failed:
		g.opts.Log.Error("stopping after a failure", "error", cause)
	}
	return errors.Join(cause, g.shutdown(&servers, &tasks, endTasks))
}

func (g *Group) runTask(ctx context.Context, task Task, failed chan<- error) {
	err := g.protect(func() error { return task.Run(ctx) })
	if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return
	}
	failed <- fmt.Errorf("task %s: %w", task.Name, err)
}

func (g *Group) runServer(ctx context.Context, server Server, failed chan<- error) {
	err := g.protect(server.Serve)
	if err == nil && ctx.Err() == nil && !g.ready.isDraining() {
		err = errors.New("stopped by itself")
	}
	if err != nil {
		failed <- fmt.Errorf("server %s: %w", server.Name, err)
	}
}

// protect makes a panic an error, so that one broken part stops the process in
// good order instead of tearing the others down in the middle of their work.
func (g *Group) protect(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			g.opts.Log.Error("panic", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return fn()
}

// linger serves on for a while, so that whoever sends requests here learns in time
// that they must go elsewhere. A failure cuts it short.
func (g *Group) linger(failed <-chan error) error {
	g.ready.Drain()
	if g.opts.DrainDelay <= 0 {
		return nil
	}
	timer := time.NewTimer(g.opts.DrainDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case cause := <-failed:
		g.opts.Log.Error("a part failed while stopping", "error", cause)
		return cause
	}
}

// shutdown goes the way of a request backwards, within the deadline.
func (g *Group) shutdown(servers, tasks *sync.WaitGroup, endTasks func()) error {
	g.ready.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), g.opts.Drain)
	defer cancel()

	var errs []error
	for _, server := range slices.Backward(g.servers) {
		if err := server.Drain(ctx); err != nil {
			errs = append(errs, fmt.Errorf("drain server %s: %w", server.Name, err))
		}
	}
	errs = append(errs, wait(ctx, servers, "servers"))
	endTasks()
	errs = append(errs, wait(ctx, tasks, "tasks"))
	for _, closer := range slices.Backward(g.closers) {
		if err := closer.Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", closer.Name, err))
		}
	}
	return errors.Join(errs...)
}

func wait(ctx context.Context, wg *sync.WaitGroup, what string) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wg.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s did not end within the deadline", what)
	}
}

// Abort closes the connections of a group that was never run, in reverse order.
func (g *Group) Abort(ctx context.Context) error {
	var errs []error
	for _, closer := range slices.Backward(g.closers) {
		errs = append(errs, closer.Close(ctx))
	}
	return errors.Join(errs...)
}

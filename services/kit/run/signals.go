package run

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// forcedExit is the code of a process that was told twice to stop.
const forcedExit = 130

// withSignals ends the context at the first signal and the process at a second
// one that is not the first told twice. The watch lasts until stop is called,
// hence through the drain.
func (g *Group) withSignals(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals, release := g.signals()
	over := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case s := <-signals:
				switch {
				case first.IsZero():
					first = time.Now()
					g.opts.Log.Info("signal received, finishing work in flight", "signal", s.String())
					cancel()
				case time.Since(first) > g.opts.SameSignal:
					g.opts.Log.Warn("second signal received, ending at once", "signal", s.String())
					g.opts.Exit(forcedExit)
				}
			case <-over:
				return
			}
		}
	}()
	return ctx, func() {
		close(over)
		release()
		cancel()
	}
}

func (g *Group) signals() (<-chan os.Signal, func()) {
	if g.opts.Signals != nil {
		return g.opts.Signals, func() {}
	}
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}

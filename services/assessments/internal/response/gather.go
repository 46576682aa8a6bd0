package response

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	mostAtOnce  = 128              // of one run: bounds its transaction
	mostWaiting = 4096             // of a process: bounds its memory
	runTimeout  = 30 * time.Second // of one run, whatever the callers' deadlines
	fullRetry   = time.Second
)

// gather has one run do what many callers ask for at the same moment. Nobody waits
// while nothing runs; what comes during a run is done together by the next. A
// caller who goes away takes nobody along: what it asked for is done if a run has
// begun with it, and else left out.
type gather[I, O any] struct {
	what string // that waits, in the error of a full queue
	runs int    // at the same time
	run  func(ctx context.Context, in []I) ([]O, error)

	mu      sync.Mutex
	waiting []*ask[I, O]
	running int
}

// ask is what one caller wants.
type ask[I, O any] struct {
	ctx  context.Context // of the caller: only whether it still waits, and its trace
	in   I
	done chan struct{}
	out  O
	err  error
}

func newGather[I, O any](what string, runs int, run func(ctx context.Context, in []I) ([]O, error)) *gather[I, O] {
	return &gather[I, O]{what: what, runs: runs, run: run}
}

// do has a run do one thing, together with others.
func (g *gather[I, O]) do(ctx context.Context, in I) (out O, err error) {
	a := &ask[I, O]{ctx: ctx, in: in, done: make(chan struct{})}
	if !g.join(a) {
		return out, problem.Exhausted(g.what, fullRetry)
	}
	select {
	case <-a.done:
		return a.out, a.err
	case <-ctx.Done():
		return out, ctx.Err()
	}
}

// join queues the ask and sees to it that somebody serves the queue.
func (g *gather[I, O]) join(a *ask[I, O]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) >= mostWaiting {
		return false
	}
	g.waiting = append(g.waiting, a)
	if g.running < g.runs {
		g.running++
		go g.serve()
	}
	return true
}

// serve runs until nobody waits.
func (g *gather[I, O]) serve() {
	for batch := g.next(); len(batch) > 0; batch = g.next() {
		g.finish(batch)
	}
}

// next takes those who still wait from the queue; with none left this worker ends.
func (g *gather[I, O]) next() (batch []*ask[I, O]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := 0
	for _, a := range g.waiting {
		if len(batch) == mostAtOnce {
			break
		}
		taken++
		if a.ctx.Err() == nil {
			batch = append(batch, a)
		}
	}
	g.waiting = append(g.waiting[:0:0], g.waiting[taken:]...)
	if len(batch) == 0 {
		g.running--
	}
	return batch
}

// finish runs a batch. One that fails is run again in halves, so that what cannot
// be done fails alone, unless nothing could be done anyway.
func (g *gather[I, O]) finish(batch []*ask[I, O]) {
	out, err := g.once(batch)
	if half := len(batch) / 2; err != nil && half > 0 && !hopeless(err) {
		g.finish(batch[:half])
		g.finish(batch[half:])
		return
	}
	for i, a := range batch {
		if a.err = err; err == nil {
			a.out = out[i]
		}
		close(a.done)
	}
}

func (g *gather[I, O]) once(batch []*ask[I, O]) (out []O, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	ctx = traced(ctx, batch)
	defer func() {
		if r := recover(); r != nil { // or all who wait would wait for ever
			err = fmt.Errorf("panic while gathering %s: %v", g.what, r)
		}
	}()
	in := make([]I, len(batch))
	for i, a := range batch {
		in[i] = a.in
	}
	return g.run(ctx, in)
}

// traced has the run go on in the trace of the first caller whose trace is recorded;
// the traces of the others are told where to look. Nothing else of a caller comes
// along: a trace holds no code, no answer and nobody's name.
func traced[I, O any](ctx context.Context, batch []*ask[I, O]) context.Context {
	var leads trace.Span
	for _, a := range batch {
		span := trace.SpanFromContext(a.ctx)
		switch {
		case !span.IsRecording():
		case leads == nil:
			leads = span
			ctx = trace.ContextWithSpan(ctx, span)
		default:
			span.AddLink(trace.Link{SpanContext: leads.SpanContext()})
		}
	}
	return ctx
}

// hopeless tells whether each alone would fail as all together did.
func hopeless(err error) bool {
	return problem.Is(err, problem.KindUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

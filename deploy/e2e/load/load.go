// Package load puts a constant load on a running installation, and keeps a record
// of every request: what was asked, what came back and when.
//
// The load is open: a request leaves at its time, however long the ones before it
// take, as people do who do not know of each other. Reads and writes of all four
// services are mixed, among them some that must be refused. A write has an id of
// its own and is safe to repeat, so that what was not acknowledged can be sent again
// until it is (Settle), and package ledger can compare what was acknowledged with
// what is stored.
//
// Without Settle nothing is repeated: a request that fails has failed.
package load

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Options of a run.
type Options struct {
	URL    string // of the gateway
	Rate   int    // requests a second
	Out    io.Writer
	Settle time.Duration // how long writes that were not acknowledged are sent again afterwards; 0: not at all
	Tokens int           // survey codes to make before the start: one is used for each answer
}

// Record is one request.
type Record struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	ID       string    `json:"id,omitempty"` // of what is written
	Status   int       `json:"status"`       // 0: no answer came
	Micros   int64     `json:"micros"`
	Expected bool      `json:"expected"`
	Acked    bool      `json:"acked,omitempty"` // a write that was acknowledged
	Settled  bool      `json:"settled,omitempty"`
	Note     string    `json:"note,omitempty"` // why it is not as expected
	// Again is how often Go's HTTP client sent it again by itself, since the server
	// had closed an idle connection before it got anything of the request.
	Again int `json:"again,omitempty"`
}

// mostInFlight bounds what a load may pile up on an installation that hangs.
const mostInFlight = 4000

// runner is one run.
type runner struct {
	opts   Options
	world  *World
	caller *caller

	mu      sync.Mutex
	out     *json.Encoder
	tally   *Tally
	next    []*operation // what follows on writes that were acknowledged
	open    []*operation // writes without acknowledgement
	turn    int          // in the mix
	inFlght sync.WaitGroup
	slots   chan struct{}
}

// Run prepares the world where that was not done, and calls begun when the first request is
// about to leave; then it loads until ctx ends, brings open writes to an end and returns what
// it saw.
func Run(ctx context.Context, o Options, begun func()) (*Tally, error) {
	c := newCaller(o.URL)
	world, err := prepare(ctx, c, o.Tokens)
	if err != nil {
		return nil, fmt.Errorf("prepare the load: %w", err)
	}
	r := &runner{
		opts: o, world: world, caller: c, out: json.NewEncoder(o.Out),
		tally: newTally(), slots: make(chan struct{}, mostInFlight),
	}
	begun()
	r.pace(ctx)
	r.inFlght.Wait()
	r.finish()
	if o.Settle > 0 {
		if err := r.settle(o.Settle); err != nil {
			return r.tally, err
		}
	}
	return r.tally, nil
}

// pace sends a request at each beat.
func (r *runner) pace(ctx context.Context) {
	beat := time.NewTicker(time.Second / time.Duration(r.opts.Rate))
	defer beat.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		select {
		case r.slots <- struct{}{}:
		default:
			r.keep(Record{At: time.Now(), Kind: "load", Note: "too many requests wait for an answer"})
			continue
		}
		op := r.pick(n)
		r.inFlght.Go(func() {
			defer func() { <-r.slots }()
			r.send(context.WithoutCancel(ctx), op)
		})
	}
}

// pick takes what follows on a write where there is something, else what the mix says. Where
// failures are part of the play, every other beat sends again what was not acknowledged.
func (r *runner) pick(n int) *operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n%2 == 1 && r.opts.Settle > 0 && len(r.open) > 0 {
		op := r.open[0]
		r.open = r.open[1:]
		return op
	}
	if len(r.next) > 0 {
		op := r.next[0]
		r.next = r.next[1:]
		return op
	}
	// A turn of its own: what follows on writes must not push the same kinds out each time.
	r.turn++
	return r.world.operation(r.turn)
}

func (r *runner) send(ctx context.Context, op *operation) bool {
	rec := r.caller.do(ctx, op)
	r.keep(rec)
	if op.id == "" {
		return rec.Expected
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !rec.Acked:
		r.open = append(r.open, op)
	case op.then != nil:
		r.next = append(r.next, op.then)
	case op.frees != "":
		r.world.idle = append(r.world.idle, op.frees)
	}
	return rec.Acked
}

func (r *runner) keep(rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.add(rec)
	_ = r.out.Encode(rec)
}

// finish sends what follows on writes that were acknowledged: a team that is left in the midst of
// something could not begin it in the next load.
func (r *runner) finish() {
	for {
		r.mu.Lock()
		todo := r.next
		r.next = nil
		r.mu.Unlock()
		if len(todo) == 0 {
			return
		}
		for _, op := range todo {
			r.send(context.Background(), op)
		}
	}
}

// settle sends what was not acknowledged until it is.
func (r *runner) settle(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	r.caller.settling = true
	for {
		r.mu.Lock()
		todo := append(r.open, r.next...)
		r.open, r.next = nil, nil
		r.mu.Unlock()
		if len(todo) == 0 {
			return nil
		}
		failed := 0
		for _, op := range todo {
			if !r.send(ctx, op) {
				failed++
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%d writes were still not acknowledged %s after the load, such as %s %s",
					len(todo), within, op.kind, op.id)
			}
		}
		if failed > 0 {
			pause(ctx, time.Second)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// unique is an id that nobody else makes.
func unique() string { return strings.ToLower(rand.Text()) }

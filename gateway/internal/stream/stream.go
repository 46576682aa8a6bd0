// Package stream sends events to clients as they happen: server-sent events at
// /v1/events:stream.
//
// Each client has a watch of its own on the bus (kit/bus.Watch), narrowed to the
// districts in which the caller holds a role; package sight decides about every single
// event. The id of a sent event is the sealed position in all streams of the
// bus: a client that comes back with Last-Event-ID misses nothing and sees
// nothing twice. It is sealed, and so says nothing, because positions count
// events that the caller may not see.
//
// A client that does not read is dropped after a short wait and may resume; a
// stream ends when its token does, or when the gateway stops.
package stream

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/gateway/internal/sight"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	buffered     = 256              // events waiting for a client
	patience     = 5 * time.Second  // how long a full buffer may stay full
	writeTimeout = 10 * time.Second // how long one write may take
	heartbeat    = 15 * time.Second
)

// Watcher follows the bus.
type Watcher interface {
	Watch(ctx context.Context, o bus.WatchOptions, fn func(bus.Event)) error
}

// Options of New.
type Options struct {
	Bus      Watcher
	Verifier *identity.Verifier
	Log      *slog.Logger
	// Secret seals positions; all replicas need the same.
	Secret []byte
	// Ahead tells how far the product's clock is ahead of real time.
	Ahead func() time.Duration
	// Heartbeat and Patience replace the usual times in tests.
	Heartbeat, Patience time.Duration
}

// Handler is the event stream.
type Handler struct {
	opts  Options
	kinds sight.Kinds
	seal  *sealer
	stop  chan struct{}
	once  sync.Once
}

// New returns the handler.
func New(o Options) (*Handler, error) {
	if o.Heartbeat <= 0 {
		o.Heartbeat = heartbeat
	}
	if o.Patience <= 0 {
		o.Patience = patience
	}
	seal, err := newSealer(o.Secret)
	if err != nil {
		return nil, err
	}
	known, err := sight.Read()
	if err != nil {
		return nil, err
	}
	return &Handler{opts: o, kinds: known, seal: seal, stop: make(chan struct{})}, nil
}

// Stop ends all streams, so that a server can drain.
func (h *Handler) Stop() { h.once.Do(func() { close(h.stop) }) }

// ServeHTTP serves one client until they leave.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller, _ := access.FromContext(r.Context())
	want, violations := h.readWish(r)
	if len(violations) > 0 {
		problems.Write(w, r, problems.Invalid(violations...))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	feed := h.follow(ctx, caller, want)
	select {
	case <-feed.started:
	case err := <-feed.ended:
		h.refuse(w, r, err)
		return
	case <-ctx.Done():
		return
	}
	h.send(ctx, &sink{w: w, rc: http.NewResponseController(w)}, feed)
}

// refuse answers a watch that could not begin.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, bus.ErrCursor) {
		problems.Write(w, r, problems.Invalid(badCursor()))
		return
	}
	h.opts.Log.WarnContext(r.Context(), "event stream could not begin", "cause", err)
	problems.Error(w, r, problem.Unavailable("bus"))
}

// feed is a watch that is running.
type feed struct {
	events  chan bus.Event
	started chan struct{}
	ended   chan error
}

// errSlow ends a watch whose client does not read.
var errSlow = errors.New("client does not read")

// follow starts the watch of a client.
func (h *Handler) follow(ctx context.Context, caller access.Identity, want wish) *feed {
	f := &feed{events: make(chan bus.Event, buffered), started: make(chan struct{}), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancelCause(ctx)
	seen := h.kinds.Of(caller)
	options := bus.WatchOptions{Subjects: seen.Subjects(), After: want.after, Since: want.stored, Started: func() { close(f.started) }}
	go func() {
		err := h.opts.Bus.Watch(ctx, options, func(ev bus.Event) {
			if want.wants(ev) && seen.Sees(ev) && !h.offer(ctx, f.events, ev) {
				cancel(errSlow)
			}
		})
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		f.ended <- err
		cancel(nil)
	}()
	return f
}

// offer hands an event over, and waits a little when the client is behind: a
// replay is faster than any client.
func (h *Handler) offer(ctx context.Context, events chan<- bus.Event, ev bus.Event) bool {
	select {
	case events <- ev:
		return true
	default:
	}
	timer := time.NewTimer(h.opts.Patience)
	defer timer.Stop()
	select {
	case events <- ev:
		return true
	case <-ctx.Done():
		return true // ended for another reason
	case <-timer.C:
		return false
	}
}

// send writes events and heartbeats until something ends the stream.
func (h *Handler) send(ctx context.Context, out *sink, f *feed) {
	if out.begin() != nil {
		return
	}
	beat := time.NewTicker(h.opts.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-h.stop:
			return
		case cause := <-f.ended:
			h.opts.Log.InfoContext(ctx, "event stream ended", "cause", cause)
			return
		case <-beat.C:
			if _, invalid := h.opts.Verifier.Verify(identity.Token(ctx)); invalid != nil {
				return // the next connection asks for a new token
			}
			err = out.comment("still here")
		case ev := <-f.events:
			err = h.write(out, ev)
		}
		if err != nil {
			return
		}
	}
}

func (h *Handler) write(out *sink, ev bus.Event) error {
	id, err := h.seal.seal(ev.Cursor)
	if err != nil {
		return err
	}
	data, err := h.kinds.Render(ev)
	if err != nil {
		h.opts.Log.Warn("event could not be shown", "type", ev.Type, "error", err)
		return nil
	}
	return out.event(id, sight.ShortName(ev.Type), data)
}

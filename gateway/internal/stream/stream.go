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
// stream ends when its token or session does, or when the gateway stops. What a
// client sees follows its rights while it stays (view).
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
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	buffered     = 256              // events waiting for a client
	patience     = 5 * time.Second  // how long a full buffer may stay full
	writeTimeout = 10 * time.Second // how long one write may take
	heartbeat    = 15 * time.Second

	// action is that of following events, as the policies call it: people may, and
	// machines with the scope for it.
	action = "events.read"
)

// Watcher follows the bus.
type Watcher interface {
	Watch(ctx context.Context, o bus.WatchOptions, fn func(bus.Event)) error
}

// Options of New.
type Options struct {
	Bus     Watcher
	Callers Callers
	Log     *slog.Logger
	// Now is the product's time, by which grants begin and end.
	Now func() time.Time
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
	if !access.May(r.Context(), action, access.State) {
		problems.Error(w, r, problem.Denied(action))
		return
	}
	want, violations := h.readWish(r)
	if len(violations) > 0 {
		problems.Write(w, r, problems.Invalid(violations...))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	v := h.view(r.WithContext(ctx))
	feed := h.follow(ctx, v, want)
	select {
	case <-feed.started:
	case err := <-feed.ended:
		h.refuse(w, r, err)
		return
	case <-ctx.Done():
		return
	}
	h.send(ctx, &sink{w: w, rc: http.NewResponseController(w)}, v, feed)
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

// Why a watch ends that nobody asked to end.
var (
	errSlow   = errors.New("client does not read")
	errRights = errors.New("rights of the client ended, grew or could not be asked for")
)

// follow starts the watch of a client.
func (h *Handler) follow(ctx context.Context, v *view, want wish) *feed {
	f := &feed{events: make(chan bus.Event, buffered), started: make(chan struct{}), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancelCause(ctx)
	options := bus.WatchOptions{Subjects: v.subjects, After: want.after, Since: want.stored, Started: func() { close(f.started) }}
	go func() {
		err := h.opts.Bus.Watch(ctx, options, func(ev bus.Event) {
			switch {
			case ctx.Err() != nil:
			case v.concerns(ev) && !v.refresh():
				cancel(errRights)
			case want.wants(ev) && v.sees(ev) && !h.offer(ctx, f.events, ev):
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

// send writes events and heartbeats until something ends the stream. An event
// that waited here while rights ended is not sent.
func (h *Handler) send(ctx context.Context, out *sink, v *view, f *feed) {
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
			if !v.refresh() {
				return // the next connection proves itself anew
			}
			err = out.comment("still here")
		case ev := <-f.events:
			if v.sees(ev) {
				err = h.write(out, ev)
			}
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

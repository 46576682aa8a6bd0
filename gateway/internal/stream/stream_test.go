package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// fakeBus sends the events it was given, then waits.
type fakeBus struct {
	events []bus.Event
	fail   error // instead of starting

	mu     sync.Mutex
	sent   int
	asked  bus.WatchOptions
	ending error
}

func (f *fakeBus) Watch(ctx context.Context, o bus.WatchOptions, fn func(bus.Event)) error {
	f.mu.Lock()
	f.asked = o
	f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	o.Started()
	for _, ev := range f.events {
		if ctx.Err() != nil {
			break
		}
		fn(ev)
		f.mu.Lock()
		f.sent++
		f.mu.Unlock()
	}
	<-ctx.Done()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ending = context.Cause(ctx)
	return ctx.Err()
}

func (f *fakeBus) ended() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ending
}

func joined(t *testing.T, i int) bus.Event {
	t.Helper()
	name := fmt.Sprintf("districts/a/schools/b/teams/t/members/%d", i)
	data, err := proto.Marshal(&schoolsv1.MemberJoined{Name: name})
	require.NoError(t, err)
	return bus.Event{ID: fmt.Sprint(i), Type: "tandem.schools.v1.MemberJoined", Name: name, Data: data, Cursor: fmt.Sprint(i)}
}

// fakeCallers says who calls, as long as they are not gone.
type fakeCallers struct {
	mu    sync.Mutex
	id    access.Identity
	gone  error
	asked int
}

func newCallers(grants ...access.Grant) *fakeCallers {
	return &fakeCallers{id: access.Identity{Subject: "districts/a/people/ana", Grants: grants}}
}

func (f *fakeCallers) Again(r *http.Request) (context.Context, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return access.WithIdentity(r.Context(), f.id), f.gone == nil, f.gone
}

func (f *fakeCallers) change(gone error, grants ...access.Grant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone, f.id.Grants = gone, grants
}

var everything = access.Grant{Role: accessv1.Role_ROLE_STATE_ADMIN}

// harness is a handler over a fake bus.
func harness(t *testing.T, f *fakeBus, change func(*Options)) (*Handler, *fakeCallers) {
	t.Helper()
	callers := newCallers(everything)
	o := Options{
		Bus: f, Callers: callers, Log: slog.New(slog.DiscardHandler), Secret: bytes.Repeat([]byte{7}, 32),
		Now: time.Now, Ahead: func() time.Duration { return 0 },
	}
	if change != nil {
		change(&o)
	}
	h, err := New(o)
	require.NoError(t, err)
	return h, callers
}

// request is a request as it comes when it is known who calls.
func request(t *testing.T, callers *fakeCallers) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", "/v1/events:stream", http.NoBody)
	return r.WithContext(access.WithIdentity(t.Context(), callers.id))
}

// slowWriter takes the beginning and then nothing more until released.
type slowWriter struct {
	head    http.Header
	mu      sync.Mutex
	text    bytes.Buffer
	release chan struct{}
	after   int // writes that are taken at once
}

func (s *slowWriter) Header() http.Header { return s.head }
func (s *slowWriter) WriteHeader(int)     {}
func (s *slowWriter) Flush()              {}
func (s *slowWriter) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *slowWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.after--
	wait := s.after < 0
	s.text.Write(p)
	s.mu.Unlock()
	if wait {
		<-s.release
	}
	return len(p), nil
}

func TestAClientThatDoesNotReadIsDroppedAndHoldsNothingUp(t *testing.T) {
	f := &fakeBus{}
	for i := range 2 * buffered {
		f.events = append(f.events, joined(t, i))
	}
	h, callers := harness(t, f, func(o *Options) { o.Patience = 10 * time.Millisecond })
	w := &slowWriter{head: http.Header{}, release: make(chan struct{}), after: 2}
	done := make(chan struct{})
	go func() { defer close(done); h.ServeHTTP(w, request(t, callers)) }()
	kittest.Eventually(t, func() bool { return errors.Is(f.ended(), errSlow) }, "the watch has not ended")
	close(w.release)
	<-done
	require.Less(t, strings.Count(w.String(), "event: MemberJoined"), 2*buffered)
}

func TestAClientThatReadsSlowlyGetsEverything(t *testing.T) {
	f := &fakeBus{}
	for i := range 3 * buffered {
		f.events = append(f.events, joined(t, i))
	}
	h, callers := harness(t, f, nil)
	w := &slowWriter{head: http.Header{}, after: 1 << 30}
	go h.ServeHTTP(w, request(t, callers))
	kittest.Eventually(t, func() bool { return strings.Count(w.String(), "event: MemberJoined") == 3*buffered }, "not everything came")
	h.Stop()
	h.Stop() // again does no harm
}

func TestTheStreamBeatsWhileNothingHappensAndEndsWithItsCaller(t *testing.T) {
	h, callers := harness(t, &fakeBus{}, func(o *Options) { o.Heartbeat = 10 * time.Millisecond })
	w := &slowWriter{head: http.Header{}, after: 1 << 30}
	done := make(chan struct{})
	go func() { defer close(done); h.ServeHTTP(w, request(t, callers)) }()
	kittest.Eventually(t, func() bool { return strings.Contains(w.String(), ": still here\n\n") }, "no heartbeat")
	callers.change(problem.Unauthenticated(problem.ReasonTokenInvalid))
	<-done
	require.True(t, strings.HasPrefix(w.String(), "retry: 2000\n: connected\n\n"))
}

func TestABusThatIsAwayIsAProblem(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"away":                      {errors.New("no servers"), http.StatusServiceUnavailable},
		"a position it cannot read": {bus.ErrCursor, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			h, callers := harness(t, &fakeBus{fail: c.err}, nil)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(t, callers))
			require.Equal(t, c.code, w.Code)
			require.NotContains(t, w.Body.String(), "no servers")
		})
	}
}

func TestAnEventThatCannotBeShownIsLeftOut(t *testing.T) {
	bad := joined(t, 1)
	bad.Data = []byte("\xff\xff")
	f := &fakeBus{events: []bus.Event{bad, {Type: "tandem.other.v1.Unknown"}, joined(t, 2)}}
	h, callers := harness(t, f, nil)
	w := &slowWriter{head: http.Header{}, after: 1 << 30}
	go h.ServeHTTP(w, request(t, callers))
	kittest.Eventually(t, func() bool { return strings.Contains(w.String(), "members/2") }, "the good one has not come")
	require.Equal(t, 1, strings.Count(w.String(), "\nevent: "))
	h.Stop()
}

func TestOnlyAHandlerWithTheSameSecretOpensItsIDs(t *testing.T) {
	one, err := newSealer(bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	other, err := newSealer(bytes.Repeat([]byte{2}, 32))
	require.NoError(t, err)
	id, err := one.seal("position")
	require.NoError(t, err)
	position, err := one.open(id)
	require.NoError(t, err)
	require.Equal(t, "position", position)
	_, err = other.open(id)
	require.ErrorIs(t, err, bus.ErrCursor)
	for _, bad := range []string{"", "x", id[1:], id + "A"} {
		_, err := one.open(bad)
		require.ErrorIs(t, err, bus.ErrCursor, bad)
	}
	_, err = newSealer(nil)
	require.Error(t, err)
}

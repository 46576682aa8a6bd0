package stream

import (
	"context"
	"net/http"
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

// liveBus sends what a test tells it to.
type liveBus struct {
	mu       sync.Mutex
	subjects []string
	events   chan bus.Event
}

func (l *liveBus) Watch(ctx context.Context, o bus.WatchOptions, fn func(bus.Event)) error {
	l.mu.Lock()
	l.subjects = o.Subjects
	l.mu.Unlock()
	o.Started()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ev := <-l.events:
			fn(ev)
		}
	}
}

// following is a client of district a that follows the stream.
type following struct {
	bus     *liveBus
	callers *fakeCallers
	writer  *slowWriter
	done    chan struct{}
}

var leader = access.Grant{Role: accessv1.Role_ROLE_TEAM_LEAD, Node: "districts/a/schools/b"}

func follow(t *testing.T, now func() time.Time, grants ...access.Grant) *following {
	t.Helper()
	f := &following{
		bus: &liveBus{events: make(chan bus.Event)}, callers: newCallers(grants...),
		writer: &slowWriter{head: http.Header{}, after: 1 << 30}, done: make(chan struct{}),
	}
	h, err := New(Options{
		Bus: f.bus, Callers: f.callers, Log: kittest.Log(t), Secret: []byte(strings.Repeat("s", 32)),
		Now: now, Ahead: func() time.Duration { return 0 }, Heartbeat: time.Hour,
	})
	require.NoError(t, err)
	go func() { defer close(f.done); h.ServeHTTP(f.writer, request(t, f.callers)) }()
	t.Cleanup(func() { h.Stop(); <-f.done })
	return f
}

// sees sends an event and waits until it was shown.
func (f *following) sees(t *testing.T, i int) {
	t.Helper()
	ev := joined(t, i)
	f.bus.events <- ev
	kittest.Eventually(t, func() bool { return strings.Contains(f.writer.String(), ev.Name+`"`) }, "%s was not shown", ev.Name)
}

func ended(t *testing.T, person string) bus.Event {
	t.Helper()
	name := person + "/grants/g"
	data, err := proto.Marshal(&schoolsv1.GrantEnded{Name: name})
	require.NoError(t, err)
	return bus.Event{ID: "g", Type: "tandem.schools.v1.GrantEnded", Name: name, Data: data, Cursor: "g"}
}

func TestAGrantThatEndsIsGoneBeforeTheNextEvent(t *testing.T) {
	other := access.Grant{Role: accessv1.Role_ROLE_TEAM_LEAD, Node: "districts/a/schools/c"}
	f := follow(t, time.Now, leader, other)
	f.sees(t, 1)
	f.callers.change(nil, other)
	f.sees(t, 2) // nothing has told of it yet, and no heartbeat came
	f.bus.events <- ended(t, "districts/a/people/somebody-else")
	f.sees(t, 3)
	f.bus.events <- ended(t, "districts/a/people/ana")
	f.bus.events <- joined(t, 4)
	f.bus.events <- ended(t, "districts/a/people/ana") // taken when the one before was dealt with
	require.NotContains(t, f.writer.String(), "members/4")
	require.NotContains(t, f.writer.String(), "GrantEnded", "nor does a team lead see grants")
}

func TestTheStreamEndsWhenTheCallerIsGoneOrSeesMore(t *testing.T) {
	for name, change := range map[string]func(f *following){
		"disabled":            func(f *following) { f.callers.change(problem.Unauthenticated(problem.ReasonTokenInvalid)) },
		"nobody can be asked": func(f *following) { f.callers.change(problem.Unavailable("schools")) },
		"a role in a district more": func(f *following) {
			f.callers.change(nil, leader, access.Grant{Role: leader.Role, Node: "districts/z"})
		},
		"a role for the state": func(f *following) { f.callers.change(nil, everything) },
	} {
		t.Run(name, func(t *testing.T) {
			f := follow(t, time.Now, leader)
			f.sees(t, 1)
			change(f)
			f.bus.events <- ended(t, "districts/a/people/ana")
			<-f.done
		})
	}
}

func TestGrantsEndByTheProductsClockWhileAStreamIsOpen(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	short := leader
	short.End = now.Add(time.Hour)
	f := follow(t, clock, short)
	f.sees(t, 1)
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	f.bus.events <- joined(t, 2)
	f.bus.events <- joined(t, 3)
	require.NotContains(t, f.writer.String(), "members/2")
}

func TestTheWatchHoldsWhatTellsOfOnesOwnRights(t *testing.T) {
	f := follow(t, time.Now, access.Grant{Role: leader.Role, Node: "districts/z"})
	kittest.Eventually(t, func() bool { f.bus.mu.Lock(); defer f.bus.mu.Unlock(); return f.bus.subjects != nil }, "no watch")
	require.Contains(t, f.bus.subjects, "tandem.schools.*.*.v1.a", "the district in which they are registered")
	require.NotContains(t, f.bus.subjects, "tandem.badges.*.*.v1.a", "and nothing else of it")
	require.Contains(t, f.bus.subjects, "tandem.badges.*.*.v1.z")

	all := follow(t, time.Now, everything)
	kittest.Eventually(t, func() bool { all.bus.mu.Lock(); defer all.bus.mu.Unlock(); return all.bus.subjects != nil }, "no watch")
	require.NotContains(t, all.bus.subjects, "tandem.schools.*.*.v1.a", "no subject is followed twice")
}

package bus_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/internal/sample"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func event(i int, district string) bus.Event {
	return bus.Event{
		ID: fmt.Sprint("e", i), Type: "sample.schools.ThingMade", Subject: "tandem.schools.thing.made.v1." + district,
		Name: "districts/" + district + "/things/1", Time: kittest.Start().Add(time.Duration(i) * time.Microsecond), Data: []byte{8, byte(i)},
	}
}

// seen collects events from Watch's goroutine.
type seen struct {
	mu     sync.Mutex
	events []bus.Event
}

func (s *seen) add(ev bus.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, ev)
}

func (s *seen) at(i int) bus.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[i]
}

func (s *seen) ids() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ev := range s.events {
		out = append(out, ev.ID)
	}
	return out
}

// watch follows until the test ends and returns what it sees.
func watch(t *testing.T, b *bus.Bus, o bus.WatchOptions) *seen {
	t.Helper()
	var s seen
	started := make(chan struct{})
	o.Started = func() { close(started) }
	kittest.Go(t, func(ctx context.Context) error {
		if err := b.Watch(ctx, o, s.add); ctx.Err() == nil {
			return err
		}
		return nil
	})
	<-started
	return &s
}

func TestWatchSeesWhatIsPublishedInOrderAndOnce(t *testing.T) {
	b := kittest.NATS(t)
	require.NoError(t, b.Ensure(t.Context(), "schools"))
	require.NoError(t, b.Publish(t.Context(), event(0, "d1")))
	s := watch(t, b, bus.WatchOptions{Subjects: []string{"tandem.schools.*.*.v1.d1", "tandem.badges.>"}})
	for i := 1; i <= 3; i++ {
		require.NoError(t, b.Publish(t.Context(), event(i, "d1")))
		require.NoError(t, b.Publish(t.Context(), event(i, "d1")), "the bus keeps a repeated id once")
		require.NoError(t, b.Publish(t.Context(), event(10+i, "d2")))
	}
	kittest.Eventually(t, func() bool { return len(s.ids()) >= 3 }, "three events arrive")
	require.Equal(t, []string{"e1", "e2", "e3"}, s.ids(), "nothing older, nothing of another district, nothing twice")
	got := s.at(0)
	require.NotEmpty(t, got.Cursor)
	got.Cursor = ""
	require.Equal(t, event(1, "d1"), got)
	require.Equal(t, "schools", got.Service())
	require.Equal(t, "d1", got.District())
}

func TestWatchResumesAfterTheLastEventSeen(t *testing.T) {
	b := kittest.NATS(t)
	subjects := []string{"tandem.schools.>", "tandem.badges.>"}
	first := watch(t, b, bus.WatchOptions{Subjects: subjects})
	for i := 1; i <= 2; i++ {
		require.NoError(t, b.Publish(t.Context(), event(i, "d1")))
	}
	award := bus.Event{ID: "b1", Type: "x.Y", Subject: "tandem.badges.award.made.v1.d1", Name: "districts/d1", Time: kittest.Start()}
	kittest.Eventually(t, func() bool { return len(first.ids()) == 2 }, "two events arrive")
	require.NoError(t, b.Publish(t.Context(), award))
	require.NoError(t, b.Publish(t.Context(), event(3, "d1")))

	again := watch(t, b, bus.WatchOptions{Subjects: subjects, After: first.at(0).Cursor})
	kittest.Eventually(t, func() bool { return len(again.ids()) >= 3 }, "the rest arrives")
	require.ElementsMatch(t, []string{"e2", "e3", "b1"}, again.ids(), "of every stream, what came after the cursor")
	all := watch(t, b, bus.WatchOptions{Subjects: subjects, Since: time.Now().Add(-time.Hour)})
	kittest.Eventually(t, func() bool { return len(all.ids()) >= 4 }, "since an hour ago is everything")
}

func TestWatchRefuses(t *testing.T) {
	b := kittest.NATS(t)
	for name, o := range map[string]bus.WatchOptions{
		"no subject":                {},
		"a subject of all services": {Subjects: []string{"tandem.*.>"}},
		"a foreign subject":         {Subjects: []string{"orders.schools.>"}},
		"a cursor made up":          {Subjects: []string{"tandem.schools.>"}, After: "nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, b.Watch(t.Context(), o, func(bus.Event) {}))
		})
	}
}

func TestPublishWithoutAStreamFails(t *testing.T) {
	b := kittest.NATS(t)
	require.Error(t, b.Publish(t.Context(), event(1, "d1")))
	require.NoError(t, b.Ensure(t.Context(), "schools"))
	require.NoError(t, b.Ensure(t.Context(), "schools"), "again is no error")
	require.NoError(t, b.Publish(t.Context(), event(1, "d1")))
	require.NoError(t, b.Ping(t.Context()))
}

func TestEventsSurviveARestartAndOtherProcessesConnect(t *testing.T) {
	dir := t.TempDir()
	for i := 1; i <= 2; i++ {
		server, err := bus.StartEmbedded(dir, nil, bus.Listen("127.0.0.1:0"))
		require.NoError(t, err)
		b, err := bus.Connect(t.Context(), bus.Options{URL: server.ClientURL(), Name: "other process"})
		require.NoError(t, err)
		require.NoError(t, b.Ensure(t.Context(), "schools"))
		require.NoError(t, b.Publish(t.Context(), event(i, "d1")))
		s := watch(t, b, bus.WatchOptions{Subjects: []string{"tandem.schools.>"}, Since: time.Now().Add(-time.Hour)})
		kittest.Eventually(t, func() bool { return len(s.ids()) == i }, "%d events are kept", i)
		b.Close()
		server.Shutdown()
		server.WaitForShutdown()
	}
}

func TestConnectGivesUpOnAServerThatIsAway(t *testing.T) {
	_, err := bus.Connect(t.Context(), bus.Options{URL: "nats://127.0.0.1:1", Wait: 10 * time.Millisecond})
	require.ErrorContains(t, err, "connect to the bus")
	_, err = bus.StartEmbedded(t.TempDir(), nil, bus.Listen("nonsense"))
	require.ErrorContains(t, err, "want host:port")
}

func TestTopicsComeFromTheEventOption(t *testing.T) {
	s, err := sample.New("schools")
	require.NoError(t, err)
	topic, err := bus.TopicOf(s.Message("ThingMade"))
	require.NoError(t, err)
	require.Equal(t, "sample.schools.ThingMade", topic.Type)
	require.Equal(t, "tandem.schools.thing.made.v1.d1", topic.Subject("d1"))
	require.Equal(t, "tandem.schools.thing.made.v1.*", topic.Filter())
	_, err = bus.TopicOf(s.Message("Request"))
	require.ErrorContains(t, err, "no event option")
}

func TestDistrictOfAResourceName(t *testing.T) {
	for name, want := range map[string]string{
		"districts/d1": "d1", "districts/0880/schools/s": "0880", "badgeDefinitions/b": bus.State, "": bus.State,
	} {
		got, err := bus.DistrictOf(name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"districts/a.b/x", "districts/*", "districts/>", "districts/", "districts/a b"} {
		_, err := bus.DistrictOf(name)
		require.Error(t, err, name)
	}
}

package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/ids"
)

// frame is one event as it arrives.
type frame struct {
	id, event string
	data      struct {
		ID      string          `json:"id"`
		Type    string          `json:"type"`
		Time    time.Time       `json:"time"`
		Subject string          `json:"subject"`
		Data    json.RawMessage `json:"data"`
	}
}

// listener reads an event stream.
type listener struct {
	t      *testing.T
	frames chan frame
	closed chan struct{}
	leave  context.CancelFunc
}

// listen opens a stream and returns when it has begun.
func (w *world) listen(grant access.Grant, query, lastID string) *listener {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", w.url+"/v1/events:stream"+query, http.NoBody)
	require.NoError(w.t, err)
	req.Header.Set("Authorization", w.token(grant))
	req.Header.Set("Accept-Encoding", "gzip")
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(req) //nolint:bodyclose // the goroutine that reads it closes it
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
	require.Equal(w.t, "text/event-stream", resp.Header.Get("Content-Type"))
	require.Empty(w.t, resp.Header.Get("Content-Encoding"))
	l := &listener{t: w.t, frames: make(chan frame, 100), closed: make(chan struct{}), leave: cancel}
	go func() {
		defer close(l.closed)
		defer func() { _ = resp.Body.Close() }()
		var f frame
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				f.id = value
			case "event":
				f.event = value
			case "data":
				_ = json.Unmarshal([]byte(value), &f.data)
			case "":
				if f.event != "" {
					l.frames <- f
				}
				f = frame{}
			}
		}
	}()
	return l
}

// next returns the next event.
func (l *listener) next() frame {
	l.t.Helper()
	select {
	case f := <-l.frames:
		return f
	case <-l.closed:
		l.t.Fatal("the stream ended")
	case <-time.After(20 * time.Second):
		l.t.Fatal("no event came")
	}
	return frame{}
}

// subjects returns the resources of the next n events.
func (l *listener) subjects(n int) []string {
	l.t.Helper()
	var names []string
	for range n {
		names = append(names, l.next().data.Subject)
	}
	return names
}

// happen publishes an event about the resource that the message names.
func (w *world) happen(msg proto.Message, at time.Time) string {
	w.t.Helper()
	m := msg.ProtoReflect()
	name := m.Get(m.Descriptor().Fields().ByName("name")).String()
	topic, err := bus.TopicOf(msg)
	require.NoError(w.t, err)
	district, err := bus.DistrictOf(name)
	require.NoError(w.t, err)
	data, err := proto.Marshal(msg)
	require.NoError(w.t, err)
	require.NoError(w.t, w.bus.Ensure(w.t.Context(), topic.Service))
	id := ids.New()
	require.NoError(w.t, w.bus.Publish(w.t.Context(), bus.Event{
		ID: id, Type: topic.Type, Subject: topic.Subject(district), Name: name, Time: at, Data: data,
	}))
	return id
}

func (w *world) awarded(school, award string) string {
	w.t.Helper()
	return w.happen(&badgesv1.BadgeAwarded{Name: school + "/awards/" + award, Standard: "share-power"}, time.Now())
}

const (
	oak = "districts/aspen/schools/oak"
	ash = "districts/aspen/schools/ash"
	elm = "districts/birch/schools/elm"
)

func TestAnEventArrivesAsItHappened(t *testing.T) {
	w := start(t)
	l := w.listen(coordinator, "", "")
	id := w.awarded(oak, "a1")
	f := l.next()
	require.Equal(t, "BadgeAwarded", f.event)
	require.NotEmpty(t, f.id)
	require.Equal(t, id, f.data.ID)
	require.Equal(t, "tandem.badges.v1.BadgeAwarded", f.data.Type)
	require.Equal(t, oak+"/awards/a1", f.data.Subject)
	require.WithinDuration(t, time.Now(), f.data.Time, time.Minute)
	var data map[string]any
	require.NoError(t, json.Unmarshal(f.data.Data, &data))
	require.Equal(t, "share-power", data["standard"])
	require.NotContains(t, f.id, "badges", "the id says nothing about the bus")
}

func TestEverybodySeesTheirPartOnly(t *testing.T) {
	w := start(t)
	people := map[string]*listener{
		"state": w.listen(stateAdmin, "", ""), "aspen": w.listen(coordinator, "", ""),
		"oak": w.listen(teamLead, "", ""), "birch": w.listen(neighbour, "", ""),
	}
	now := time.Now()
	w.happen(&schoolsv1.TeamFormed{Name: oak + "/teams/t"}, now)
	w.happen(&schoolsv1.TeamFormed{Name: ash + "/teams/t"}, now)
	w.happen(&schoolsv1.TeamFormed{Name: elm + "/teams/t"}, now)
	w.happen(&schoolsv1.PersonChanged{Name: "districts/aspen/people/ana"}, now) // coordinators only
	w.happen(&schoolsv1.PersonChanged{Name: "people/zoe"}, now)                 // state administrators only
	w.happen(&schoolsv1.CycleOpened{Name: "cycles/2026-27"}, now)               // everybody
	for name, want := range map[string][]string{
		"state": {oak + "/teams/t", ash + "/teams/t", elm + "/teams/t", "districts/aspen/people/ana", "people/zoe", "cycles/2026-27"},
		"aspen": {oak + "/teams/t", ash + "/teams/t", "districts/aspen/people/ana", "cycles/2026-27"},
		"oak":   {oak + "/teams/t", "cycles/2026-27"},
		"birch": {elm + "/teams/t", "cycles/2026-27"},
	} {
		require.Equal(t, want, people[name].subjects(len(want)), name)
	}
}

func TestAClientThatComesBackMissesNothingAndSeesNothingTwice(t *testing.T) {
	w := start(t)
	first := w.listen(coordinator, "", "")
	w.awarded(oak, "a1")
	w.happen(&schoolsv1.TeamFormed{Name: oak + "/teams/t1"}, time.Now())
	seen := map[string]bool{}
	var last string
	for range 2 {
		f := first.next()
		seen[f.data.Subject], last = true, f.id
	}
	first.leave()
	<-first.closed
	w.awarded(oak, "a2") // while nobody listens
	w.awarded(elm, "a9") // foreign
	w.happen(&schoolsv1.TeamFormed{Name: oak + "/teams/t2"}, time.Now())
	second := w.listen(coordinator, "", last)
	w.awarded(ash, "a3")
	for range 3 {
		f := second.next()
		require.False(t, seen[f.data.Subject], f.data.Subject)
		seen[f.data.Subject], last = true, f.id
	}
	require.Equal(t, map[string]bool{
		oak + "/awards/a1": true, oak + "/teams/t1": true, oak + "/awards/a2": true, oak + "/teams/t2": true, ash + "/awards/a3": true,
	}, seen)
	third := w.listen(coordinator, "", last)
	w.awarded(oak, "a4")
	require.Equal(t, oak+"/awards/a4", third.next().data.Subject, "nothing twice")
}

func TestAStreamCanBeNarrowedAndBeginInThePast(t *testing.T) {
	w := start(t)
	begin := w.clock.Now()
	w.clock.SetOffset(300 * 24 * time.Hour) // half a school year is played
	later := w.clock.Now()
	w.happen(&schoolsv1.TeamFormed{Name: oak + "/teams/early"}, begin)
	w.happen(&schoolsv1.TeamFormed{Name: oak + "/teams/late"}, later)
	w.awarded(oak, "a1")
	since := func(at time.Time, more string) string {
		return "?since=" + url.QueryEscape(at.Format(time.RFC3339)) + more
	}
	for name, c := range map[string]struct {
		query string
		want  []string
	}{
		"all since then":              {since(begin.Add(-time.Second), ""), []string{oak + "/teams/early", oak + "/teams/late", oak + "/awards/a1"}},
		"since a time of the product": {since(later.Add(-time.Hour), "&types=TeamFormed"), []string{oak + "/teams/late"}},
		"one type":                    {since(begin.Add(-time.Second), "&types=BadgeAwarded"), []string{oak + "/awards/a1"}},
		"one type by its full name":   {since(begin.Add(-time.Second), "&types=tandem.badges.v1.BadgeAwarded,CycleOpened"), []string{oak + "/awards/a1"}},
		"one resource":                {since(begin.Add(-time.Second), "&resource="+oak+"/teams/late"), []string{oak + "/teams/late"}},
		"all below a resource":        {since(begin.Add(-time.Second), "&resource="+oak+"/teams"), []string{oak + "/teams/early", oak + "/teams/late"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := w.listen(coordinator, c.query, "")
			require.ElementsMatch(t, c.want, l.subjects(len(c.want)))
		})
	}
}

func TestAWishThatCannotBeReadIsRefused(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct{ query, lastID, field string }{
		"a type that is none":     {"?types=BadgeAwarded,Nonsense", "", "types"},
		"a time that is none":     {"?since=yesterday", "", "since"},
		"an unknown parameter":    {"?type=BadgeAwarded", "", "type"},
		"a parameter twice":       {"?resource=a&resource=b", "", "resource"},
		"an id that is not ours":  {"", "eyJiYWRnZXMiOjF9", "Last-Event-ID"},
		"an id that is no base64": {"", "***", "Last-Event-ID"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if c.lastID != "" {
				headers = append(headers, "Last-Event-ID: "+c.lastID)
			}
			a := w.as(coordinator, "GET", "/v1/events:stream"+c.query, "", headers...)
			require.Equal(t, http.StatusBadRequest, a.status)
			require.Equal(t, []string{c.field}, a.problem(t).fields())
		})
	}
}

func TestStreamsEndAtOnceWhenTheServerStops(t *testing.T) {
	w := start(t)
	l := w.listen(coordinator, "", "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	require.NoError(t, w.server.Shutdown(ctx))
	<-l.closed
	require.Less(t, time.Since(began), 5*time.Second)
}

package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/sight"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

const (
	aspen = "districts/aspen"
	birch = "districts/birch"
)

// rig is webhooks over a database, with a clock that stands still until it is moved.
type rig struct {
	t     *testing.T
	ctx   context.Context
	db    *sqldb.DB
	store *store.Store
	clock *clock.Fake
	log   *syncBuffer
	kinds sight.Kinds
	box   seal.Box
	hooks *webhook.Service
}

type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newRig(t *testing.T, db *sqldb.DB) *rig {
	t.Helper()
	r := &rig{
		t: t, db: db, ctx: tenant.Everything(t.Context(), "tests are of all districts"), log: &syncBuffer{},
		clock: clock.NewFake(time.Now().Add(time.Hour)), // so that ids made by the test lie before what it does later
	}
	r.store = store.New(db, r.clock)
	var err error
	r.kinds, err = sight.Read()
	require.NoError(t, err)
	r.box, err = seal.New(make([]byte, 32))
	require.NoError(t, err)
	r.hooks = &webhook.Service{
		Store: r.store, Clock: r.clock, Box: r.box, Kinds: r.kinds, Egress: egress.Options{AllowLoopback: true},
		District: func(context.Context, string) error { return nil }, Sender: r.sender(nil),
	}
	return r
}

func sqlite(t *testing.T) *rig {
	t.Helper()
	return newRig(t, kittest.SQLite(t, "gateway", store.Migrations()))
}

// sender is one as a replica has it; client may be nil.
func (r *rig) sender(client *http.Client) *webhook.Sender {
	if client == nil {
		client = egress.New(egress.Options{AllowLoopback: true, Timeout: 5 * time.Second})
	}
	return &webhook.Sender{
		Store: r.store, Clock: r.clock, Box: r.box, Client: client, Tick: 5 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}
}

func (r *rig) feeder(b webhook.Watcher) *webhook.Feeder {
	return &webhook.Feeder{Store: r.store, Bus: b, Kinds: r.kinds, Clock: r.clock, Log: slog.New(slog.NewTextHandler(r.log, nil))}
}

// register makes an endpoint that hears what happened since the test began.
func (r *rig) register(district, id, url string, types ...string) (webhook.Endpoint, string) {
	r.t.Helper()
	now := r.clock.Now()
	r.clock.Advance(-2 * time.Hour)
	e, secret, err := r.hooks.Create(r.ctx, district, id, webhook.Fields{URL: url, Description: "of the test", EventTypes: types})
	require.NoError(r.t, err)
	r.clock.Advance(now.Sub(r.clock.Now()))
	return e, secret
}

// queue keeps a delivery that is due.
func (r *rig) queue(e webhook.Endpoint) string {
	r.t.Helper()
	now, id := r.clock.Now(), ids.New()
	require.NoError(r.t, r.store.AddDeliveries(r.ctx, []webhook.Delivery{{
		Endpoint: e.Name, Event: id, EventType: "BadgeAwarded", Happened: now, Body: []byte(`{"type":"BadgeAwarded"}`),
		State: webhook.Pending, Due: now, Created: now, Updated: now,
	}}))
	return id
}

func (r *rig) delivery(e webhook.Endpoint, event string) webhook.Delivery {
	r.t.Helper()
	d, err := r.store.Delivery(r.ctx, e.Name, event)
	require.NoError(r.t, err)
	return d
}

func (r *rig) endpoint(e webhook.Endpoint) webhook.Endpoint {
	r.t.Helper()
	e, err := r.store.Endpoint(r.ctx, e.Name)
	require.NoError(r.t, err)
	return e
}

// tried waits until a delivery was tried so often, and returns it.
func (r *rig) tried(e webhook.Endpoint, event string, attempts int) (d webhook.Delivery) {
	r.t.Helper()
	kittest.Eventually(r.t, func() bool {
		d = r.delivery(e, event)
		settled := d.State != webhook.Pending || d.Error != "" && !d.Updated.Before(r.clock.Now())
		return d.Attempts == attempts && settled
	}, "%d tries of %s", attempts, event)
	return d
}

// received is one request as the receiver read it.
type received struct {
	header http.Header
	body   []byte
}

func (m received) id() string { return m.header.Get("webhook-id") }

// verify checks the signature with a secret. The clock of the test is not that of
// the library.
func (m received) verify(secret string) error {
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return err
	}
	return w.VerifyIgnoringTimestamp(m.body, m.header)
}

func (m received) read(t *testing.T) (typ string, data map[string]any) {
	t.Helper()
	var body struct {
		Type      string
		Timestamp time.Time
		Data      map[string]any
	}
	require.NoError(t, json.Unmarshal(m.body, &body))
	return body.Type, body.Data
}

// receiver is an address outside that does what the test says.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []received
	next http.HandlerFunc
}

func receive(t *testing.T, next http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{next: next}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, received{req.Header, body})
		next := r.next
		r.mu.Unlock()
		if next != nil {
			next(w, req)
		}
	}))
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *receiver) answer(next http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = next
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received{}, r.got...)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// event publishes one on a bus and returns its id.
func publish(t *testing.T, b *bus.Bus, msg proto.Message, name string) string {
	t.Helper()
	ev := eventOf(t, msg, name)
	require.NoError(t, b.Ensure(t.Context(), ev.Service()))
	require.NoError(t, b.Publish(t.Context(), ev))
	return ev.ID
}

func eventOf(t *testing.T, msg proto.Message, name string) bus.Event {
	t.Helper()
	topic, err := bus.TopicOf(msg)
	require.NoError(t, err)
	district, err := bus.DistrictOf(name)
	require.NoError(t, err)
	data, err := proto.Marshal(msg)
	require.NoError(t, err)
	return bus.Event{ID: ids.New(), Type: topic.Type, Subject: topic.Subject(district), Name: name, Time: kittest.Start(), Data: data}
}

func awarded(district string) (proto.Message, string) {
	name := district + "/schools/oak/awards/w"
	return &badgesv1.BadgeAwarded{Name: name}, name
}

func formed(district string) (proto.Message, string) {
	name := district + "/schools/oak/teams/t"
	return &schoolsv1.TeamFormed{Name: name}, name
}

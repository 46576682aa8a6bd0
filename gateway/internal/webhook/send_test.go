package webhook_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

func TestADeliveryArrivesSigned(t *testing.T) {
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		to := receive(t, status(204))
		e, secret := r.register(aspen, "hook", to.URL)
		kittest.Go(t, r.sender(nil).Run)
		id := r.queue(e)
		d := r.tried(e, id, 1)
		require.Equal(t, webhook.Delivered, d.State)
		require.Equal(t, 204, d.Status)
		require.Empty(t, d.Error)
		require.Len(t, to.all(), 1)
		got := to.all()[0]
		require.Equal(t, id, got.id())
		require.Equal(t, "application/json", got.header.Get("Content-Type"))
		require.Equal(t, fmt.Sprint(r.clock.Now().Unix()), got.header.Get("webhook-timestamp"))
		require.NoError(t, got.verify(secret))
		require.Error(t, got.verify("whsec_"+strings.Repeat("A", 44)))
		require.Equal(t, r.clock.Now(), r.endpoint(e).LastSuccess)
	})
}

// A receiver that fails in every way is tried again, and gets it in the end.
func TestAReceiverThatFailsIsTriedAgain(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
		words  string
	}{
		"an error of its own": {status(500), 500, "The address answered 500."},
		"no such page":        {status(404), 404, "The address answered 404."},
		"a redirect inside": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		}, 302, "The address answered 302; redirects are not followed."},
		"nothing at all": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "There was no complete answer in time."},
		"a connection that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, 0, "The connection failed before there was a complete answer."},
		"half a line": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 20")
				_ = conn.Close()
			}
		}, 0, "The connection failed before there was a complete answer."},
		"headers without measure": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", big)
		}, 0, "The connection failed before there was a complete answer."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sqlite(t)
			to := receive(t, c.answer)
			e, secret := r.register(aspen, "hook", to.URL)
			client := egress.New(egress.Options{AllowLoopback: true, Timeout: 300 * time.Millisecond})
			kittest.Go(t, r.sender(client).Run)
			id := r.queue(e)
			d := r.tried(e, id, 1)
			require.Equal(t, webhook.Pending, d.State)
			require.Equal(t, c.status, d.Status)
			require.Equal(t, c.words, d.Error)
			require.WithinRange(t, d.Due, r.clock.Now().Add(4*time.Second), r.clock.Now().Add(6*time.Second))
			require.Equal(t, r.clock.Now(), r.endpoint(e).FirstFailure)

			to.answer(status(200))
			r.clock.Advance(10 * time.Second)
			require.Equal(t, webhook.Delivered, r.tried(e, id, 2).State)
			require.Zero(t, r.endpoint(e).FirstFailure)
			all := to.all()
			require.Len(t, all, 2)
			require.Equal(t, all[0].id(), all[1].id())
			require.NotEqual(t, all[0].header.Get("webhook-timestamp"), all[1].header.Get("webhook-timestamp"), "each try is signed anew")
			require.NoError(t, all[1].verify(secret))
		})
	}
}

func TestNobodyThereAndAWrongName(t *testing.T) {
	r := sqlite(t)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	secure := httptest.NewTLSServer(status(200))
	t.Cleanup(secure.Close)
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	kittest.Go(t, r.sender(egress.New(egress.Options{AllowLoopback: true, RootCAs: pool})).Run)
	for id, c := range map[string]struct{ url, words string }{
		"refused":    {"http://" + gone.Addr().String(), "The connection was refused."},
		"wrong-name": {strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), "The server did not prove who it is: its certificate is not valid for the name."},
	} {
		e, _ := r.register(aspen, id, c.url)
		require.Equal(t, c.words, r.tried(e, r.queue(e), 1).Error)
	}
	e, _ := r.register(aspen, "right", secure.URL)
	require.Equal(t, webhook.Delivered, r.tried(e, r.queue(e), 1).State)
}

func TestAnAnswerWithoutEndIsNotReadToTheEnd(t *testing.T) {
	r := sqlite(t)
	to := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	e, _ := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(nil).Run)
	require.Equal(t, webhook.Delivered, r.tried(e, r.queue(e), 1).State, "it said 200")
}

func TestAnAddressThatBecamePrivateIsNotReached(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(200))
	e, _ := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(egress.New(egress.Options{})).Run) // as outside development mode
	d := r.tried(e, r.queue(e), 1)
	require.Contains(t, d.Error, "https")
	require.Empty(t, to.all())
}

func TestRetriesSpreadOverDaysAndEnd(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(503))
	e, _ := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(nil).Run)
	id, begun := r.queue(e), r.clock.Now()
	expected := []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
	for i, pause := range expected {
		d := r.tried(e, id, i+1)
		require.Equal(t, webhook.Pending, d.State)
		wait := d.Due.Sub(r.clock.Now())
		require.InDelta(t, pause.Seconds(), wait.Seconds(), pause.Seconds()*0.2+0.001)
		r.clock.Advance(wait)
	}
	d := r.tried(e, id, 10)
	require.Equal(t, webhook.Failed, d.State)
	require.Zero(t, d.Due)
	require.InDelta(t, 75.6, r.clock.Now().Sub(begun).Hours(), 15.2)
	require.Len(t, to.all(), 10)
	require.False(t, r.endpoint(e).Disabled)
}

func TestAReceiverMayAskForMoreTime(t *testing.T) {
	for value, want := range map[string]time.Duration{"120": 2 * time.Minute, "0": 5 * time.Second, "999999999": 24 * time.Hour, "soon": 5 * time.Second, "-5": 5 * time.Second} {
		t.Run(value, func(t *testing.T) {
			r := sqlite(t)
			to := receive(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", value)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			e, _ := r.register(aspen, "hook", to.URL)
			kittest.Go(t, r.sender(nil).Run)
			d := r.tried(e, r.queue(e), 1)
			require.InDelta(t, want.Seconds(), d.Due.Sub(r.clock.Now()).Seconds(), 1.001)
		})
	}
	t.Run("a date", func(t *testing.T) {
		r := sqlite(t)
		until := r.clock.Now().Add(10 * time.Minute)
		to := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", until.Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		e, _ := r.register(aspen, "hook", to.URL)
		kittest.Go(t, r.sender(nil).Run)
		require.WithinDuration(t, until, r.tried(e, r.queue(e), 1).Due, time.Second)
	})
}

func TestGoneDisablesAtOnce(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(410))
	e, _ := r.register(aspen, "hook", to.URL)
	waits := r.queue(e)
	r.clock.Advance(-time.Minute) // so that it is due later than the next
	first := r.queue(e)
	kittest.Go(t, r.sender(nil).Run)
	d := r.tried(e, first, 1)
	require.Equal(t, webhook.Failed, d.State)
	require.Equal(t, 410, d.Status)
	off := r.endpoint(e)
	require.True(t, off.Disabled)
	require.Equal(t, "The address answered 410: it wants nothing any more.", off.DisabledReason)
	require.Equal(t, e.Version+1, off.Version)
	r.clock.Advance(48 * time.Hour)
	require.Equal(t, webhook.Failed, r.delivery(e, waits).State)
	require.NotContains(t, r.log.String(), to.URL)
}

func TestFiveDaysOfFailuresDisable(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(500))
	e, _ := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(nil).Run)
	r.tried(e, r.queue(e), 1)
	r.clock.Advance(5*24*time.Hour - time.Second)
	r.tried(e, r.queue(e), 1)
	require.False(t, r.endpoint(e).Disabled)
	r.clock.Advance(time.Second)
	r.tried(e, r.queue(e), 1)
	off := r.endpoint(e)
	require.True(t, off.Disabled)
	require.Equal(t, "Nothing was taken for five days.", off.DisabledReason)

	on, err := r.hooks.Update(r.ctx, e.Name, "", func(f webhook.Fields) webhook.Fields {
		f.Disabled = false
		return f
	})
	require.NoError(t, err)
	require.Empty(t, on.DisabledReason)
	require.Zero(t, on.FirstFailure)
	require.Equal(t, r.clock.Now(), on.Since)
}

// A process that dies after it took a delivery, before or after it sent it, loses
// nothing: the claim ends, and another sends it again under the same id.
func TestWhatADeadProcessHeldIsSentByAnother(t *testing.T) {
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		to := receive(t, status(200))
		e, _ := r.register(aspen, "hook", to.URL)
		id := r.queue(e)
		held, err := r.store.Claim(r.ctx, e.Name, r.clock.Now(), r.clock.Now().Add(time.Minute), 1)
		require.NoError(t, err)
		require.Len(t, held, 1)

		kittest.Go(t, r.sender(nil).Run)
		other, _ := r.register(aspen, "other", to.URL)
		r.tried(other, r.queue(other), 1)
		require.Equal(t, webhook.Pending, r.delivery(e, id).State, "it is still held")
		r.clock.Advance(time.Minute)
		require.Equal(t, webhook.Delivered, r.tried(e, id, 2).State)
	})
}

func TestTwoReplicasSendEachOnce(t *testing.T) {
	kittest.Databases(t, "gateway", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		r := newRig(t, db)
		to := receive(t, status(200))
		kittest.Go(t, r.sender(nil).Run)
		kittest.Go(t, r.sender(nil).Run)
		e, _ := r.register(aspen, "hook", to.URL)
		for range 30 {
			r.queue(e)
		}
		kittest.Eventually(t, func() bool {
			rest, err := r.store.Deliveries(r.ctx, e.Name, webhook.Pending, webhook.Range{Limit: 100})
			return err == nil && len(rest) == 0
		}, "all sent")
		seen := map[string]int{}
		for _, m := range to.all() {
			seen[m.id()]++
		}
		require.Len(t, seen, 30)
		for id, n := range seen {
			require.Equal(t, 1, n, id)
		}
	})
}

func TestASlowEndpointLeavesTheOthersRoom(t *testing.T) {
	r := sqlite(t)
	release := make(chan struct{})
	var mu sync.Mutex
	var now, most int
	slow := receive(t, func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
	})
	fast := receive(t, status(200))
	lame, _ := r.register(aspen, "a-slow", slow.URL)
	for range 100 {
		r.queue(lame)
	}
	quick, _ := r.register(aspen, "b-fast", fast.URL)
	id := r.queue(quick)
	stop := kittest.Go(t, r.sender(nil).Run)
	require.Equal(t, webhook.Delivered, r.tried(quick, id, 1).State, "while the slow one holds its tries")
	kittest.Eventually(t, func() bool { return len(slow.all()) == 2 }, "the slow one is tried")
	close(release)
	stop()
	require.LessOrEqual(t, most, 2)
}

func TestStoppingFinishesWhatHasBegun(t *testing.T) {
	r := sqlite(t)
	entered, release := make(chan struct{}), make(chan struct{})
	to := receive(t, func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	})
	e, _ := r.register(aspen, "hook", to.URL)
	id := r.queue(e)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	sender := r.sender(nil)
	go func() { ended <- sender.Run(ctx) }()
	<-entered
	cancel()
	close(release)
	require.NoError(t, <-ended)
	require.Equal(t, webhook.Delivered, r.delivery(e, id).State)
}

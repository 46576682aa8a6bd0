package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

// Webhooks holds the store of webhooks to its contract; open returns an empty one.
func Webhooks(t *testing.T, open func(t *testing.T) webhook.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, context.Context, webhook.Store){
		"an endpoint comes back as it was written":        endpointRoundTrip,
		"an endpoint somebody else changed is stale":      endpointStale,
		"endpoints are listed by id, in their district":   endpointLists,
		"who listens is enabled and of the district":      endpointListening,
		"health is noted without a new version":           endpointHealth,
		"a delivery is kept once":                         deliveryOnce,
		"equal ids in two districts are two endpoints":    deliveryDistricts,
		"what is due is claimed once":                     deliveryClaims,
		"many claims at once share what is due":           deliveryClaimsTogether,
		"a lost claim writes nothing":                     deliveryLostClaim,
		"what waits for a disabled endpoint is given up":  deliveryGiveUp,
		"replay takes a time, and what failed in it":      deliveryReplay,
		"deliveries are listed from the newest, by state": deliveryLists,
		"deliveries go with their endpoint":               deliveryGone,
		"old deliveries go, those that wait stay":         deliveryPrune,
		"the position commits with the deliveries":        positionCommits,
		"webhooks of another district are not even there": webhooksElsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, tenant.Everything(t.Context(), "the contract is about all districts"), open(t))
		})
	}
}

func at(minutes int) time.Time {
	return time.Date(2026, 9, 1, 8, 0, 0, 123456000, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

func endpointOf(district, id string) webhook.Endpoint {
	return webhook.Endpoint{
		Name: "districts/" + district + "/webhookEndpoints/" + id,
		Fields: webhook.Fields{
			URL: "https://hooks.example.org/a?b=c", Description: "Über'); DROP TABLE", EventTypes: []string{"BadgeAwarded", "TeamFormed"},
		},
		Secret: []byte{0, 1, 255}, OldSecret: []byte{9}, OldSecretEnd: at(60), Since: at(0),
		LastSuccess: at(1), FirstFailure: at(2), Version: 1, Created: at(0), Updated: at(0),
	}
}

func deliveryOf(e webhook.Endpoint, event string, minute int) webhook.Delivery {
	return webhook.Delivery{
		Endpoint: e.Name, Event: event, EventType: "BadgeAwarded", Happened: at(minute), Body: []byte(`{"a":"ü"}`),
		State: webhook.Pending, Due: at(minute), Created: at(minute), Updated: at(minute),
	}
}

// kept is an endpoint with deliveries that are due at minutes 0, 1, 2...
func kept(t *testing.T, ctx context.Context, s webhook.Store, district, id string, deliveries int) webhook.Endpoint {
	t.Helper()
	e := endpointOf(district, id)
	require.NoError(t, s.InsertEndpoint(ctx, e))
	var all []webhook.Delivery
	for i := range deliveries {
		all = append(all, deliveryOf(e, fmt.Sprintf("e%d", i), i))
	}
	require.NoError(t, s.AddDeliveries(ctx, all))
	return e
}

func endpointRoundTrip(t *testing.T, ctx context.Context, s webhook.Store) {
	for _, e := range []webhook.Endpoint{endpointOf("aspen", "hook"), {
		Name: "districts/aspen/webhookEndpoints/bare", Secret: []byte{1}, Version: 1, Created: time.UnixMicro(1).UTC(), Updated: time.UnixMicro(1).UTC(),
		Fields: webhook.Fields{Disabled: true},
	}} {
		_, err := s.Endpoint(ctx, e.Name)
		require.True(t, problem.Is(err, problem.KindNotFound))
		require.NoError(t, s.InsertEndpoint(ctx, e))
		got, err := s.Endpoint(ctx, e.Name)
		require.NoError(t, err)
		require.Equal(t, e, got)
		require.True(t, problem.Is(s.InsertEndpoint(ctx, e), problem.KindAlreadyExists))
		require.NoError(t, s.DeleteEndpoint(ctx, e))
		_, err = s.Endpoint(ctx, e.Name)
		require.True(t, problem.Is(err, problem.KindNotFound))
	}
}

func endpointStale(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 0)
	changed := e
	changed.Version, changed.URL, changed.Description, changed.EventTypes = 2, "https://other.example.org", "", nil
	changed.Disabled, changed.DisabledReason, changed.Secret, changed.OldSecret = true, "gone", []byte{7}, nil
	changed.OldSecretEnd, changed.Since, changed.LastSuccess, changed.FirstFailure = time.Time{}, at(9), at(8), time.Time{}
	require.NoError(t, s.SaveEndpoint(ctx, e, changed))
	got, err := s.Endpoint(ctx, e.Name)
	require.NoError(t, err)
	require.Equal(t, changed, got)
	for _, err := range []error{s.SaveEndpoint(ctx, e, changed), s.DeleteEndpoint(ctx, e)} {
		refusal, ok := problem.As(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, problem.ReasonEtagStale, refusal.Reason)
	}
}

func endpointLists(t *testing.T, ctx context.Context, s webhook.Store) {
	for _, id := range []string{"b", "a", "c"} {
		kept(t, ctx, s, "aspen", id, 0)
	}
	kept(t, ctx, s, "birch", "d", 0)
	names := func(after string, limit int) (all []string) {
		found, err := s.Endpoints(ctx, "districts/aspen", after, limit)
		require.NoError(t, err)
		for _, e := range found {
			all = append(all, e.Name[len("districts/aspen/webhookEndpoints/"):])
		}
		return all
	}
	require.Equal(t, []string{"a", "b", "c"}, names("", 10))
	require.Equal(t, []string{"a", "b"}, names("", 2))
	require.Equal(t, []string{"c"}, names("b", 2))
}

func endpointListening(t *testing.T, ctx context.Context, s webhook.Store) {
	kept(t, ctx, s, "aspen", "a", 0)
	kept(t, ctx, s, "birch", "b", 0)
	off := endpointOf("aspen", "off")
	off.Disabled = true
	require.NoError(t, s.InsertEndpoint(ctx, off))
	for district, want := range map[string]int{"aspen": 1, "birch": 1, "cedar": 0, "": 2} {
		found, err := s.Listening(ctx, district)
		require.NoError(t, err)
		require.Len(t, found, want, district)
	}
}

func endpointHealth(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 0)
	require.NoError(t, s.Took(ctx, e.Name, at(5)))
	got, err := s.Endpoint(ctx, e.Name)
	require.NoError(t, err)
	e.LastSuccess, e.FirstFailure = at(5), time.Time{}
	require.Equal(t, e, got)
	for _, minute := range []int{6, 7} {
		since, err := s.Refused(ctx, e.Name, at(minute))
		require.NoError(t, err)
		require.Equal(t, at(6), since, "the first one counts")
	}
}

func deliveryOnce(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 1)
	claimed, err := s.Claim(ctx, e.Name, at(1), at(2), 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	d := claimed[0]
	d.State, d.Status, d.Due, d.Updated = webhook.Delivered, 204, time.Time{}, at(1)
	held, err := s.Finish(ctx, d, at(2))
	require.NoError(t, err)
	require.True(t, held)
	require.NoError(t, s.AddDeliveries(ctx, []webhook.Delivery{deliveryOf(e, "e0", 0)}))
	got, err := s.Delivery(ctx, e.Name, "e0")
	require.NoError(t, err)
	require.Equal(t, d, got, "the one that was there stays as it is")
	_, err = s.Delivery(ctx, e.Name, "e1")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func deliveryDistricts(t *testing.T, ctx context.Context, s webhook.Store) {
	a, b := kept(t, ctx, s, "aspen", "hook", 2), kept(t, ctx, s, "birch", "hook", 2)
	_, err := s.Claim(ctx, a.Name, at(9), at(10), 10)
	require.NoError(t, err)
	require.NoError(t, s.GiveUp(ctx, a.Name, "gone", at(9)))
	due, err := s.Due(ctx, at(9), 10)
	require.NoError(t, err)
	require.Equal(t, []string{b.Name}, due)
	require.NoError(t, s.DeleteEndpoint(ctx, a))
	found, err := s.Deliveries(ctx, b.Name, 0, webhook.Range{Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 2)
}

func deliveryClaims(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 3)
	events := func(now time.Time, limit int) (all []string) {
		claimed, err := s.Claim(ctx, e.Name, now, now.Add(time.Hour), limit)
		require.NoError(t, err)
		for _, d := range claimed {
			require.Equal(t, now.Add(time.Hour), d.Due)
			all = append(all, fmt.Sprint(d.Event, d.Attempts))
		}
		return all
	}
	due := func(now time.Time) int {
		names, err := s.Due(ctx, now, 10)
		require.NoError(t, err)
		return len(names)
	}
	require.Zero(t, due(at(-1)))
	require.Equal(t, 1, due(at(0)))
	require.Equal(t, []string{"e01"}, events(at(1), 1), "the one that waits longest")
	require.Equal(t, []string{"e11"}, events(at(1), 5))
	require.Empty(t, events(at(1), 5))
	require.Zero(t, due(at(1)))
	require.Equal(t, []string{"e21"}, events(at(2), 5))
	require.Equal(t, 1, due(at(61)), "a claim that ended")
	require.Equal(t, []string{"e02", "e12"}, events(at(61), 5))
}

func deliveryClaimsTogether(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 20)
	var mu sync.Mutex
	times := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				claimed, err := s.Claim(ctx, e.Name, at(30), at(60), 3)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, d := range claimed {
					times[d.Event]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, times, 20)
	for event, n := range times {
		require.Equal(t, 1, n, event)
	}
}

func deliveryLostClaim(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 1)
	first, err := s.Claim(ctx, e.Name, at(0), at(1), 1)
	require.NoError(t, err)
	second, err := s.Claim(ctx, e.Name, at(1), at(2), 1)
	require.NoError(t, err)
	late := first[0]
	late.State, late.Error = webhook.Failed, "late"
	held, err := s.Finish(ctx, late, at(1))
	require.NoError(t, err)
	require.False(t, held)
	got, err := s.Delivery(ctx, e.Name, "e0")
	require.NoError(t, err)
	require.Equal(t, second[0], got)
}

func deliveryGiveUp(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 2)
	require.NoError(t, s.GiveUp(ctx, e.Name, "gone", at(5)))
	for _, event := range []string{"e0", "e1"} {
		d, err := s.Delivery(ctx, e.Name, event)
		require.NoError(t, err)
		require.Equal(t, webhook.Failed, d.State)
		require.Equal(t, "gone", d.Error)
		require.Zero(t, d.Due)
		require.Equal(t, at(5), d.Updated)
	}
	off := e
	off.Disabled, off.Version = true, 2
	require.NoError(t, s.AddDeliveries(ctx, []webhook.Delivery{deliveryOf(e, "late", 0)}))
	require.NoError(t, s.SaveEndpoint(ctx, e, off))
	due, err := s.Due(ctx, at(9), 10)
	require.NoError(t, err)
	require.Empty(t, due, "a disabled endpoint is left alone")
}

func deliveryReplay(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 5)
	other := kept(t, ctx, s, "birch", "hook", 5)
	require.NoError(t, s.GiveUp(ctx, other.Name, "x", at(9)))
	claimed, err := s.Claim(ctx, e.Name, at(9), at(10), 2) // e0 and e1
	require.NoError(t, err)
	for i, d := range claimed {
		d.State, d.Due = []webhook.State{webhook.Delivered, webhook.Failed}[i], time.Time{}
		_, err := s.Finish(ctx, d, at(10))
		require.NoError(t, err)
	}
	replay := func(from, to time.Time, failed bool) int {
		n, err := s.Replay(ctx, e.Name, from, to, failed, at(20))
		require.NoError(t, err)
		return n
	}
	require.Zero(t, replay(at(-5), at(0), false), "the end is not part of it")
	require.Equal(t, 1, replay(at(0), time.Time{}, true), "e1 was given up")
	require.Zero(t, replay(at(0), time.Time{}, true))
	require.Equal(t, 3, replay(at(0), at(3), false), "e0, e1 and e2, which waited")
	ping := deliveryOf(e, "ping", 0)
	ping.EventType, ping.State = webhook.PingType, webhook.Failed
	require.NoError(t, s.AddDeliveries(ctx, []webhook.Delivery{ping}))
	require.Zero(t, replay(at(0), time.Time{}, true), "a test is not repeated")
	d, err := s.Delivery(ctx, e.Name, "e1")
	require.NoError(t, err)
	require.Equal(t, webhook.Pending, d.State)
	require.Zero(t, d.Attempts)
	require.Equal(t, at(20), d.Due)
	d, err = s.Delivery(ctx, other.Name, "e1")
	require.NoError(t, err)
	require.Equal(t, webhook.Failed, d.State)
}

func deliveryLists(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 3)
	require.NoError(t, s.AddDeliveries(ctx, []webhook.Delivery{deliveryOf(e, "same", 1)}))
	list := func(state webhook.State, after webhook.Range) (all []string) {
		found, err := s.Deliveries(ctx, e.Name, state, after)
		require.NoError(t, err)
		for _, d := range found {
			all = append(all, d.Event)
		}
		return all
	}
	require.Equal(t, []string{"e2", "same", "e1", "e0"}, list(0, webhook.Range{Limit: 9}))
	require.Equal(t, []string{"e2", "same"}, list(0, webhook.Range{Limit: 2}))
	require.Equal(t, []string{"e1", "e0"}, list(0, webhook.Range{Limit: 2, Happened: at(1), Event: "same"}))
	require.Empty(t, list(webhook.Failed, webhook.Range{Limit: 9}))
	require.Len(t, list(webhook.Pending, webhook.Range{Limit: 9}), 4)
}

func deliveryGone(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 2)
	require.NoError(t, s.DeleteEndpoint(ctx, e))
	_, err := s.Delivery(ctx, e.Name, "e0")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.NoError(t, s.InsertEndpoint(ctx, e))
	found, err := s.Deliveries(ctx, e.Name, 0, webhook.Range{Limit: 9})
	require.NoError(t, err)
	require.Empty(t, found)
}

func deliveryPrune(t *testing.T, ctx context.Context, s webhook.Store) {
	e := kept(t, ctx, s, "aspen", "hook", 3)
	claimed, err := s.Claim(ctx, e.Name, at(1), at(60), 2) // e0 and e1
	require.NoError(t, err)
	for i, d := range claimed {
		d.State, d.Updated = webhook.Delivered, at(10*(i+1))
		_, err := s.Finish(ctx, d, at(60))
		require.NoError(t, err)
	}
	n, err := s.Prune(ctx, at(20))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	found, err := s.Deliveries(ctx, e.Name, 0, webhook.Range{Limit: 9})
	require.NoError(t, err)
	require.Len(t, found, 2)
}

func positionCommits(t *testing.T, ctx context.Context, s webhook.Store) {
	p, err := s.Position(ctx)
	require.NoError(t, err)
	require.Zero(t, p)
	want := webhook.Position{Cursor: "c1", Begun: at(0)}
	require.NoError(t, s.SavePosition(ctx, want))
	e := kept(t, ctx, s, "aspen", "hook", 0)
	err = s.Tx(ctx, func(ctx context.Context) error {
		require.NoError(t, s.AddDeliveries(ctx, []webhook.Delivery{deliveryOf(e, "e", 0)}))
		require.NoError(t, s.SavePosition(ctx, webhook.Position{Cursor: "c2", Begun: at(0)}))
		return context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
	p, err = s.Position(ctx)
	require.NoError(t, err)
	require.Equal(t, want, p)
	_, err = s.Delivery(ctx, e.Name, "e")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func webhooksElsewhere(t *testing.T, ctx context.Context, s webhook.Store) {
	birch := kept(t, ctx, s, "birch", "hook", 1)
	aspen := tenant.With(t.Context(), "aspen")
	found, err := s.Endpoints(aspen, "districts/aspen", "", 10)
	require.NoError(t, err)
	require.Empty(t, found)
	n, err := s.Replay(aspen, "districts/aspen/webhookEndpoints/hook", at(0), time.Time{}, false, at(1))
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = s.Endpoint(ctx, birch.Name)
	require.NoError(t, err)
}

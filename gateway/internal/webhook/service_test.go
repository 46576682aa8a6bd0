package webhook_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

func rules(t *testing.T, err error) (all []string) {
	t.Helper()
	refusal, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	for _, v := range refusal.Violations {
		all = append(all, v.Field+" "+v.Rule)
	}
	return all
}

func TestWhatMayBeRegistered(t *testing.T) {
	r := sqlite(t)
	for name, c := range map[string]struct {
		id     string
		fields webhook.Fields
		broken []string
	}{
		"an address":        {"a", webhook.Fields{URL: " https://hooks.example.org/a ", EventTypes: []string{"TeamFormed", "BadgeAwarded", "TeamFormed"}}, nil},
		"an id of ours":     {"", webhook.Fields{URL: "https://hooks.example.org/a"}, nil},
		"a private address": {"b", webhook.Fields{URL: "https://10.0.0.1/"}, []string{"webhook_endpoint.url address_not_public"}},
		"plain http":        {"b", webhook.Fields{URL: "http://hooks.example.org/"}, []string{"webhook_endpoint.url https_only"}},
		"an unknown type":   {"b", webhook.Fields{URL: "https://hooks.example.org/", EventTypes: []string{"tandem.badges.v1.BadgeAwarded"}}, []string{"webhook_endpoint.event_types unknown_type"}},
		"all at once": {"b", webhook.Fields{URL: "", Description: strings.Repeat("ü", 201), EventTypes: []string{""}}, []string{
			"webhook_endpoint.url url_malformed", "webhook_endpoint.description max_length", "webhook_endpoint.event_types unknown_type",
		}},
		"a bad id": {"A", webhook.Fields{URL: "https://hooks.example.org/"}, []string{"webhook_endpoint_id id_form"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, secret, err := r.hooks.Create(r.ctx, aspen, c.id, c.fields)
			if c.broken != nil {
				require.Equal(t, c.broken, rules(t, err))
				return
			}
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(secret, "whsec_"))
			require.Len(t, secret, len("whsec_")+44)
			require.NotContains(t, string(e.Secret), secret, "it is kept sealed")
			got, err := r.hooks.Get(r.ctx, e.Name)
			require.NoError(t, err)
			require.Equal(t, e, got)
		})
	}
	e, err := r.hooks.Get(r.ctx, aspen+"/webhookEndpoints/a")
	require.NoError(t, err)
	require.Equal(t, []string{"BadgeAwarded", "TeamFormed"}, e.EventTypes)
	require.Equal(t, "https://hooks.example.org/a", e.URL)
	_, _, err = r.hooks.Create(r.ctx, aspen, "a", webhook.Fields{URL: "https://hooks.example.org/a"})
	require.True(t, problem.Is(err, problem.KindAlreadyExists))
}

func TestOnlyADistrictThatIsThereHasEndpoints(t *testing.T) {
	r := sqlite(t)
	r.hooks.District = func(context.Context, string) error { return problem.NotFound("something inside") }
	_, _, err := r.hooks.Create(r.ctx, aspen, "a", webhook.Fields{URL: "https://hooks.example.org/a"})
	require.Equal(t, problem.NotFound(aspen), err)
	_, err = r.hooks.List(r.ctx, aspen, "", 10)
	require.Equal(t, problem.NotFound(aspen), err)
}

func TestADistrictHasSoManyEndpointsAtMost(t *testing.T) {
	r := sqlite(t)
	for range 100 {
		_, _, err := r.hooks.Create(r.ctx, aspen, "", webhook.Fields{URL: "https://hooks.example.org/a"})
		require.NoError(t, err)
	}
	_, _, err := r.hooks.Create(r.ctx, aspen, "", webhook.Fields{URL: "https://hooks.example.org/a"})
	require.True(t, problem.Is(err, problem.KindExhausted))
	_, _, err = r.hooks.Create(r.ctx, birch, "", webhook.Fields{URL: "https://hooks.example.org/a"})
	require.NoError(t, err)
}

func TestRotationLeavesNoReceiverBehind(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(200))
	e, old := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(nil).Run)
	sent := func() received {
		before := len(to.all())
		r.tried(e, r.queue(e), 1)
		require.Len(t, to.all(), before+1)
		return to.all()[before]
	}
	_, next, err := r.hooks.Rotate(r.ctx, e.Name, nil)
	require.NoError(t, err)
	require.NotEqual(t, old, next)
	m := sent()
	require.NoError(t, m.verify(old), "a receiver that has only the old one")
	require.NoError(t, m.verify(next), "a receiver that has only the new one")
	r.clock.Advance(24*time.Hour - time.Microsecond)
	require.NoError(t, sent().verify(old))
	r.clock.Advance(time.Microsecond)
	m = sent()
	require.Error(t, m.verify(old), "it has ended")
	require.NoError(t, m.verify(next))

	at := func(d time.Duration) *time.Duration { return &d }
	_, third, err := r.hooks.Rotate(r.ctx, e.Name, at(0))
	require.NoError(t, err)
	m = sent()
	require.Error(t, m.verify(next), "one that got known ends at once")
	require.NoError(t, m.verify(third))
	for _, wrong := range []time.Duration{-1, 7*24*time.Hour + 1} {
		_, _, err := r.hooks.Rotate(r.ctx, e.Name, at(wrong))
		require.Equal(t, []string{"overlap within_a_week"}, rules(t, err))
	}
}

func TestDisabledByHandGetsNothingAndLosesWhatWaits(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(200))
	e, _ := r.register(aspen, "hook", to.URL)
	waits := r.queue(e)
	disable := func(yes bool) func(webhook.Fields) webhook.Fields {
		return func(f webhook.Fields) webhook.Fields {
			f.Disabled = yes
			return f
		}
	}
	_, err := r.hooks.Update(r.ctx, e.Name, `"stale"`, disable(true))
	require.True(t, problem.Is(err, problem.KindAborted))
	_, err = r.hooks.Update(r.ctx, e.Name, "", disable(true))
	require.NoError(t, err)
	require.Equal(t, webhook.Failed, r.delivery(e, waits).State)
	_, err = r.hooks.Ping(r.ctx, e.Name, false)
	require.Equal(t, []string{e.Name + " enabled"}, rules(t, err))
	_, err = r.hooks.Replay(r.ctx, e.Name, time.UnixMicro(1), time.Time{}, false)
	require.Equal(t, []string{e.Name + " enabled"}, rules(t, err))

	r.clock.Advance(time.Hour)
	_, err = r.hooks.Update(r.ctx, e.Name, "", disable(false))
	require.NoError(t, err)
	require.Equal(t, r.clock.Now(), r.endpoint(e).Since)
	require.Empty(t, to.all())
	_, err = r.hooks.Update(r.ctx, e.Name, "", func(f webhook.Fields) webhook.Fields {
		f.URL = "https://192.168.0.1/"
		return f
	})
	require.Equal(t, []string{"webhook_endpoint.url address_not_public"}, rules(t, err))
}

func TestReplaySendsAgainUnderTheSameID(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(410))
	e, secret := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(nil).Run)
	id := r.queue(e)
	require.Equal(t, webhook.Failed, r.tried(e, id, 1).State)
	to.answer(status(200))
	_, err := r.hooks.Update(r.ctx, e.Name, "", func(f webhook.Fields) webhook.Fields {
		f.Disabled = false
		return f
	})
	require.NoError(t, err)
	for i, failedOnly := range []bool{true, false} {
		n, err := r.hooks.Replay(r.ctx, e.Name, r.clock.Now().Add(-time.Minute), time.Time{}, failedOnly)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		kittest.Eventually(t, func() bool { return len(to.all()) == i+2 }, "it is sent again")
		kittest.Eventually(t, func() bool { return r.delivery(e, id).State == webhook.Delivered }, "it is taken")
	}
	for _, m := range to.all() {
		require.Equal(t, id, m.id())
		require.NoError(t, m.verify(secret))
	}
	_, err = r.hooks.Replay(r.ctx, e.Name, r.clock.Now(), r.clock.Now(), false)
	require.Equal(t, []string{"end_time after_start"}, rules(t, err))
	_, err = r.hooks.Replay(r.ctx, birch+"/webhookEndpoints/hook", r.clock.Now(), time.Time{}, false)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestAPingTellsWhatCameOfIt(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(202))
	e, secret := r.register(aspen, "hook", to.URL, "BadgeAwarded")
	d, err := r.hooks.Ping(r.ctx, e.Name, false)
	require.NoError(t, err)
	require.Equal(t, webhook.Delivered, d.State)
	require.Equal(t, 202, d.Status)
	require.NoError(t, to.all()[0].verify(secret))
	typ, data := to.all()[0].read(t)
	require.Equal(t, "Ping", typ)
	require.Empty(t, data)

	to.answer(status(410))
	d, err = r.hooks.Ping(r.ctx, e.Name, false)
	require.NoError(t, err)
	require.Equal(t, webhook.Failed, d.State, "it is not tried again")
	require.False(t, r.endpoint(e).Disabled, "a test says nothing about the endpoint")
	require.Zero(t, r.endpoint(e).LastSuccess)

	later, err := r.hooks.Ping(r.ctx, e.Name, true)
	require.NoError(t, err)
	require.Equal(t, webhook.Pending, later.State)
	kittest.Go(t, r.sender(nil).Run)
	require.Equal(t, webhook.Failed, r.tried(e, later.Event, 1).State)
	_, err = r.hooks.Ping(r.ctx, birch+"/webhookEndpoints/hook", false)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestNothingOfAnEndpointIsLogged(t *testing.T) {
	r := sqlite(t)
	to := receive(t, status(410))
	e, secret := r.register(aspen, "hook", to.URL+"/token-in-the-path")
	kittest.Go(t, r.sender(nil).Run)
	r.tried(e, r.queue(e), 1)
	kittest.Eventually(t, func() bool { return r.endpoint(e).Disabled }, "it is disabled")
	for _, private := range []string{"token-in-the-path", "127.0.0.1", "of the test", secret} {
		require.NotContains(t, r.log.String(), private)
	}
	require.Contains(t, r.log.String(), e.Name, "its name may be known to operators")
}

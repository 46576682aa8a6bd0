package readonly_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/readonly"
)

// follow starts a process that heeds the mode.
func follow(t *testing.T, b *bus.Bus, own bool) (m *readonly.Mode, stop func()) {
	t.Helper()
	m = readonly.New(own)
	require.Error(t, m.Frozen(), "nothing is taken before the mode is known")
	task, check := readonly.Follow(b, m, kittest.Log(t))
	require.Error(t, check.Probe(t.Context()))
	stop = kittest.Go(t, task.Run)
	kittest.EventuallyNoError(t, func() error { return check.Probe(t.Context()) })
	return m, stop
}

func TestEveryProcessHeedsTheModeAlsoAfterARestart(t *testing.T) {
	b := kittest.NATS(t)
	one, _ := follow(t, b, false)
	require.NoError(t, one.Frozen())
	changed := one.Changed()

	until := time.Now().Add(20 * time.Minute).UTC().Truncate(time.Second)
	require.NoError(t, readonly.Store(t.Context(), b, readonly.State{On: true, Reason: "The platform moves", Until: until}))
	<-changed
	kittest.Eventually(t, one.On, "the running process heeds it")
	refusal, ok := problem.As(one.Frozen())
	require.True(t, ok)
	require.Equal(t, problem.KindUnavailable, refusal.Kind)
	require.Equal(t, problem.ReasonReadOnly, refusal.Reason)
	require.Equal(t, "The platform moves. It is planned to end at "+until.Format("2006-01-02 15:04")+" UTC.", refusal.Name)
	require.InDelta(t, 20*time.Minute, refusal.Retry, float64(5*time.Minute))

	restarted, stop := follow(t, b, false)
	require.True(t, restarted.On(), "a process that starts later is in the mode from its first call on")
	stop()
	require.NoError(t, readonly.Store(t.Context(), b, readonly.State{}))
	kittest.Eventually(t, func() bool { return !one.On() }, "off again")
	require.True(t, restarted.On(), "who follows no more keeps what was in force")
	s, err := readonly.Load(t.Context(), b)
	require.NoError(t, err)
	require.False(t, s.On)
}

func TestAProcessStartedInTheModeStaysInIt(t *testing.T) {
	b := kittest.NATS(t)
	m, _ := follow(t, b, true)
	require.True(t, m.On())
	require.NoError(t, readonly.Store(t.Context(), b, readonly.State{}))
	other, _ := follow(t, b, false)
	require.False(t, other.On(), "it is of that process alone")
	require.True(t, m.On())
}

func TestTheModeIsToldAsAMetric(t *testing.T) {
	metrics := kittest.Metrics(t)
	stop := readonly.New(true).Measure()
	require.Equal(t, map[string]float64{"tandem_read_only": 1}, metrics())
	stop()
	require.Empty(t, metrics())
}

func TestAModeThatCannotBeReadOpensNothing(t *testing.T) {
	b := kittest.NATS(t)
	require.NoError(t, b.StoreSetting(t.Context(), "read-only.mode", []byte(`{`)))
	m := readonly.New(false)
	task, check := readonly.Follow(b, m, kittest.Log(t))
	kittest.Go(t, task.Run)
	require.NoError(t, b.StoreSetting(t.Context(), "read-only.other", nil))
	require.Error(t, check.Probe(t.Context()))
	require.True(t, m.On())
	require.NoError(t, readonly.Store(t.Context(), b, readonly.State{}))
	kittest.EventuallyNoError(t, func() error { return check.Probe(t.Context()) })
	require.False(t, m.On())
}

func TestWhatPeopleAreToldMakesSense(t *testing.T) {
	now := kittest.Start()
	for name, c := range map[string]struct {
		state readonly.State
		want  string
	}{
		"off":          {readonly.State{}, ""},
		"on":           {readonly.State{On: true, Reason: "We move.", Until: now.Add(time.Hour)}, ""},
		"no reason":    {readonly.State{On: true, Reason: " "}, "the reason"},
		"too long":     {readonly.State{On: true, Reason: strings.Repeat("x", readonly.MaxReason+1)}, "the reason"},
		"many lines":   {readonly.State{On: true, Reason: "We\nmove."}, "the reason"},
		"over already": {readonly.State{On: true, Reason: "We move.", Until: now}, "the end"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.state.Check(now)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Processes of two versions read each other's.
func TestTheSettingKeepsItsForm(t *testing.T) {
	at := time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)
	text, err := json.Marshal(readonly.State{On: true, Reason: "We move.", Since: at, Until: at.Add(time.Hour)})
	require.NoError(t, err)
	require.JSONEq(t, `{"on": true, "reason": "We move.", "since": "2026-12-01T06:00:00Z", "until": "2026-12-01T07:00:00Z"}`, string(text))
	text, err = json.Marshal(readonly.State{})
	require.NoError(t, err)
	require.JSONEq(t, `{"on": false}`, string(text))
}

package bus_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func messages(t *testing.T, b *bus.Bus, upTo uint64) (out []bus.Stored) {
	t.Helper()
	require.NoError(t, b.ReadStream(t.Context(), "schools", upTo, func(m bus.Stored) error {
		out = append(out, m)
		return nil
	}))
	return out
}

// build copies a stream into another bus, as a restore does.
func build(t *testing.T, from, to *bus.Bus) {
	t.Helper()
	state, err := from.StreamState(t.Context(), "schools")
	require.NoError(t, err)
	r, err := to.Rebuild(t.Context(), "schools", state.First)
	require.NoError(t, err)
	for _, m := range messages(t, from, state.Last) {
		require.NoError(t, r.Add(t.Context(), m))
	}
	require.NoError(t, r.Close(t.Context(), state.Last))
}

func TestAStreamIsMadeAnewWithTheNumbersItHad(t *testing.T) {
	from, to := kittest.NATS(t), kittest.NATS(t)
	require.Empty(t, messages(t, from, 10), "no stream has no messages")
	require.NoError(t, from.Ensure(t.Context(), "schools"))
	for i := range 700 {
		district := "d1"
		if i < 3 || i == 690 || i == 699 {
			district = "gone" // leaves holes at the begin, in the middle and at the end
		}
		require.NoError(t, from.Publish(t.Context(), event(i, district)))
	}
	require.NoError(t, from.Forget(t.Context(), "schools", "gone"))
	build(t, from, to)
	was, err := from.StreamState(t.Context(), "schools")
	require.NoError(t, err)
	is, err := to.StreamState(t.Context(), "schools")
	require.NoError(t, err)
	require.Equal(t, was, is)
	require.Equal(t, bus.StreamState{Messages: 695, First: 4, Last: 700}, is)
	require.Equal(t, messages(t, from, 700), messages(t, to, 700))
	require.Len(t, messages(t, to, 10), 7, "up to a number")

	require.NoError(t, to.Publish(t.Context(), event(800, "d1")))
	last := messages(t, to, 800)
	require.EqualValues(t, 701, last[len(last)-1].Sequence, "it goes on where it was")
	again := event(801, "d1")
	require.NoError(t, to.Publish(t.Context(), again))
	require.NoError(t, to.Publish(t.Context(), again))
	require.Len(t, messages(t, to, 900), 697, "and knows an event that comes twice")
}

func TestAStreamKeepsAnEventTwiceThatItHadTwice(t *testing.T) {
	to := kittest.NATS(t)
	r, err := to.Rebuild(t.Context(), "schools", 1)
	require.NoError(t, err)
	m := bus.Stored{Subject: "tandem.schools.thing.made.v1.d1", Header: map[string][]string{"Nats-Msg-Id": {"e1"}}, Data: []byte("x")}
	for m.Sequence = 1; m.Sequence <= 3; m.Sequence++ {
		require.NoError(t, r.Add(t.Context(), m))
	}
	require.ErrorContains(t, r.Add(t.Context(), bus.Stored{Sequence: 2}), "order of a stream")
	require.NoError(t, r.Close(t.Context(), 3))
	require.Len(t, messages(t, to, 3), 3)
}

func TestAnEmptiedStreamGoesOnAfterItsLastNumber(t *testing.T) {
	from, to := kittest.NATS(t), kittest.NATS(t)
	require.NoError(t, from.Ensure(t.Context(), "schools"))
	for i := range 5 {
		require.NoError(t, from.Publish(t.Context(), event(i, "gone")))
	}
	require.NoError(t, from.Forget(t.Context(), "schools", "gone"))
	build(t, from, to)
	require.NoError(t, to.Publish(t.Context(), event(9, "d1")))
	require.EqualValues(t, 6, messages(t, to, 9)[0].Sequence)
}

func TestAStreamIsNotMadeOverAnother(t *testing.T) {
	b := kittest.NATS(t)
	require.NoError(t, b.Ensure(t.Context(), "schools"))
	_, err := b.Rebuild(t.Context(), "schools", 7)
	require.ErrorContains(t, err, "schools")
	require.NoError(t, b.DropStream(t.Context(), "schools"))
	require.NoError(t, b.DropStream(t.Context(), "schools"), "gone is gone")
	r, err := b.Rebuild(t.Context(), "schools", 7)
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), event(1, "d1")), "somebody else publishes")
	require.NoError(t, r.Add(t.Context(), bus.Stored{Sequence: 7, Subject: "tandem.schools.thing.made.v1.d1"}))
	require.ErrorContains(t, r.Close(t.Context(), 7), "stop all services")
}

func TestReadingAStreamEndsWithTheReader(t *testing.T) {
	b := kittest.NATS(t)
	require.NoError(t, b.Ensure(t.Context(), "schools"))
	for i := range 3 {
		require.NoError(t, b.Publish(t.Context(), event(i, "d1")))
	}
	enough := errors.New("enough")
	require.ErrorIs(t, b.ReadStream(t.Context(), "schools", 3, func(bus.Stored) error { return enough }), enough)
}

func TestAllSettingsAreReadAndDropped(t *testing.T) {
	b := kittest.NATS(t)
	keys, _, err := b.Settings(t.Context())
	require.NoError(t, err)
	require.Empty(t, keys)
	for _, key := range []string{"restrictions.d2", "clock", "restrictions.d1"} {
		require.NoError(t, b.StoreSetting(t.Context(), key, []byte("of "+key)))
	}
	keys, values, err := b.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"clock", "restrictions.d1", "restrictions.d2"}, keys)
	require.Equal(t, []byte("of clock"), values["clock"])
	require.NoError(t, b.DropSettings(t.Context()))
	require.NoError(t, b.DropSettings(t.Context()))
	keys, _, err = b.Settings(t.Context())
	require.NoError(t, err)
	require.Empty(t, keys)
}

package bus_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestTheBusTellsAboutItself(t *testing.T) {
	b := kittest.NATS(t)
	_, err := b.Consumer(t.Context(), "schools", jetstream.ConsumerConfig{Durable: "badges"})
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), bus.Event{ID: "1", Subject: "tandem.schools.school.created.v1.d1", Type: "x"}))

	f, err := b.Facts(t.Context(), "schools", "evidence")
	require.NoError(t, err)
	require.Regexp(t, `^2\.\d+\.\d+`, f.Server)
	require.False(t, f.Encrypted)
	require.Positive(t, f.Used)
	require.Len(t, f.Streams, 2)
	schools := f.Streams[0]
	require.Less(t, schools.Ahead.Abs(), time.Minute, "it runs in this process")
	require.Equal(t, 1, schools.Replicas)
	require.Equal(t, uint64(1), schools.Messages)
	require.Equal(t, []bus.ConsumerFacts{{Name: "badges", Pending: 1}}, schools.Consumers)
	require.Equal(t, bus.StreamFacts{Service: "evidence", Missing: true}, f.Streams[1])

	again, err := b.Facts(t.Context(), "evidence")
	require.NoError(t, err)
	require.True(t, again.Streams[0].Missing, "to ask makes no stream")
}

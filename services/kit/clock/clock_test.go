package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
)

func TestAdjustableFollowsSystemTimePlusItsOffset(t *testing.T) {
	c := clock.NewAdjustable()
	require.WithinDuration(t, time.Now(), c.Now(), time.Minute)

	c.SetOffset(300 * 24 * time.Hour)
	require.Equal(t, 300*24*time.Hour, c.Offset())
	require.WithinDuration(t, time.Now().Add(300*24*time.Hour), c.Now(), time.Minute)
}

func TestTimesAreWhatDatabasesKeep(t *testing.T) {
	precise := time.Date(2026, 9, 1, 8, 0, 0, 123456789, time.FixedZone("MST", -7*3600))
	want := time.Date(2026, 9, 1, 15, 0, 0, 123456000, time.UTC)

	fake := clock.NewFake(precise)
	require.Equal(t, want, fake.Now())
	fake.Set(precise.Add(time.Second))
	require.Equal(t, want.Add(time.Second), fake.Now())

	now := clock.NewAdjustable().Now()
	require.Equal(t, time.UTC, now.Location())
	require.Zero(t, now.Nanosecond()%1000)
	require.NotContains(t, now.String(), "m=", "a monotonic reading breaks comparison with ==")
}

func TestFakeStandsStillUntilMoved(t *testing.T) {
	start := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	c := clock.NewFake(start)
	require.Equal(t, start, c.Now())
	c.Advance(36 * time.Hour)
	require.Equal(t, start.Add(36*time.Hour), c.Now())
}

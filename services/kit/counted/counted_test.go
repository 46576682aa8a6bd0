package counted_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// warnings counts what is logged.
type warnings struct{ n atomic.Int32 }

func (w *warnings) Write(p []byte) (int, error) {
	w.n.Add(1)
	return len(p), nil
}

func TestWhatWasCountedIsToldOnWhileTheDatabaseIsAway(t *testing.T) {
	metrics, log := kittest.Metrics(t), &warnings{}
	var asked atomic.Int32
	stop := kittest.Go(t, func(ctx context.Context) error {
		counted.Run(ctx, slog.New(slog.NewTextHandler(log, nil)), counted.Gauge{
			Name: "tandem.things", Label: "kind", Values: []string{"big", "small"}, Every: time.Millisecond,
			Read: func(context.Context) (map[string]float64, error) {
				if asked.Add(1) > 1 {
					return nil, errors.New("away")
				}
				return map[string]float64{"big": 2, "unheard of": 7}, nil
			},
		})
		return nil
	})
	kittest.Eventually(t, func() bool { return log.n.Load() > 1 }, "a query fails, and the next")
	require.Equal(t, map[string]float64{`tandem_things{kind="big"}`: 2, `tandem_things{kind="small"}`: 0}, metrics())
	stop()
	require.Empty(t, metrics(), "who does not count tells nothing")
}

func TestATimeIsToldAsHowLongAgoItIs(t *testing.T) {
	metrics := kittest.Metrics(t)
	since := func(at float64) func(context.Context) (map[string]float64, error) {
		return func(context.Context) (map[string]float64, error) { return map[string]float64{"": at}, nil }
	}
	hourAgo := float64(time.Now().Add(-time.Hour).Unix())
	kittest.Go(t, func(ctx context.Context) error {
		counted.Run(ctx, kittest.Log(t),
			counted.Gauge{Name: "tandem.old", Since: true, Read: since(hourAgo)},
			counted.Gauge{Name: "tandem.none", Since: true, Read: since(0)},
			counted.Gauge{Name: "tandem.ahead", Since: true, Read: since(hourAgo + 7200)},
		)
		return nil
	})
	kittest.Eventually(t, func() bool { return len(metrics()) == 3 }, "all are counted")
	told := metrics()
	require.GreaterOrEqual(t, told["tandem_old_seconds"], 3600.0)
	require.Zero(t, told["tandem_none_seconds"], "nothing waits")
	require.Zero(t, told["tandem_ahead_seconds"], "a clock that is behind makes no negative age")
}

func TestRowsAreCountedByOneColumnOrTwo(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	for query, want := range map[string]map[string]float64{
		`SELECT 3`: {"": 3},
		`SELECT 'big', 2 UNION ALL SELECT 'small', 1`: {"big": 2, "small": 1},
		`SELECT 'big', 2 WHERE 1 = 0`:                 {},
	} {
		got, err := counted.Rows(db, query)(kittest.All(t))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := counted.Rows(db, `SELECT nothing`)(kittest.All(t))
	require.ErrorContains(t, err, "count")
}

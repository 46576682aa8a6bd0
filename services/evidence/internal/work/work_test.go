package work_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/evidence/internal/work"
)

func TestSweeperWorksOnAfterAFailureAndWhenWoken(t *testing.T) {
	db := kittest.SQLite(t, "evidence", nil)
	var calls atomic.Int64
	sweep := func(context.Context) (int, error) {
		switch calls.Add(1) {
		case 1:
			return 1, nil // there may be more: at once again
		case 2:
			return 0, errors.New("the blob store is away")
		default:
			return 0, nil
		}
	}
	stop := kittest.Go(t, func(ctx context.Context) error { return work.RunSweeper(ctx, db, "topic", sweep, kittest.Log(t)) })
	kittest.Eventually(t, func() bool { return calls.Load() == 2 }, "the first batch is swept")
	db.Wake("topic")
	kittest.Eventually(t, func() bool { return calls.Load() == 3 }, "a call wakes it")
	stop()
}

func TestOnlyOneReplicaSweeps(t *testing.T) {
	db := kittest.SQLite(t, "evidence", nil)
	var first, second atomic.Int64
	count := func(n *atomic.Int64) work.Sweep {
		return func(context.Context) (int, error) { n.Add(1); return 0, nil }
	}
	stop := kittest.Go(t, func(ctx context.Context) error { return work.RunSweeper(ctx, db, "a", count(&first), kittest.Log(t)) })
	kittest.Eventually(t, func() bool { return first.Load() == 1 }, "the first one holds the lease")
	kittest.Go(t, func(ctx context.Context) error { return work.RunSweeper(ctx, db, "b", count(&second), kittest.Log(t)) })
	for n := range int64(3) {
		db.Wake("a")
		kittest.Eventually(t, func() bool { return first.Load() >= n+2 }, "the first one works")
	}
	require.Zero(t, second.Load())
	stop()
	kittest.Eventually(t, func() bool { return second.Load() == 1 }, "the other takes over")
}

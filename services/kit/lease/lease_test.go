package lease_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const ttl = 300 * time.Millisecond

// patient is how long a lease is for replicas of which none may ever be too late, however busy the machine is.
const patient = 4 * time.Second

func TestOfThreeReplicasExactlyOneWorks(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		var working, most, begun atomic.Int32
		work := func(ctx context.Context) error {
			begun.Add(1)
			most.Store(max(most.Load(), working.Add(1)))
			defer working.Add(-1)
			<-ctx.Done()
			return nil
		}
		stops := make([]func(), 3)
		for i := range stops {
			stops[i] = kittest.Go(t, func(ctx context.Context) error {
				err := lease.Run(ctx, db, "relay", "replica", patient, work)
				if ctx.Err() != nil {
					return nil
				}
				return err
			})
		}
		kittest.Eventually(t, func() bool { return working.Load() == 1 }, "one replica works")
		renewals := expiry(t, db)
		kittest.Eventually(t, func() bool { return expiry(t, db) > renewals+patient.Microseconds() }, "the lease is renewed past its first end")
		require.EqualValues(t, 1, begun.Load(), "nobody else began while it was renewed")
		for _, stop := range stops {
			stop() // whoever works stops, and gives the lease back
		}
		require.EqualValues(t, 1, most.Load(), "never two at once")
		require.Zero(t, expiry(t, db))
	})
}

func TestAnotherReplicaTakesOverFromOneThatDied(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		begin := make(chan struct{})
		now := time.Now()
		_, err := db.Exec(kittest.All(t), `INSERT INTO leases VALUES ('relay', 'the dead', $1)`, now.Add(ttl).UnixMicro())
		require.NoError(t, err)
		kittest.Go(t, func(ctx context.Context) error {
			err := lease.Run(ctx, db, "relay", "heir", ttl, func(ctx context.Context) error {
				close(begin)
				<-ctx.Done()
				return nil
			})
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		})
		<-begin
		require.GreaterOrEqual(t, time.Since(now), ttl-time.Millisecond, "not before it expired")
	})
}

func TestWorkEndsWhenTheLeaseIsLost(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		var begun, lost atomic.Int32
		kittest.Go(t, func(ctx context.Context) error {
			_ = lease.Run(ctx, db, "relay", "first", ttl, func(ctx context.Context) error {
				begun.Add(1)
				<-ctx.Done()
				if errors.Is(context.Cause(ctx), lease.ErrLost) {
					lost.Add(1)
				}
				return ctx.Err()
			})
			return nil
		})
		kittest.Eventually(t, func() bool { return begun.Load() > 0 }, "work begins")
		kittest.Eventually(t, func() bool {
			_, err := db.Exec(kittest.All(t), `UPDATE leases SET holder = 'thief'`)
			require.NoError(t, err)
			return lost.Load() > 0
		}, "work is told that the lease is lost")
		kittest.Eventually(t, func() bool { return begun.Load() > lost.Load() }, "and begins again when the thief's lease has expired")
	})
}

func TestTheResultOfTheWorkIsReturnedAndTheLeaseGivenBack(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		broken := errors.New("broken")
		for _, want := range []error{nil, broken} {
			err := lease.Run(kittest.All(t), db, "relay", "one", time.Minute, func(context.Context) error { return want })
			require.Equal(t, want, err)
		}
		require.Zero(t, expiry(t, db))
	})
}

func expiry(t *testing.T, db *sqldb.DB) (at int64) {
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT coalesce(max(expires_at), 0) FROM leases`).Scan(&at))
	return at
}

func TestALoneProcessNeedNotWaitForTheLeasesOfACrashedOne(t *testing.T) {
	kittest.Databases(t, "leases", nil, func(t *testing.T, db *sqldb.DB) {
		_, err := db.Exec(kittest.All(t), `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3)`,
			"work", "crashed", int64(1)<<60)
		require.NoError(t, err)
		require.NoError(t, lease.Clear(kittest.All(t), db))
		done := false
		require.NoError(t, lease.Run(kittest.All(t), db, "work", "here", time.Minute, func(context.Context) error {
			done = true
			return nil
		}))
		require.True(t, done)
	})
}

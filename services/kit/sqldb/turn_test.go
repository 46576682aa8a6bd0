package sqldb_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestOneAtATimeHasItsTurn(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		var inside, most atomic.Int32
		done := make(chan error, 8)
		for range cap(done) {
			go func() {
				done <- db.InTurn(kittest.All(t), "a test", func(ctx context.Context) error {
					most.Store(max(most.Load(), inside.Add(1)))
					defer inside.Add(-1)
					_, err := db.Conn(ctx).ExecContext(ctx, `SELECT count(*) FROM leases`)
					return err
				})
			}()
		}
		for range cap(done) {
			require.NoError(t, <-done)
		}
		require.EqualValues(t, 1, most.Load())

		broken := errors.New("broken")
		for range 2 {
			require.ErrorIs(t, db.InTurn(kittest.All(t), "a test", func(context.Context) error { return broken }), broken, "a turn that failed is over")
		}
	})
}

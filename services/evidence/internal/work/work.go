// Package work runs what goes on beside the calls: erasing contents that nothing uses
// any more. The rules are package artifact's; here is only when and where: one replica
// at a time, woken when evidence was withdrawn, and every minute for what other
// replicas and crashes left.
package work

import (
	"context"
	"log/slog"
	"time"

	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const (
	sweepEvery = time.Minute
	sweepLease = 30 * time.Second
)

// Sweep erases a batch and returns how many contents it erased.
type Sweep func(ctx context.Context) (int, error)

// RunSweeper sweeps until ctx ends.
func RunSweeper(ctx context.Context, db *sqldb.DB, topic string, sweep Sweep, log *slog.Logger) error {
	err := lease.Run(ctx, db, "contents-sweep", db.Schema(), sweepLease, func(ctx context.Context) error {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for ctx.Err() == nil {
			erased, err := sweep(ctx)
			if err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "contents not erased, trying again later", "error", err)
			}
			if erased > 0 {
				log.InfoContext(ctx, "erased contents that nothing uses", "count", erased)
				continue // there may be more
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			case <-db.Wakes(topic):
			}
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

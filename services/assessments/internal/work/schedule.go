package work

import (
	"context"
	"log/slog"
	"time"

	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

const (
	scheduleTTL   = 5 * time.Second
	scheduleEvery = 2 * time.Second // a window opens and closes this late at most
)

// RunSchedule opens and closes campaigns by their windows until ctx ends; a lease
// keeps it to one replica.
func RunSchedule(ctx context.Context, db *sqldb.DB, s *campaign.Schedule, log *slog.Logger) error {
	err := lease.Run(ctx, db, "schedule", db.Schema(), scheduleTTL, func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "windows of campaigns wait", "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(scheduleEvery):
			}
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

package badges

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// logPurpose is what the platform's key for the log is kept under.
const logPurpose = "log"

// openLog returns the public log and the task that writes it, in one replica at a time.
func openLog(ctx context.Context, d run.Deps, rows *store.Store, ring *issuer.Keyring) (*logbook.Book, run.Task, error) {
	signer, err := ring.Platform(ctx, logPurpose)
	if err != nil {
		return nil, run.Task{}, err
	}
	book, err := logbook.Open(ctx, rows, d.Blobs, signer, d.PublicURL, clock.NewAdjustable().Now)
	if err != nil {
		return nil, run.Task{}, err
	}
	writer, err := logbook.NewWriter(book, signer, d.Log)
	if err != nil {
		return nil, run.Task{}, err
	}
	return book, run.Task{Name: "log", Run: func(ctx context.Context) error {
		return lease.Run(ctx, d.DB, "log", holder(), leaseTTL, writer.Run)
	}}, nil
}

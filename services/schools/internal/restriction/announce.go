package restriction

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// again is how often everything is announced: how long a service that missed a
// change at worst does not know of it.
const again = 15 * time.Second

// Announcer tells all services what districts forbid.
type Announcer struct {
	Store Store
	// Publish tells all that a district forbids, and nothing else.
	Publish func(ctx context.Context, district string, all []Restriction) error
	// Complete tells that all districts have been published.
	Complete func(ctx context.Context) error
	Log      *slog.Logger

	one sync.Mutex // reads and publishes as one, so that an older list never follows a newer one
}

// district announces what a district forbids now. What fails is announced later
// by Run: the change itself is committed.
func (a *Announcer) district(ctx context.Context, name string) {
	if err := a.announce(ctx, name); err != nil && ctx.Err() == nil {
		a.Log.WarnContext(ctx, "restrictions not announced", "district", name, "error", err)
	}
}

func (a *Announcer) announce(ctx context.Context, name string) error {
	a.one.Lock()
	defer a.one.Unlock()
	all, err := a.Store.ListRestrictions(ctx, name, record.Range{})
	if err != nil {
		return err
	}
	return a.Publish(ctx, name, all)
}

// Everything announces all districts that ever forbade anything, each although others
// fail, and says so when all have been.
func (a *Announcer) Everything(ctx context.Context) error {
	names, err := a.Store.RestrictingDistricts(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		err = errors.Join(err, a.announce(ctx, name))
	}
	if err != nil {
		return err
	}
	return a.Complete(ctx)
}

// Run announces everything now and again, in real time, until ctx ends.
func (a *Announcer) Run(ctx context.Context) error {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		if err := a.Everything(ctx); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "restrictions not announced", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

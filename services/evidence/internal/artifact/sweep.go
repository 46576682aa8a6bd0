package artifact

import (
	"context"
	"errors"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	// arriveGrace is how long an upload may take before its content counts as left behind.
	arriveGrace = time.Hour
	sweepBatch  = 100
)

// Sweeper erases contents that nothing uses any more: neither accepted evidence of
// the district nor a manifest. One replica sweeps at a time.
type Sweeper struct {
	store    ContentStore
	contents Contents
	clock    clock.Clock
}

// NewSweeper returns a sweeper.
func NewSweeper(s ContentStore, c Contents, clk clock.Clock) *Sweeper {
	return &Sweeper{store: s, contents: c, clock: clk}
}

// Sweep looks at a batch of contents and returns how many it erased. One that
// cannot be erased now does not keep the others from it.
func (s *Sweeper) Sweep(ctx context.Context) (erased int, err error) {
	list, err := s.store.Sweepable(ctx, s.clock.Now().Add(-arriveGrace), sweepBatch)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, c := range list {
		gone, err := s.sweep(tenant.With(ctx, c.District), c)
		if err != nil {
			failed = append(failed, err)
		}
		if gone {
			erased++
		}
	}
	return erased, errors.Join(failed...)
}

// sweep marks before it erases: an upload of the same bytes either sees the mark and
// waits, or has changed the row before and is seen here.
func (s *Sweeper) sweep(ctx context.Context, c Content) (gone bool, err error) {
	if c.State != Erasing {
		if c, err = s.mark(ctx, c); err != nil || c.State != Erasing {
			return false, err
		}
	}
	if err := s.contents.Delete(ctx, c.Key()); err != nil {
		return false, err
	}
	err = s.store.ForgetContent(ctx, c)
	return err == nil, err
}

// mark decides by who uses the content now.
func (s *Sweeper) mark(ctx context.Context, c Content) (Content, error) {
	next := c
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		used, err := s.store.UsesContent(ctx, c.District, c.SHA256)
		if err != nil {
			return err
		}
		next.State, next.UpdateTime, next.Version = Erasing, s.clock.Now(), c.Version+1
		if used {
			next.State = Stored
		}
		return s.store.SaveContent(ctx, next)
	})
	if e, ok := problem.As(err); ok && e.Reason == problem.ReasonEtagStale {
		return c, nil // just used again: the next sweep looks anew
	}
	return next, err
}

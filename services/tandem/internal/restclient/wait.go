package restclient

import (
	"context"
	"fmt"
	"time"
)

// waitPause is the time between two looks at a condition.
const waitPause = 50 * time.Millisecond

// Wait looks until cond is true, fails, or the time is over; what it waited for
// is then in the error.
func Wait(ctx context.Context, within time.Duration, what string, cond func(ctx context.Context) (bool, error)) error {
	deadline := time.Now().Add(within)
	for {
		done, err := cond(ctx)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if done {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s in vain for %s", within, what)
		}
		if err := pause(ctx, waitPause); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

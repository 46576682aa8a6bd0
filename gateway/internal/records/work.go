package records

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	kept "github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const lookEvery = time.Second

// Worker carries out what is approved. What it has done it keeps after each
// service, so that another goes on where it stopped.
type Worker struct {
	Store   Store
	Keepers Keepers
	Clock   clock.Clock
	Log     *slog.Logger
	Wakes   <-chan struct{}
	// Forget removes the events of a district from the bus.
	Forget func(ctx context.Context, district string) error
	// Sign returns the certificate over its text.
	Sign func(text []byte) (string, error)
}

// Run works until ctx ends. What fails is tried again.
func (w *Worker) Run(ctx context.Context) error {
	ctx = tenant.Everything(audit.Work(ctx, "dispositions.run", ""), "dispositions of all districts are carried out by one worker")
	for ctx.Err() == nil {
		running, err := w.Store.RunningDispositions(ctx)
		for _, d := range running {
			if err == nil {
				err = w.carryOut(ctx, d)
			}
		}
		if err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "disposition waits", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-w.Wakes:
		case <-time.After(lookEvery):
		}
	}
	return nil
}

func (w *Worker) carryOut(ctx context.Context, d Disposition) error {
	for _, service := range w.Keepers.Services() {
		if slices.Contains(d.Done, service) {
			continue
		}
		lines, err := w.Keepers.Dispose(ctx, service, d)
		if err != nil {
			return err
		}
		if len(d.Done) == 0 {
			d.Lines = nil // of the plan
		}
		d.Lines, d.Done = append(d.Lines, lines...), append(d.Done, service)
		if err := w.save(ctx, &d); err != nil {
			return err
		}
	}
	if d.Kind == kept.District {
		if err := w.Forget(ctx, d.District()); err != nil {
			return err
		}
	}
	d.State, d.Completed = Completed, w.Clock.Now()
	text, err := Certificate(d)
	if err != nil {
		return err
	}
	if d.Certificate, err = w.Sign(text); err != nil {
		return err
	}
	return w.save(ctx, &d)
}

func (w *Worker) save(ctx context.Context, d *Disposition) error {
	d.Updated = w.Clock.Now()
	d.Version++
	return w.Store.UpdateDisposition(ctx, *d)
}

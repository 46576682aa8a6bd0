// Package demo fills a running instance with a demonstration state, through
// REST only, signed in as the people who would do it.
//
//	Build(seed, today) -> State: everything that is invented, nothing of it random
//	Load: State -> calls, stage by stage, in the order of the school years
//	LoadColorado: the public list of a real state's districts and schools
//
// Every id follows from the seed and the day of the first call, and every call
// is safe to repeat: a load that was interrupted goes on where it stopped. What
// the instance must look like afterwards is checked by the walkthrough and the
// tests of the whole; this package only knows what to say.
package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// States that can be loaded.
const (
	StateAspenRidge = "aspen-ridge"
	StateColorado   = "colorado"
)

// DefaultSeed is the seed when none is given.
const DefaultSeed = 1

// Options of a load.
type Options struct {
	URL   string    // of the instance
	Seed  uint64    // of everything invented
	Out   io.Writer // gets the progress
	Quiet bool      // say nothing when everything is there already
}

// Load fills the instance with the invented state, or goes on with a load that
// was interrupted.
func Load(ctx context.Context, opts Options) error {
	begun := time.Now()
	c := newCaller(restclient.New(opts.URL), opts.Seed)
	state, err := prepare(ctx, c, opts.Seed)
	if err != nil {
		return err
	}
	l := &loader{caller: c, state: state, report: newReport(opts.Out)}
	there, err := l.finished(ctx)
	if err != nil {
		return err
	}
	if there {
		if !opts.Quiet {
			l.report.line("The demonstration state is there already: %s.", state.summary())
		}
		return nil
	}
	if err := l.questionnaire(ctx); err != nil {
		return err
	}
	for _, stage := range l.stages() {
		if err := l.play(ctx, stage); err != nil {
			return fmt.Errorf("%s: %w", stage.title, err)
		}
	}
	l.report.line("Loaded %s in %.0f s.", state.summary(), time.Since(begun).Seconds())
	return nil
}

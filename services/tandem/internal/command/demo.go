package command

import (
	"context"
	"os"

	"github.com/tandem-badges/tandem/services/tandem/internal/demo"
)

// Demo loads demonstration data into a running instance.
type Demo struct {
	URL    string `name:"url" help:"Address of the running instance." default:"http://127.0.0.1:8080" placeholder:"URL"`
	State  string `help:"What to load (${enum}): aspen-ridge is an invented state of three districts with two years behind them; colorado is the public list of all districts and schools of a real one." enum:"aspen-ridge,colorado" default:"aspen-ridge"`
	Shared string `help:"Folder with data/colorado-schools-2024.csv, for --state colorado." default:"../shared" placeholder:"DIR"`
	Seed   uint64 `help:"Seed of everything that is invented: the same seed, the same state." default:"1"`

	// OnlyOnce says nothing when the state is there already: on every start but
	// the first.
	OnlyOnce bool `kong:"-"`
}

// Run loads through REST, as any client could, and prints what there is.
func (d *Demo) Run(ctx context.Context) error {
	opts := demo.Options{URL: d.URL, Seed: d.Seed, Out: os.Stdout, Quiet: d.OnlyOnce}
	if opts.Seed == 0 {
		opts.Seed = demo.DefaultSeed
	}
	if d.State == demo.StateColorado {
		return demo.LoadColorado(ctx, opts, d.Shared)
	}
	return demo.Load(ctx, opts)
}

package command

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// ownerOnly keeps whatever is written, families' answers among it, from other
// users of the machine.
const ownerOnly = 0o077

// Serve runs services until it is told to stop.
type Serve struct {
	app.ServeSettings
	Services []string `arg:"" optional:"" help:"What to run: all, schools, assessments, evidence, badges, gateway." enum:"all,schools,assessments,evidence,badges,gateway"`

	Demo        bool `help:"Load the demonstration state on the first start (development mode)."`
	Walkthrough bool `help:"Play the walkthrough once after the start (development mode)."`
}

// Run serves. What is written to standard output is for a person; the log is
// for machines and goes elsewhere.
func (s *Serve) Run(ctx context.Context, version Version) error {
	syscall.Umask(ownerOnly)
	log, logFile, err := openLog(s.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	if (s.Demo || s.Walkthrough) && !s.Dev {
		return fmt.Errorf("--demo and --walkthrough need development mode (--dev): they sign in as demo people")
	}
	platform, err := app.New(ctx, s.ServeSettings, s.Services, string(version), log)
	if err != nil {
		return err
	}
	if s.Dev && platform.Runs(app.Gateway) {
		platform.AddTask(run.Task{Name: "welcome", Run: func(ctx context.Context) error {
			return s.welcome(ctx, platform)
		}})
	}
	return platform.Run(ctx)
}

// welcome greets a developer: it waits until everything answers, loads and plays
// what was asked for, through the address it listens on, and says where to go. What goes wrong here ends the process: a demonstration
// that fails must not look as if it ran.
func (s *Serve) welcome(ctx context.Context, platform *app.App) error {
	if err := platform.WaitReady(ctx); err != nil {
		return err
	}
	if s.Demo {
		demo := Demo{URL: platform.LocalURL(), OnlyOnce: true}
		if err := demo.Run(ctx); err != nil {
			return fmt.Errorf("demonstration data: %w", err)
		}
	}
	if s.Walkthrough {
		play := Walkthrough{URL: platform.LocalURL(), Out: s.Data + "/walkthrough"}
		if err := play.Run(ctx); err != nil {
			return fmt.Errorf("walkthrough: %w", err)
		}
	}
	// Greeting is no reason to end: a service may have gone away meanwhile.
	if err := printWelcome(ctx, os.Stdout, platform.LocalURL()); err != nil {
		fmt.Fprintln(os.Stderr, "tandem: no welcome:", err)
	}
	return nil
}

// Package command holds the commands of the tandem program, one file each: a
// struct with its settings and a Run method that calls the package which does
// the work.
package command

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/kit/telemetry"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// ExitError ends the program with a code after the command has said everything
// itself.
type ExitError struct{ Code int }

// Error names the code.
func (e ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// CLI is the grammar of the program.
type CLI struct {
	Serve       Serve       `cmd:"" help:"Run all services and the gateway, or some of them."`
	Doctor      Doctor      `cmd:"" help:"Examine settings, dependencies, versions, clocks, migrations and keys, and say how to mend what is wrong."`
	Healthcheck Healthcheck `cmd:"" help:"Ask a process on this machine whether it lives, or whether it is ready to serve: for probes without a shell."`
	Migrate     Migrate     `cmd:"" help:"Bring the databases to the version of this program, and stop."`
	Demo        Demo        `cmd:"" help:"Load demonstration data into a running instance in development mode."`
	Walkthrough Walkthrough `cmd:"" help:"Play a school's year, from survey to badge, on a running instance in development mode."`
	Verify      Verify      `cmd:"" help:"Verify a badge: a file or an address."`
	Events      Events      `cmd:"" help:"Look at and replay events."`
	Token       Token       `cmd:"" help:"Make an access token with the gateway's key in the data folder: the operator's way in."`
	Keys        Keys        `cmd:"" help:"Look at the keys with which the parts of the platform prove themselves, and replace them."`
	Access      Access      `cmd:"" help:"Ask a running instance who can see and do what, and why."`
	Audit       Audit       `cmd:"" help:"Verify the audit log, and what published tables tell."`
	Disclosure  Disclosure  `cmd:"" help:"Publish tables of counts without telling about anybody."`
	Statistics  Statistics  `cmd:"" help:"Compute on a file what the platform computes on answers: means, shares, weights, reliability, comparisons."`
	Records     Records     `cmd:"" help:"Look at what was deleted."`
	Issuers     Issuers     `cmd:"" help:"Fetch the list of who issues badges, for verifying without a network."`
	Log         Log         `cmd:"" help:"Keep an eye on the public log of badges and keys."`
	ReadOnly    ReadOnly    `cmd:"" help:"Keep a whole installation from changing while it can be looked at."`
	Backup      Backup      `cmd:"" help:"Keep databases, streams and files elsewhere, as they are at one moment, beside the running services."`
	Restore     Restore     `cmd:"" help:"Bring a backup back into an empty installation."`
	Version     VersionCmd  `cmd:"" help:"Print the version, or everything about it."`
}

// openLog returns the logger of the settings and what to close at the end. Its
// level can be changed while the program runs.
func openLog(s app.LogSettings) (app.Log, io.Closer, error) {
	level := &slog.LevelVar{}
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return app.Log{}, nil, fmt.Errorf("--log-level: %w", err)
	}
	if s.LogFile == "" {
		return app.Log{Logger: telemetry.NewLogger(os.Stderr, level), Level: level}, io.NopCloser(nil), nil
	}
	if err := os.MkdirAll(filepath.Dir(s.LogFile), 0o700); err != nil {
		return app.Log{}, nil, fmt.Errorf("--log-file: %w", err)
	}
	file, err := os.OpenFile(s.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return app.Log{}, nil, fmt.Errorf("--log-file: %w", err)
	}
	return app.Log{Logger: telemetry.NewLogger(file, level), Level: level}, file, nil
}
